//! Holds the tables of docs/lifecycle.md to the rules: every row is performed, none is missing or one too many.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sancho_core::inspect::Action;
use sancho_core::job::{Bury, Retry};
use sancho_core::lifecycle::{Attempt, Decision, Failure, Outcome, Permitted, Policy, Verdict, decide, permits, place};
use sancho_core::retry::Backoff;
use sancho_core::{End, Payload, Place, QueueName, State, Timestamp};

const PAGE: &str = include_str!("../../../docs/lifecycle.md");
const DECIDE: &str = include_str!("../src/lifecycle/decide.rs");
const LIFECYCLE: &str = include_str!("../src/lifecycle.rs");
const INSPECT: &str = include_str!("../src/inspect.rs");

const NOW: Timestamp = Timestamp::from_unix_millis(1_795_214_970_500);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn the_states_are_those_of_the_code() {
    let listed: Vec<String> = table("States").rows.iter().map(|row| word(&row[0])).collect();
    let states: Vec<String> = STATES.iter().map(ToString::to_string).collect();
    assert_eq!(sorted(&listed), sorted(&states));
    assert_eq!(STATES.len(), variants(LIFECYCLE, "State").len(), "the test knows every state");
}

#[test]
fn each_row_of_a_new_job_is_what_place_says() {
    let mut times: BTreeMap<&str, Option<Timestamp>> = BTreeMap::from([
        ("no time", None),
        ("a time in the past", Some(NOW.before(HOUR))),
        ("the time that it is now", Some(NOW)),
        ("a time in the future", Some(NOW + Duration::from_micros(1))),
    ]);
    for row in table("A new job").rows {
        let at = times.remove(row[0].as_str()).unwrap_or_else(|| panic!("no case for the row {row:?}"));
        assert_eq!(place_words(&place(&queue(), at, NOW)), row[1], "{row:?}");
    }
    assert!(times.is_empty(), "the page has no row for {times:?}");
}

#[test]
fn each_row_of_an_outcome_is_what_decide_says() {
    let mut cases = cases();
    for row in table("A claim's outcome").rows {
        let key = (word(&row[0]), row[1].clone());
        let variants = cases.remove(&key).unwrap_or_else(|| panic!("no case for the row {key:?}"));
        for case in variants {
            assert_eq!(case.row(), row[2..], "{key:?} with {:?}", case.outcome);
        }
    }
    assert!(cases.is_empty(), "the page has no row for {:?}", cases.keys());
}

#[test]
fn each_outcome_of_the_code_has_a_row() {
    let listed: BTreeSet<String> = table("A claim's outcome").rows.iter().map(|row| word(&row[0])).collect();
    let mut expected: BTreeSet<String> = variants(DECIDE, "Outcome").into_iter().collect();
    assert!(expected.len() >= 12, "the source was read: {expected:?}");
    expected.insert("any".to_owned());
    assert_eq!(listed, expected);
}

#[test]
fn each_action_on_each_state_is_what_permits_says() {
    let table = table("A person");
    let listed: Vec<String> = table.rows.iter().map(|row| word(&row[0])).collect();
    assert_eq!(sorted(&listed), sorted(&variants(INSPECT, "Action")));
    let columns: Vec<String> = STATES.iter().map(ToString::to_string).collect();
    assert_eq!(table.head[1..], columns, "one column a state");
    for row in &table.rows {
        let action = action(&word(&row[0]));
        for (state, said) in STATES.iter().zip(&row[1..]) {
            let held = match permits(*state, &action) {
                Ok(Permitted::Enqueue) => "enqueued",
                Ok(Permitted::Bury) => "dead",
                Ok(Permitted::Remove) => "gone",
                Ok(Permitted::Wait { at }) if at == NOW => "waits",
                Ok(other) => panic!("a word is missing for {other:?}"),
                Err(_) => "–",
            };
            assert_eq!(held, said, "{action:?} on {state}");
        }
    }
}

const STATES: [State; 6] = [State::Enqueued, State::Busy, State::Scheduled, State::Retries, State::Dead, State::Held];

fn action(name: &str) -> Action {
    match name {
        "RunNow" => Action::RunNow,
        "Reschedule" => Action::Reschedule { at: NOW },
        "Kill" => Action::Kill,
        "Delete" => Action::Delete,
        "Cancel" => Action::Cancel,
        other => panic!("no case for the action {other}"),
    }
}

/// One claimed job and what came of it.
struct Case {
    payload: Payload,
    policy: Policy,
    outcome: Outcome,
}

impl Case {
    fn decision(&self) -> Decision {
        let queue = queue();
        let attempt = Attempt { payload: &self.payload, queue: &queue, policy: &self.policy };
        decide(attempt, self.outcome.clone(), NOW, 0.5)
    }

    /// The cells of its row, from the place on.
    fn row(&self) -> Vec<String> {
        let Decision { transition, verdict } = self.decision();
        let after = match transition.place {
            Place::Gone => None,
            _ => transition.payload.as_ref(),
        };
        let changed = after.map(|after| changed(&self.payload, after)).unwrap_or_default();
        let mut cells = vec![place_words(&transition.place), verdict_word(verdict).to_owned(), dash(changed.join(" "))];
        cells.extend([plus(transition.tally.processed), plus(transition.tally.failed)]);
        cells.push(after.map_or_else(|| "–".to_owned(), |after| count_words(&self.payload, after)));
        cells
    }
}

/// The cases of each row, named as the page names them.
fn cases() -> BTreeMap<(String, String), Vec<Case>> {
    let fresh = r#""retry":true"#;
    let failed_once = r#""retry":3,"retry_count":0,"failed_at":1795211370.5,"error_class":"Old","error_message":"old""#;
    let failed_out = r#""retry":3,"retry_count":2,"failed_at":1795211370.5,"error_class":"Old","error_message":"old""#;
    let with = |members: &str, more: &str| format!("{members},{more}");
    let fail = |members: &str, backoff: Backoff| case(members, Outcome::Failed(failure(backoff)));
    let orphan = |hours_ago: &[u32]| {
        let times: Vec<String> =
            hours_ago.iter().map(|hours| NOW.before(HOUR * *hours).as_unix_secs_f64().to_string()).collect();
        case(&with(fresh, &format!(r#""orphaned_at":[{}]"#, times.join(","))), Outcome::Orphaned)
    };
    let unknown = |ago: Duration| case(fresh, Outcome::UnknownClass { first_met: NOW.before(ago) });
    let day = HOUR * 24;
    let mut absent = case(r#""x":1"#, Outcome::Failed(failure(Backoff::Default)));
    absent.policy.retry = Retry::Default;

    let mut cases = BTreeMap::new();
    let mut row = |outcome: &str, when: &str, variants: Vec<Case>| {
        let again = cases.insert((outcome.to_owned(), when.to_owned()), variants);
        assert!(again.is_none(), "{outcome}, {when}: twice");
    };
    row("Done", "always", vec![case(fresh, Outcome::Done)]);
    row("Failed", "first failure, tries left", vec![fail(fresh, Backoff::Default)]);
    row("Failed", "later failure, tries left", vec![fail(failed_once, Backoff::Default)]);
    row(
        "Failed",
        "its back-off names a time",
        vec![fail(fresh, Backoff::After(HOUR)), fail(fresh, Backoff::At(NOW + HOUR))],
    );
    row(
        "Failed",
        "`retry_queue` names another queue",
        vec![fail(&with(fresh, r#""retry_queue":"slow""#), Backoff::Default)],
    );
    row(
        "Failed",
        "`retry_for` has not run out",
        vec![fail(&with(failed_out, r#""retry_for":3600"#), Backoff::Default)],
    );
    row("Failed", "`retry_for` has run out", vec![fail(&with(failed_once, r#""retry_for":3599"#), Backoff::Default)]);
    row("Failed", "no tries left", vec![fail(failed_out, Backoff::Default), fail(failed_out, Backoff::After(HOUR))]);
    row("Failed", "no tries left, `dead` is false", vec![fail(&with(failed_out, r#""dead":false"#), Backoff::Default)]);
    row("Failed", "`retry` is 0", vec![fail(r#""retry":0"#, Backoff::Default)]);
    row("Failed", "`retry` is false", vec![fail(r#""retry":false"#, Backoff::After(HOUR))]);
    row("Failed", "`retry` is absent, the class retries", vec![absent]);
    let mut window = fail(&format!("{},\"x\":1", failed_out.replacen("\"retry\":3,", "", 1)), Backoff::Default);
    (window.policy.retry, window.policy.retry_for) = (Retry::Limit(0), Some(HOUR));
    row("Failed", "`retry` is absent, the class has a window", vec![window]);
    let mut elsewhere = fail(fresh, Backoff::Default);
    elsewhere.policy.retry_queue = QueueName::new("slow").ok();
    row("Failed", "`retry_queue` is absent, the class has one", vec![elsewhere]);
    let mut unburied = fail(failed_out, Backoff::Default);
    unburied.policy.dead = Bury::No;
    row("Failed", "no tries left, `dead` is absent, the class is not kept", vec![unburied]);
    row("Failed", "`retry` is absent, the class does not", vec![fail(r#""x":1"#, Backoff::Default)]);
    row("Failed", "its back-off says kill", vec![fail(fresh, Backoff::Kill)]);
    row(
        "Failed",
        "its back-off says kill, `dead` is false",
        vec![fail(&with(fresh, r#""dead":false"#), Backoff::Kill)],
    );
    row("Failed", "its back-off says discard", vec![fail(fresh, Backoff::Discard)]);
    row("Snooze", "always", vec![case(&with(fresh, r#""enqueued_at":1795214970.1"#), Outcome::Snooze(HOUR))]);
    row("Discard", "always", vec![case(fresh, Outcome::Discard)]);
    row("Kill", "always", vec![case(fresh, Outcome::Kill(failure(Backoff::Default)))]);
    row("Interrupted", "always", vec![case(fresh, Outcome::Interrupted)]);
    row("Canceled", "always", vec![case(fresh, Outcome::Canceled)]);
    row("Orphaned", "first time", vec![case(fresh, Outcome::Orphaned)]);
    row("Orphaned", "second time within 72 hours", vec![orphan(&[1]), orphan(&[71])]);
    row("Orphaned", "third time within 72 hours", vec![orphan(&[2, 1]), orphan(&[71, 70])]);
    row("Orphaned", "third time, the first 72 hours ago", vec![orphan(&[72, 1]), orphan(&[100, 1])]);
    row("Expired", "always", vec![case(fresh, Outcome::Expired)]);
    row("Paused", "always", vec![case(fresh, Outcome::Paused)]);
    row("UnknownClass", "met less than a day ago", vec![unknown(Duration::ZERO), unknown(day - HOUR)]);
    row("UnknownClass", "met a day ago or longer", vec![unknown(day), unknown(day * 2)]);
    row("Unreadable", "always", vec![case(fresh, Outcome::Unreadable)]);
    row("any", "the payload cannot be read", every_outcome().into_iter().map(unreadable).collect());
    cases
}

fn every_outcome() -> Vec<Outcome> {
    let outcomes = vec![
        Outcome::Done,
        Outcome::Failed(failure(Backoff::Default)),
        Outcome::Snooze(HOUR),
        Outcome::Discard,
        Outcome::Kill(failure(Backoff::Default)),
        Outcome::Interrupted,
        Outcome::Canceled,
        Outcome::Orphaned,
        Outcome::Expired,
        Outcome::Paused,
        Outcome::UnknownClass { first_met: NOW },
        Outcome::Unreadable,
    ];
    assert_eq!(outcomes.len(), variants(DECIDE, "Outcome").len(), "every outcome is in the list");
    outcomes
}

fn case(members: &str, outcome: Outcome) -> Case {
    let text = format!(r#"{{"class":"Resize","args":[1],"queue":"default","jid":"j1",{members},"bid":"b1"}}"#);
    Case { payload: Payload::from_bytes(text.into_bytes()), policy: Policy::default(), outcome }
}

fn unreadable(outcome: Outcome) -> Case {
    Case { payload: Payload::from_bytes(b"{\"class\":\xff".to_vec()), policy: Policy::default(), outcome }
}

fn failure(backoff: Backoff) -> Failure {
    Failure { class: "Boom".into(), message: "it broke".into(), backoff, ..Failure::default() }
}

fn queue() -> QueueName {
    QueueName::default()
}

/// The names of the members that differ, were added or removed, in backticks and sorted.
fn changed(before: &Payload, after: &Payload) -> Vec<String> {
    let read = |payload: &Payload| -> BTreeMap<String, String> {
        let members = payload.members().expect("an object");
        members.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (before, after) = (read(before), read(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).map(|name| format!("`{name}`")).collect()
}

fn count_words(before: &Payload, after: &Payload) -> String {
    let count = |payload: &Payload| payload.envelope().expect("readable").retry_count();
    match (count(before), count(after)) {
        (before, after) if before == after => "–".to_owned(),
        (None, Some(count)) => count.to_string(),
        (Some(before), Some(after)) => format!("+{}", after - before),
        (Some(_), None) => "removed".to_owned(),
        (None, None) => "–".to_owned(),
    }
}

fn place_words(place: &Place) -> String {
    let words = match place {
        Place::Gone => "gone",
        Place::Queue { queue: to, end: End::Front } if *to == queue() => "the front of its queue",
        Place::Queue { queue: to, end: End::Back } if *to == queue() => "the back of its queue",
        Place::Scheduled { at } if *at > NOW => "scheduled",
        Place::Retries { at } if *at > NOW => "retries",
        Place::Dead => "dead",
        Place::Held { .. } => "held",
        other => panic!("a word is missing for {other:?}"),
    };
    words.to_owned()
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Retried { .. } => "retried",
        Verdict::Died => "died",
        Verdict::Postponed => "postponed",
        Verdict::Returned => "returned",
        Verdict::Dropped => "dropped",
        Verdict::Held => "held",
        other => panic!("a word is missing for {other:?}"),
    }
}

fn plus(count: u8) -> String {
    dash(if count == 0 { String::new() } else { format!("+{count}") })
}

fn dash(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

/// A cell without its backticks.
fn word(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

fn sorted(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    words.sort();
    words
}

struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The table under a heading of the page.
fn table(heading: &str) -> Table {
    let section = PAGE
        .split("\n## ")
        .find(|section| section.lines().next() == Some(heading))
        .unwrap_or_else(|| panic!("docs/lifecycle.md has no heading {heading:?}"));
    let mut lines = section.lines().filter(|line| line.starts_with('|')).map(|line| {
        let cells = line.trim().trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    });
    let head = lines.next().expect("a table has a head");
    let rows: Vec<Vec<String>> = lines.skip(1).collect();
    assert!(!rows.is_empty(), "the table under {heading:?} has rows");
    for row in &rows {
        assert_eq!(row.len(), head.len(), "{row:?} has a cell for each column");
    }
    Table { head, rows }
}

/// The names of an enum's variants, from its source.
fn variants(source: &str, name: &str) -> Vec<String> {
    let opening = format!("pub enum {name} {{\n");
    let body = source.split(&opening).nth(1).and_then(|rest| rest.split("\n}\n").next());
    let body = body.unwrap_or_else(|| panic!("the source has an enum {name}"));
    let variant = |line: &str| {
        let line = line.strip_prefix("    ")?;
        line.starts_with(|c: char| c.is_ascii_uppercase())
            .then(|| line.chars().take_while(char::is_ascii_alphanumeric).collect::<String>())
    };
    body.lines().filter_map(variant).collect()
}
