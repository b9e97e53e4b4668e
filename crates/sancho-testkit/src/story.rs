//! The sequel to what an older build left behind: `fixtures/tell.rs` left a store in the middle of its work, and the
//! build at hand takes it from there. Nothing may be lost, and nothing may have another meaning than it had.

use sancho_core::claim::Repeated;
use sancho_core::{
    Action, Claim, JobRow, Order, Pausable, Place, Pushed, Selection, Set, SettleAnswer, Standing, State, Stats, Tally,
};

use crate::factory::{jid_of, job, key, queue};
use crate::stage::{Stage, at, claimed, front, name_of, performed, request, settlement};

/// The number of the older process's first claim that it still holds, and how many it holds.
const HELD_FROM: u64 = 5;
const HELD: usize = 2;

/// Bytes that this build cannot read.
const TORN: &[u8] = b"{\"class\":\"Torn\",\"args\":[1";

/// Members that this build does not know, and numbers that it could not write itself.
const UNKNOWN: &str = r#""args":[{},[],12345678901234567890,1.0e2]"#;
const UNKNOWN_TOO: &str = r#""x_later":{"b":[],"a":{}},"x_number":1e400}"#;

/// Takes over from an older build, and performs everything. The store is at rest then, but for `Torn`, which is dead.
///
/// # Panics
/// When anything is not as the older build left it, or does not go on as it should.
pub async fn go_on(stage: &Stage) {
    look(stage).await;
    the_older_process_goes_on(stage).await;
    keys_hold(stage).await;
    what_is_paused_waits(stage).await;
    what_was_ready_is_performed(stage).await;
    what_was_in_flight_is_taken_over(stage).await;
    what_waited_comes(stage).await;
    what_was_put_away_runs(stage).await;
    nothing_is_left(stage).await;
}

async fn look(stage: &Stage) {
    let stats = stage.stats(13).await;
    let wanted = Stats {
        processed: 4,
        failed: 2,
        busy: 2,
        enqueued: 7,
        scheduled: 2,
        retries: 1,
        dead: 1,
        held: 1,
        processes: 1,
    };
    assert_eq!(stats, wanted);
    let today = stage.inspect.history(1, at(13)).await.expect("history");
    assert_eq!((today[0].processed, today[0].failed), (4, 2));
    assert_eq!(stage.queued("default").await, ["Plain", "Keyed", "Future", "Foreign", &String::from_utf8_lossy(TORN)]);
    let processes = stage.inspect.processes(at(13)).await.expect("processes");
    let shown: Vec<_> = processes.iter().map(|it| (it.info.incarnation.as_str(), it.info.hostname.as_str())).collect();
    assert_eq!(shown, [("old", "bench")]);
    let busy: Vec<String> = stage.rows(Set::Busy).await.iter().map(|row: &JobRow| name_of(&row.payload)).collect();
    assert_eq!(busy.len(), HELD, "{busy:?}");
}

/// The older process beats, hears its orders, gets an answer again that it did not hear, and settles.
async fn the_older_process_goes_on(stage: &Stage) {
    let answer = stage.still_here("old", &[], 14).await;
    assert_eq!((answer.standing, answer.orders), (Standing::Good, vec![Order::Quiet]));
    let mut again = request("old", HELD_FROM, HELD, &["default"]);
    again.repeated = Repeated::Yes;
    let claims = stage.exchange(&[], Some(&again), 14).await.claims;
    assert_eq!(claimed(&claims), ["Busy", "BusyToo"]);
    assert_eq!(claims[0].checkpoint.as_deref(), Some(&b"half"[..]));
    assert_eq!(stage.done(&claims[1], 15).await, SettleAnswer::Settled);
    assert_eq!(stage.done(&claims[1], 15).await, SettleAnswer::AlreadySettled);

    stage.hello("new", 15).await;
    let early = stage.take_over("new", 10, 15).await;
    assert!(early.claims.is_empty() && early.ended.is_empty(), "the older process lives: {early:?}");
}

async fn keys_hold(stage: &Stage) {
    for (name, holder, state) in
        [("busy", "Busy", State::Busy), ("ready", "Keyed", State::Enqueued), ("later", "Later", State::Scheduled)]
    {
        let pushed = stage.push([job(&format!("Another of {name}")).key(name)], 15).await;
        let kept = Pushed::Kept { holder: jid_of(holder), state };
        assert_eq!(pushed, [kept], "{name}");
    }
    let canceled = stage.apply(Action::Cancel, Selection::Key(key("never")), 10, 15).await;
    assert_eq!(canceled.done, 1);
    assert_eq!(stage.state("Never").await, None);
}

async fn what_is_paused_waits(stage: &Stage) {
    assert!(stage.claim("new", 1, &["closed"], 16).await.is_empty());
    let paused = stage.still_here("new", &[], 16).await.paused_classes;
    assert_eq!(paused, ["Stopped"]);
    stage.inspect.resume(&Pausable::Queue(queue("closed")), at(16)).await.expect("resume");
    perform(stage, &["closed"], &["Closed"], 16).await;
    let met = stage.store.meet_unknown(&[("Mystery".to_owned(), queue("default"))], at(16)).await;
    assert_eq!(met.expect("meet_unknown"), [at(12)], "an unknown class was met before");
}

async fn what_was_ready_is_performed(stage: &Stage) {
    let repeated = stage.push([job("Plain").args("[1,2.5]")], 16).await;
    assert_eq!(repeated, [Pushed::Repeated]);
    let claims = stage.claim("new", 10, &["default", "low"], 17).await;
    let torn = String::from_utf8_lossy(TORN);
    assert_eq!(claimed(&claims), ["Plain", "Keyed", "Future", "Foreign", &torn, "Low"]);
    let future = claims[2].payload.to_text_lossy();
    assert!(future.contains(UNKNOWN) && future.ends_with(UNKNOWN_TOO), "{future}");
    assert_eq!(claims[4].payload.as_bytes(), TORN);

    let settled = claims.iter().map(|claim| match claim.payload.envelope() {
        Ok(_) => performed(claim),
        Err(_) => settlement(claim, Place::Dead),
    });
    assert_eq!(stage.settle_all(settled.collect(), 18).await, [SettleAnswer::Settled; 6]);
    assert_eq!(stage.holder("ready").await, None);
}

async fn what_was_in_flight_is_taken_over(stage: &Stage) {
    stage.still_here("new", &[], 40).await;
    let taken = stage.take_over("new", 10, 40).await;
    assert_eq!(taken.ended.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["old"]);
    assert_eq!(claimed(&taken.claims), ["Busy"]);
    assert_eq!(taken.claims[0].checkpoint.as_deref(), Some(&b"half"[..]));
    stage.settle(&taken.claims[0], front("default"), 40).await;
    assert_eq!(stage.holder("busy").await.as_deref(), Some("Busy"));
    perform(stage, &["default"], &["Busy"], 41).await;
    assert_eq!(stage.holder("busy").await, None);
}

async fn what_waited_comes(stage: &Stage) {
    for (time, name) in [(500, "Failing"), (1_000, "Later")] {
        stage.promote(time - 1).await;
        assert!(stage.queued("default").await.is_empty(), "{name} is early");
        stage.promote(time).await;
        stage.hello("new", time).await;
        perform(stage, &["default"], &[name], time).await;
    }
    assert_eq!(stage.holder("later").await, None);
}

async fn what_was_put_away_runs(stage: &Stage) {
    for name in ["Buried", "Kept"] {
        assert_eq!(stage.act(Action::RunNow, name, 1_001).await.done, 1, "{name}");
    }
    assert_eq!(stage.holder("buried").await.as_deref(), Some("Buried"), "a dead job takes its key again");
    perform(stage, &["default"], &["Buried", "Kept"], 1_002).await;
}

async fn nothing_is_left(stage: &Stage) {
    stage.store.retire(&sancho_core::Incarnation::new("new"), at(1_003)).await.expect("retire");
    // Of the fourteen jobs that were there one was canceled, and nobody can read `Torn`.
    assert_eq!(stage.stats(1_003).await, Stats { processed: 16, failed: 2, dead: 1, ..Stats::default() });
    // Ends are made as they were before: a new job fails, waits, comes again and is done.
    stage.hello("newest", 1_004).await;
    stage.push([job("Anew").key("busy")], 1_004).await;
    let claim: Claim = stage.claim("newest", 1, &["default"], 1_005).await.pop().expect("a job is ready");
    let mut failed = settlement(&claim, Place::Retries { at: at(1_010) });
    failed.transition.tally = Tally { processed: 1, failed: 1 };
    stage.settle_all(vec![failed], 1_006).await;
    stage.promote(1_010).await;
    perform_as(stage, "newest", &["default"], &["Anew"], 1_011).await;
}

/// Claims what is ready, which is this, and performs it.
async fn perform(stage: &Stage, queues: &[&str], names: &[&str], now: i64) {
    perform_as(stage, "new", queues, names, now).await;
}

async fn perform_as(stage: &Stage, who: &str, queues: &[&str], names: &[&str], now: i64) {
    let claims = stage.claim(who, 10, queues, now).await;
    assert_eq!(claimed(&claims), names);
    for claim in &claims {
        assert_eq!(stage.done(claim, now).await, SettleAnswer::Settled);
    }
}
