//! The rules in figures and bytes: how often, until when, and what stands in the payload afterwards.

use std::time::Duration;

use sancho_core::job::{Backtrace, Retry};
use sancho_core::lifecycle::{Attempt, Decision, Failure, Outcome, Policy, Verdict, decide};
use sancho_core::retry::{Backoff, sidekiq_delay};
use sancho_core::{End, Payload, Place, QueueName, Tally, Timestamp, WireTime, limits};

const NOW: Timestamp = Timestamp::from_unix_millis(1_795_214_970_500);
const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_job_is_tried_again_as_often_as_its_limit_says_and_then_dies() {
    for (retry, policy_retries, failures) in
        [("0", 25, 1), ("1", 25, 2), ("3", 25, 4), ("-5", 25, 1), ("true", 25, 26), ("true", 0, 1), ("\"yes\"", 2, 3)]
    {
        let policy = Policy { retries: policy_retries, ..Policy::default() };
        let mut payload = job(&format!(r#""retry":{retry}"#));
        let mut counts = Vec::new();
        loop {
            let decision = fail(&payload, &policy, Backoff::Default);
            payload = decision.transition.payload.expect("a failed job that is kept has its error");
            counts.push(payload.envelope().expect("readable").retry_count().expect("counted"));
            match decision.verdict {
                Verdict::Retried { retry_count, .. } => assert_eq!(Some(&retry_count), counts.last(), "retry: {retry}"),
                verdict => {
                    assert_eq!((verdict, decision.transition.place), (Verdict::Died, Place::Dead), "retry: {retry}");
                    break;
                }
            }
        }
        assert_eq!(counts, (0..failures).collect::<Vec<u32>>(), "retry: {retry}");
    }
}

#[test]
fn the_next_try_is_due_on_sidekiqs_curve() {
    for (members, retry_count) in [("", 0), (r#","retry_count":0"#, 1), (r#","retry_count":9"#, 10)] {
        for chance in [0.0, 0.25, 0.999] {
            let payload = job(&format!(r#""retry":true{members}"#));
            let decision = outcome(&payload, &Policy::default(), Outcome::Failed(failure(Backoff::Default)), chance);
            let at = NOW + sidekiq_delay(retry_count, chance);
            assert_eq!(decision.verdict, Verdict::Retried { at, retry_count });
            assert_eq!(decision.transition.place, Place::Retries { at });
        }
    }
}

#[test]
fn a_jobs_own_back_off_is_taken_as_it_is_whatever_chance_says() {
    for chance in [0.0, 0.5, 1.0] {
        let wanted = Duration::from_millis(1_250);
        let failed = Outcome::Failed(failure(Backoff::After(wanted)));
        let decision = outcome(&job(r#""retry":true"#), &Policy::default(), failed, chance);
        assert_eq!(decision.transition.place, Place::Retries { at: NOW + wanted });
    }
}

#[test]
fn a_back_off_gives_no_try_beyond_the_limit() {
    let payload = job(r#""retry":1,"retry_count":0"#);
    let decision = fail(&payload, &Policy::default(), Backoff::After(HOUR));
    assert_eq!(decision.transition.place, Place::Dead);
}

#[test]
fn an_absent_or_null_retry_is_what_the_class_says() {
    for members in [r#""x":1"#, r#""retry":null"#] {
        for (class_retry, verdict) in [(Retry::Never, "gone"), (Retry::Limit(0), "dead"), (Retry::Default, "retries")] {
            let policy = Policy { retry: class_retry, ..Policy::default() };
            let place = fail(&job(members), &policy, Backoff::Default).transition.place;
            assert_eq!(place.state().map_or("gone", |state| state.as_str()), verdict, "{members}, {class_retry:?}");
        }
    }
}

#[test]
fn what_the_payload_says_goes_before_what_the_class_says() {
    let policy = Policy { retry: Retry::Never, ..Policy::default() };
    let place = fail(&job(r#""retry":1"#), &policy, Backoff::Default).transition.place;
    assert!(matches!(place, Place::Retries { .. }), "{place:?}");
    let policy = Policy { retry: Retry::Default, ..Policy::default() };
    assert_eq!(fail(&job(r#""retry":false"#), &policy, Backoff::Default).transition.place, Place::Gone);
}

#[test]
fn the_window_of_a_class_holds_where_the_payload_says_neither_count_nor_window() {
    let policy = Policy { retry: Retry::Limit(0), retry_for: Some(HOUR), ..Policy::default() };
    for (members, verdict) in [
        (r#""x":1"#, "retries"),
        (r#""retry":null"#, "retries"),
        (r#""retry":0"#, "dead"),
        (r#""retry":1"#, "retries"),
        (r#""retry":9,"retry_count":8"#, "dead"),
        (r#""retry_for":60,"failed_at":1795214900.5"#, "dead"),
        (r#""failed_at":1795211370.5,"retry_count":90"#, "retries"),
        (r#""failed_at":1795211370.4,"retry_count":90"#, "dead"),
    ] {
        let place = fail(&job(members), &policy, Backoff::Default).transition.place;
        assert_eq!(place.state().map_or("gone", |state| state.as_str()), verdict, "{members}");
    }
}

#[test]
fn a_failure_that_says_when_it_was_is_decided_as_of_then() {
    let payload = job(r#""retry":true,"retry_for":10,"failed_at":1795214960.5"#);
    for (at, dies) in [(Some(NOW), false), (Some(NOW + Duration::from_micros(1)), true), (None, true)] {
        let failed = Outcome::Failed(Failure { at, ..failure(Backoff::After(HOUR)) });
        let queue = low();
        let attempt = Attempt { payload: &payload, queue: &queue, policy: &Policy::default() };
        let decision = decide(attempt, failed, NOW + HOUR, 0.0);
        assert_eq!(decision.verdict == Verdict::Died, dies, "{at:?}");
        if !dies {
            assert_eq!(
                decision.transition.place,
                Place::Retries { at: NOW + HOUR },
                "the wait counts from the failure"
            );
        }
    }
}

#[test]
fn a_try_at_a_time_is_then_and_one_in_the_past_at_once() {
    for (wanted, at) in [(NOW + HOUR, NOW + HOUR), (NOW, NOW), (NOW.before(HOUR), NOW)] {
        let place = fail(&job(r#""retry":true"#), &Policy::default(), Backoff::At(wanted)).transition.place;
        assert_eq!(place, Place::Retries { at });
    }
}

#[test]
fn a_window_counts_from_the_first_failure_and_its_last_instant_is_inside() {
    for (failed_at, retry, window, dies) in [
        ("", "true", 1, false),
        (r#","failed_at":1795214960.5"#, "true", 10, false),
        (r#","failed_at":1795214960.499"#, "true", 10, true),
        (r#","failed_at":1795214960500"#, "true", 10, false),
        (r#","failed_at":1795214960.5,"retry_count":400"#, "1", 10, false),
        (r#","failed_at":1795214960.5,"retry_count":400"#, "1", 9, true),
        // No window at all: the count holds.
        (r#","failed_at":1795214960.5,"retry_count":0"#, "1", 0, true),
    ] {
        let payload = job(&format!(r#""retry":{retry},"retry_for":{window}{failed_at}"#));
        let decision = fail(&payload, &Policy::default(), Backoff::Default);
        assert_eq!(decision.verdict == Verdict::Died, dies, "{}", payload.to_text_lossy());
    }
}

#[test]
fn dead_false_drops_what_is_exhausted_and_counts_it_all_the_same() {
    for dead in ["false", "true", "null", "0", "\"false\""] {
        let payload = job(&format!(r#""retry":0,"dead":{dead}"#));
        let decision = fail(&payload, &Policy::default(), Backoff::Default);
        let place = if dead == "false" { Place::Gone } else { Place::Dead };
        assert_eq!(decision.transition.place, place, "dead: {dead}");
        assert_eq!((decision.transition.tally, decision.verdict), (tally(1, 1), Verdict::Died), "dead: {dead}");
    }
}

#[test]
fn kill_and_discard_end_a_job_that_has_tries_left() {
    let payload = job(r#""retry":true"#);
    assert_eq!(fail(&payload, &Policy::default(), Backoff::Kill).transition.place, Place::Dead);
    let discarded = fail(&payload, &Policy::default(), Backoff::Discard);
    assert_eq!(discarded.transition.place, Place::Gone);
    assert_eq!((discarded.transition.tally, discarded.verdict), (tally(1, 1), Verdict::Died));
}

#[test]
fn the_first_two_orphanings_return_a_job_to_the_front_and_the_third_buries_it() {
    let mut payload = job(r#""retry":true"#);
    for round in 1..=3u32 {
        let now = NOW + HOUR * round;
        let decision = at(now, &payload, Outcome::Orphaned);
        payload = decision.transition.payload.expect("the orphaning is noted");
        let times = payload.envelope().expect("readable").orphaned_at();
        assert_eq!(times, (1..=round).map(|round| NOW + HOUR * round).collect::<Vec<_>>());
        if round < 3 {
            assert_eq!(decision.transition.place, Place::Queue { queue: low(), end: End::Front });
            assert_eq!((decision.transition.tally, decision.verdict), (tally(0, 0), Verdict::Returned));
        } else {
            assert_eq!(decision.transition.place, Place::Dead);
            assert_eq!((decision.transition.tally, decision.verdict), (tally(0, 1), Verdict::Died));
        }
    }
    let envelope = payload.envelope().expect("readable");
    assert_eq!(envelope.error_class().as_deref(), Some("Sancho::Poison"));
    assert_eq!(envelope.error_message().as_deref(), Some("3 processes died with this job in their hands"));
    assert_eq!((envelope.failed_at(), envelope.retry_count()), (Some(NOW + HOUR * 3), None));
}

#[test]
fn orphanings_of_more_than_72_hours_ago_are_forgotten() {
    let window = limits::ORPHAN_WINDOW;
    for (first, forgotten) in [
        (NOW.before(window), true),
        (NOW.before(window) + Duration::from_micros(1), false),
        (NOW.before(window * 9), true),
    ] {
        let list = format!("{},{}", WireTime::Seconds.write(first), WireTime::Seconds.write(NOW.before(HOUR)));
        let decision = at(NOW, &job(&format!(r#""retry":true,"orphaned_at":[{list}]"#)), Outcome::Orphaned);
        assert_eq!(decision.verdict == Verdict::Returned, forgotten, "{first:?}");
        let kept = decision.transition.payload.expect("noted").envelope().expect("readable").orphaned_at().len();
        assert_eq!(kept, if forgotten { 2 } else { 3 });
    }
}

#[test]
fn an_orphan_history_that_makes_no_sense_counts_as_none() {
    for history in ["7", "null", "\"x\"", "{}", "[null,\"x\"]"] {
        let decision = at(NOW, &job(&format!(r#""retry":true,"orphaned_at":{history}"#)), Outcome::Orphaned);
        assert_eq!(decision.verdict, Verdict::Returned, "{history}");
        let times = decision.transition.payload.expect("noted").envelope().expect("readable").orphaned_at();
        assert_eq!(times, [NOW], "{history}");
    }
}

#[test]
fn an_unknown_class_is_returned_unchanged_for_a_day_and_then_buried_unchanged() {
    let payload = job(r#""retry":true"#);
    let day = limits::UNKNOWN_CLASS_AFTER;
    for (first_met, place) in [
        (NOW, Place::Queue { queue: low(), end: End::Back }),
        (NOW + HOUR, Place::Queue { queue: low(), end: End::Back }),
        (NOW.before(day) + Duration::from_micros(1), Place::Queue { queue: low(), end: End::Back }),
        (NOW.before(day), Place::Dead),
    ] {
        let decision = at(NOW, &payload, Outcome::UnknownClass { first_met });
        assert_eq!(decision.transition.place, place, "{first_met:?}");
        assert_eq!((decision.transition.payload, decision.transition.tally), (None, tally(0, 0)), "{first_met:?}");
    }
}

#[test]
fn what_cannot_be_read_is_buried_as_it_is_whatever_came_of_it() {
    let deep = format!(r#"{{"class":"A","args":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    for bytes in [b"".as_slice(), b"[1]", b"{\"class\":7}", b"{\"class\":\"A\xff\"}", deep.as_bytes()] {
        let payload = Payload::from_bytes(bytes.to_vec());
        for outcome in [Outcome::Unreadable, Outcome::Orphaned, Outcome::Interrupted, Outcome::Done] {
            let decision = at(NOW, &payload, outcome);
            assert_eq!(decision.transition.place, Place::Dead, "{payload:?}");
            assert_eq!((decision.transition.payload, decision.transition.tally), (None, tally(0, 0)), "{payload:?}");
            assert_eq!(decision.verdict, Verdict::Died, "{payload:?}");
        }
    }
}

#[test]
fn what_is_interrupted_keeps_its_bytes_and_goes_to_the_front_of_the_queue_it_came_from() {
    let payload = Payload::from_bytes(br#" { "class" : "A", "queue":"another", "args":[ 1.0 ] } "#.to_vec());
    let decision = at(NOW, &payload, Outcome::Interrupted);
    assert_eq!(decision.transition.place, Place::Queue { queue: low(), end: End::Front });
    assert_eq!((decision.transition.payload, decision.transition.tally), (None, tally(0, 0)));
}

#[test]
fn a_failure_changes_its_own_members_and_leaves_every_other_as_it_is() {
    let before = r#"{"bid":"b1","class":"A","args":[12345678901234567890123,1.0,[]],"queue":"low","retry":true,"x":{"y":[]},"error_message":"old"}"#;
    let payload = Payload::from_bytes(before.as_bytes().to_vec());
    let decision = fail(&payload, &Policy::default(), Backoff::Default);
    assert_eq!(
        decision.transition.payload.expect("changed").to_text_lossy(),
        r#"{"bid":"b1","class":"A","args":[12345678901234567890123,1.0,[]],"queue":"low","retry":true,"x":{"y":[]},"error_message":"it broke","error_class":"Boom","retry_count":0,"failed_at":1795214970.5}"#
    );
}

#[test]
fn the_first_failure_is_dated_once_and_each_later_one_anew() {
    let first = fail(&job(r#""retry":true"#), &Policy::default(), Backoff::Default);
    let payload = first.transition.payload.expect("changed");
    let second = at(NOW + HOUR, &payload, Outcome::Failed(failure(Backoff::Default)));
    let third = at(NOW + HOUR * 2, &second.transition.payload.expect("changed"), Outcome::Failed(Failure::default()));
    let payload = third.transition.payload.expect("changed");
    let envelope = payload.envelope().expect("readable");
    assert_eq!((envelope.failed_at(), envelope.retried_at()), (Some(NOW), Some(NOW + HOUR * 2)));
}

#[test]
fn times_are_written_in_the_generation_that_is_configured() {
    for (wire, text) in
        [(WireTime::Seconds, r#""failed_at":1795214970.5}"#), (WireTime::Millis, r#""failed_at":1795214970500}"#)]
    {
        let policy = Policy { wire, ..Policy::default() };
        let payload = fail(&job(r#""retry":true"#), &policy, Backoff::Default).transition.payload.expect("changed");
        assert!(payload.to_text_lossy().ends_with(text), "{payload:?}");
    }
}

#[test]
fn a_long_error_message_is_cut_between_characters() {
    let long = Failure { message: "é".repeat(limits::ERROR_MESSAGE_CHARS_MAX + 1), ..failure(Backoff::Default) };
    let decision = at(NOW, &job(r#""retry":true"#), Outcome::Failed(long));
    let payload = decision.transition.payload.expect("changed");
    let message = payload.envelope().expect("readable").error_message().expect("kept").into_owned();
    assert_eq!(message, "é".repeat(limits::ERROR_MESSAGE_CHARS_MAX));
}

#[test]
fn as_many_lines_of_a_backtrace_are_kept_as_the_job_asks_for() {
    let lines: Vec<String> = (0..300).map(|line| format!("main.rs:{line}")).collect();
    for (members, class, kept) in [
        (r#""x":1"#, Backtrace::None, 0),
        (r#""x":1"#, Backtrace::Lines(3), 3),
        (r#""backtrace":false"#, Backtrace::All, 0),
        (r#""backtrace":5"#, Backtrace::None, 5),
        (r#""backtrace":true"#, Backtrace::None, limits::BACKTRACE_LINES_MAX),
        (r#""backtrace":4000000000"#, Backtrace::None, limits::BACKTRACE_LINES_MAX),
    ] {
        let policy = Policy { backtrace: class, ..Policy::default() };
        let failed = Outcome::Failed(Failure { backtrace: lines.clone(), ..failure(Backoff::Default) });
        let payload = job(&format!(r#""retry":true,{members}"#));
        let payload = outcome(&payload, &policy, failed, 0.0).transition.payload.expect("changed");
        assert_eq!(payload.envelope().expect("readable").error_backtrace(), lines[..kept], "{members}, {class:?}");
    }
}

#[test]
fn a_retry_goes_to_its_retry_queue_and_otherwise_to_the_queue_it_was_claimed_from() {
    for (members, queue) in [
        (r#""queue":"stale""#, "low"),
        (r#""queue":"stale","retry_queue":"slow""#, "slow"),
        (r#""queue":"stale","retry_queue":"""#, "low"),
    ] {
        let payload = job(&format!(r#""retry":true,{members}"#));
        let payload = fail(&payload, &Policy::default(), Backoff::Default).transition.payload.expect("changed");
        assert_eq!(payload.envelope().expect("readable").queue(), QueueName::new(queue).ok(), "{members}");
    }
}

#[test]
fn a_snooze_waits_without_a_failure_and_comes_back_to_its_queue() {
    let payload = job(r#""retry":true,"queue":"stale","enqueued_at":1795214970.1,"retry_count":4"#);
    let decision = at(NOW, &payload, Outcome::Snooze(HOUR));
    assert_eq!(decision.transition.place, Place::Scheduled { at: NOW + HOUR });
    assert_eq!((decision.transition.tally, decision.verdict), (tally(1, 0), Verdict::Postponed));
    assert_eq!(
        decision.transition.payload.expect("changed").to_text_lossy(),
        r#"{"class":"Resize","args":[1],"retry":true,"queue":"low","retry_count":4}"#
    );
}

#[test]
fn a_kill_keeps_its_reason_and_counts_no_failure() {
    let killed = at(NOW, &job(r#""retry":true,"retry_count":2"#), Outcome::Kill(failure(Backoff::Default)));
    assert_eq!((killed.transition.place, killed.transition.tally), (Place::Dead, tally(1, 0)));
    let payload = killed.transition.payload.expect("changed");
    let envelope = payload.envelope().expect("readable");
    assert_eq!((envelope.error_message().as_deref(), envelope.retry_count()), (Some("it broke"), Some(2)));
}

#[test]
fn a_paused_class_holds_its_jobs_and_says_so() {
    let decision = at(NOW, &job(r#""retry":true"#), Outcome::Paused);
    assert_eq!(decision.transition.place, Place::Held { reason: "class Resize is paused".into() });
    assert_eq!((decision.transition.payload, decision.transition.tally), (None, tally(0, 0)));
}

fn job(members: &str) -> Payload {
    Payload::from_bytes(format!(r#"{{"class":"Resize","args":[1],{members}}}"#).into_bytes())
}

fn failure(backoff: Backoff) -> Failure {
    Failure { class: "Boom".into(), message: "it broke".into(), backoff, ..Failure::default() }
}

fn low() -> QueueName {
    QueueName::new("low").expect("a name")
}

fn tally(processed: u8, failed: u8) -> Tally {
    Tally { processed, failed }
}

fn fail(payload: &Payload, policy: &Policy, backoff: Backoff) -> Decision {
    outcome(payload, policy, Outcome::Failed(failure(backoff)), 0.5)
}

fn outcome(payload: &Payload, policy: &Policy, outcome: Outcome, chance: f64) -> Decision {
    decide(Attempt { payload, queue: &low(), policy }, outcome, NOW, chance)
}

fn at(now: Timestamp, payload: &Payload, outcome: Outcome) -> Decision {
    decide(Attempt { payload, queue: &low(), policy: &Policy::default() }, outcome, now, 0.5)
}
