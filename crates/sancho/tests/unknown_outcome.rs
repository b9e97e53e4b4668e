//! A push whose outcome is unknown is repeated once, under the same ids.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use sancho::core::model::ModelStore;
use sancho::testing::waiting;
use sancho::{Client, ErrorKind, PushError, Pushed, Raw};
use sancho_testkit::{Fault, FaultyStore};

/// A client of an empty model whose first pushes fail as told; later ones succeed.
fn flaky(faults: impl IntoIterator<Item = Fault>) -> (Client, Arc<FaultyStore>) {
    let faults: Mutex<VecDeque<Fault>> = Mutex::new(faults.into_iter().collect());
    let model = ModelStore::new();
    let next = move |call: sancho_testkit::Call| match call.op {
        "push" => faults.lock().expect("no test has failed under it").pop_front(),
        _ => None,
    };
    let store = Arc::new(FaultyStore::new(Arc::new(model.clone()), next));
    (Client::new(store.clone(), Arc::new(model)), store)
}

#[tokio::test]
async fn a_push_that_was_done_is_not_done_twice() {
    let (client, store) = flaky([Fault::After(ErrorKind::OutcomeUnknown)]);
    let pushed = client.push(Raw::new("A", [1])).await.expect("pushed");
    assert_eq!(pushed.answer, Pushed::Repeated);
    assert_eq!(store.calls(), 2);
    assert_eq!(waiting(&client).await.expect("answered").len(), 1);
}

#[tokio::test]
async fn a_batch_that_was_not_done_is_done_by_the_repetition() {
    let (client, _) = flaky([Fault::Before(ErrorKind::OutcomeUnknown)]);
    let pushed = client.push_bulk((0..3).map(|n| Raw::new("A", [n]))).await.expect("pushed");
    assert!(pushed.iter().all(|job| job.answer == Pushed::Added));
    assert_eq!(waiting(&client).await.expect("answered").len(), 3);
}

#[tokio::test]
async fn an_outcome_unknown_twice_is_reported() {
    let (client, store) = flaky([Fault::Before(ErrorKind::OutcomeUnknown), Fault::Before(ErrorKind::OutcomeUnknown)]);
    let error = client.push(Raw::new("A", [1])).await.expect_err("unknown");
    assert!(matches!(&error, PushError::Store(error) if error.kind == ErrorKind::OutcomeUnknown), "{error}");
    assert_eq!(error.to_string(), "failed to push: told to fail before");
    assert_eq!(store.calls(), 2);
}

#[tokio::test]
async fn what_certainly_did_not_happen_is_reported_at_once() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Full, ErrorKind::Invalid, ErrorKind::Internal] {
        let (client, store) = flaky([Fault::Before(kind)]);
        client.push(Raw::new("A", [1])).await.expect_err("failed");
        assert_eq!(store.calls(), 1, "{kind:?}");
    }
}
