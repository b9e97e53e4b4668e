//! Pushes one job after another, as a client does that does not give up, and checks what came of them.

use std::collections::HashMap;
use std::time::Duration;

use redis::Commands;
use sancho_core::{ErrorKind, Payload, Pushed, Store, StoreError};
use sancho_redis::RedisStore;
use sancho_testkit::{at, jid_of, job};

use crate::raw::raw;

/// How often a push is repeated before the test gives up, and what lies between two tries.
const TRIES_MAX: usize = 10_000;
const TRY_EVERY: Duration = Duration::from_millis(5);

/// Pushes until it is acknowledged; the failures on the way.
///
/// # Panics
/// On a failure that is no outage, and when it never is.
pub(crate) async fn push_surely(store: &RedisStore, name: &str) -> Vec<StoreError> {
    let mut failures = Vec::new();
    let jobs = [job(name).build()];
    for _ in 0..TRIES_MAX {
        match store.push(&jobs, at(0)).await {
            Ok(pushed) => {
                assert!(matches!(pushed[..], [Pushed::Added | Pushed::Repeated]), "{pushed:?}");
                return failures;
            }
            Err(error) => {
                let outage = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::OutcomeUnknown);
                assert!(outage, "{name}: {:?}: {error}", error.kind);
                failures.push(error);
            }
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
    panic!("{name} was never acknowledged; the last failure: {:?}", failures.pop());
}

/// Checks that the jobs `0..count` are in the queue `default`, each of them once.
pub(crate) fn each_is_there_once(url: &str, count: usize) {
    let mut redis = raw(url);
    let bytes: Vec<Vec<u8>> = redis.lrange("queue:default", 0, -1).expect("a list");
    let mut seen: HashMap<String, usize> = HashMap::new();
    for bytes in bytes {
        let payload = Payload::from_bytes(bytes);
        let jid = payload.envelope().expect("a job").jid().expect("it has an id");
        *seen.entry(jid.to_string()).or_default() += 1;
    }
    for number in 0..count {
        let times = seen.remove(jid_of(&number.to_string()).as_str());
        assert_eq!(times, Some(1), "job {number} of {count} is there once");
    }
    assert!(seen.is_empty(), "nothing else is there: {seen:?}");
}
