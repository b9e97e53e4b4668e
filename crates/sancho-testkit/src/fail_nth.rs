//! The life of a few jobs while the Nth call of the store fails, for every N.
//!
//! The script repeats a failed call as its error asks, and counts at the end: every job was performed once, or
//! is in exactly one place.

use std::collections::BTreeMap;
use std::sync::Arc;

use sancho_core::claim::Repeated;
use sancho_core::{
    Claim, ErrorKind, Exchanged, Greeting, Place, Pushed, SettleAnswer, Settlement, State, Tally, limits,
};

use crate::conformance::{Factory, stage};
use crate::factory::job;
use crate::faulty::{Fault, FaultyStore};
use crate::stage::{Stage, at, beat, name_of, performed, request, settlement};

const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// How often a call is repeated at most: one fault is repeated once.
const TRIES: usize = 3;

/// Runs the script with each of its calls failing once, in both ways; answers how many runs there were.
///
/// # Panics
/// When a job is lost, performed twice, or miscounted.
pub async fn fail_every_call(factory: &dyn Factory) -> usize {
    let mut runs = 0;
    for fault in [Fault::Before, Fault::After] {
        for fails_at in 1.. {
            let inner = stage(factory).await;
            let faulty = Arc::new(FaultyStore::new(Arc::clone(&inner.store), fault, fails_at));
            let bench = inner.with_store(Arc::clone(&faulty) as Arc<dyn sancho_core::Store>);
            let performed = live(&bench).await;
            count(&inner, &performed, fault, fails_at).await;
            runs += 1;
            if faulty.calls() < fails_at {
                break;
            }
        }
    }
    println!("fail nth: {} {runs} runs", factory.name());
    runs
}

/// Push, claim, fail, retry, promote, claim, finish: answers how often each job was settled as performed.
async fn live(s: &Stage) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    push(s).await;
    hello(s).await;
    let first = exchange(s, Vec::new(), 4, 1).await.claims;
    assert_eq!(first.len(), 4, "the first four jobs are claimed");
    // The first two are performed, the third fails, the fourth goes back; two more are claimed in the same call.
    let mut settlements: Vec<Settlement> = first[..2].iter().map(performed).collect();
    settlements.push(settlement(&first[2], Place::Retries { at: at(30) }));
    settlements[2].transition.tally = Tally { processed: 1, failed: 1 };
    settlements.push(settlement(&first[3], crate::stage::front("default")));
    let exchanged = exchange(s, settlements, 2, 2).await;
    note(&mut times, &first[..2], &exchanged.answers[..2]);
    finish(s, &mut times, exchanged.claims, 3).await;
    promote(s, 31).await;
    let rest = exchange(s, Vec::new(), 2, 32).await.claims;
    finish(s, &mut times, rest, 33).await;
    times
}

async fn finish(s: &Stage, times: &mut BTreeMap<String, usize>, claims: Vec<Claim>, now: i64) {
    let answers = exchange(s, claims.iter().map(performed).collect(), 0, now).await.answers;
    note(times, &claims, &answers);
}

fn note(times: &mut BTreeMap<String, usize>, claims: &[Claim], answers: &[SettleAnswer]) {
    for (claim, answer) in claims.iter().zip(answers) {
        assert_ne!(*answer, SettleAnswer::Lost, "nobody else has {claim:?}");
        *times.entry(name_of(&claim.payload)).or_default() += 1;
    }
}

/// Whether a failed call is to be repeated as it is, and whether it may have happened.
fn repeat(kind: ErrorKind) -> Repeated {
    match kind {
        ErrorKind::Unavailable => Repeated::No,
        ErrorKind::OutcomeUnknown => Repeated::Yes,
        other => panic!("no fault is {other:?}"),
    }
}

async fn push(s: &Stage) {
    let jobs: Vec<_> = NAMES.iter().map(|name| job(name).build()).collect();
    for _ in 0..TRIES {
        match s.store.push(&jobs, at(0)).await {
            Ok(answers) => {
                let alike = answers.iter().all(|answer| *answer == answers[0]);
                assert!(alike && [Pushed::Added, Pushed::Repeated].contains(&answers[0]), "{answers:?}");
                return;
            }
            Err(error) => _ = repeat(error.kind),
        }
    }
    panic!("one fault is repeated once");
}

async fn hello(s: &Stage) {
    let hello = beat("p", Greeting::Hello);
    for _ in 0..TRIES {
        match s.store.beat(&hello, at(0)).await {
            Ok(_) => return,
            Err(error) => _ = repeat(error.kind),
        }
    }
    panic!("one fault is repeated once");
}

async fn promote(s: &Stage, now: i64) {
    for _ in 0..TRIES {
        match s.store.promote(limits::JOBS_PER_MOVE_MAX, at(now)).await {
            Ok(_) => return,
            Err(error) => _ = repeat(error.kind),
        }
    }
    panic!("one fault is repeated once");
}

/// Settles, and claims `limit` jobs unless that is zero.
async fn exchange(s: &Stage, settlements: Vec<Settlement>, limit: usize, now: i64) -> Exchanged {
    let mut request = request("p", s.numbers(limit), limit, &["default"]);
    for _ in 0..TRIES {
        let claim = (limit > 0).then_some(&request);
        match s.store.exchange(&settlements, claim, at(now)).await {
            Ok(exchanged) => return exchanged,
            Err(error) => request.repeated = repeat(error.kind),
        }
    }
    panic!("one fault is repeated once");
}

async fn count(s: &Stage, performed: &BTreeMap<String, usize>, fault: Fault, fails_at: u64) {
    for name in NAMES {
        let times = performed.get(name).copied().unwrap_or(0);
        let state = s.state(name).await;
        let want = if times == 1 { None } else { Some(State::Enqueued) };
        assert!(times <= 1 && state == want, "{name}: performed {times} times and {state:?}, {fault:?} {fails_at}");
    }
    let done: usize = performed.values().sum();
    let queued = s.queued("default").await;
    let stats = s.stats(40).await;
    assert_eq!(done + queued.len(), NAMES.len(), "{performed:?} and {queued:?}, {fault:?} {fails_at}");
    assert_eq!((stats.busy, stats.retries, stats.dead), (0, 0, 0), "{fault:?} {fails_at}");
    // Each job that is done counts once, and the one that failed once more.
    assert_eq!((stats.processed, stats.failed), (done as u64 + 1, 1), "{fault:?} {fails_at}");
}
