//! Many tasks that claim from one store and settle, at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::conformance::{Factory, stage};
use crate::factory::job;
use crate::stage::{Stage, name_of, performed};

/// How often each job was performed, and which are in somebody's hands now.
#[derive(Debug, Default)]
struct Ledger {
    performed: BTreeMap<String, usize>,
    in_hand: BTreeMap<String, String>,
}

/// Has `tasks` processes drain `jobs` jobs, each a few at a time.
///
/// # Panics
/// When two processes have one job at once, or a job is not performed exactly once.
pub async fn drain(factory: &dyn Factory, tasks: usize, jobs: usize) {
    let s = stage(factory).await;
    let names: Vec<String> = (0..jobs).map(|n| format!("J{n}")).collect();
    for batch in names.chunks(500) {
        s.push(batch.iter().map(|name| job(name)), 0).await;
    }
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let drains: Vec<_> = (0..tasks)
        .map(|task| tokio::spawn(drain_as(s.clone(), format!("p{task:02}"), 1 + task % 4, Arc::clone(&ledger))))
        .collect();
    for one in drains {
        one.await.expect("no task saw a job in two hands");
    }
    note(&ledger, |ledger| {
        assert_eq!(ledger.performed.len(), jobs, "every job is performed");
        assert!(ledger.performed.values().all(|times| *times == 1), "no job is performed twice");
    });
    let stats = s.stats(2).await;
    assert_eq!((stats.processed, stats.enqueued, stats.busy), (jobs as u64, 0, 0));
    println!("contention: {} {tasks} tasks, {jobs} jobs, each performed once", factory.name());
}

async fn drain_as(s: Stage, who: String, slots: usize, ledger: Arc<Mutex<Ledger>>) {
    s.hello(&who, 0).await;
    loop {
        let claims = s.claim(&who, slots, &["default"], 1).await;
        if claims.is_empty() {
            return;
        }
        note(&ledger, |ledger| {
            for claim in &claims {
                let before = ledger.in_hand.insert(name_of(&claim.payload), who.clone());
                assert_eq!(before, None, "{who} was given a job that another has");
            }
        });
        tokio::task::yield_now().await;
        // Out of hand first: as soon as it is settled, nobody may have it, but nobody has to wait for the ledger.
        note(&ledger, |ledger| {
            for claim in &claims {
                let name = name_of(&claim.payload);
                ledger.in_hand.remove(&name);
                *ledger.performed.entry(name).or_default() += 1;
            }
        });
        s.settle_all(claims.iter().map(performed).collect(), 1).await;
    }
}

fn note(ledger: &Mutex<Ledger>, note: impl FnOnce(&mut Ledger)) {
    note(&mut ledger.lock().expect("no task panicked while it wrote"));
}
