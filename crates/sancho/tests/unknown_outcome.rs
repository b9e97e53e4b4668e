//! A push whose outcome is unknown is repeated once, under the same ids.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use sancho::core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, Exchanged, Incarnation, Interest, Kept, Mark, NewJob,
    Promoted, Pruned, Retention, Settlement, StoreResult, TakenOver, model::ModelStore,
};
use sancho::testing::waiting;
use sancho::{Client, ErrorKind, Jid, PushError, Pushed, QueueName, Raw, Store, StoreError, Timestamp};

/// What the next push answers.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// It is done, and fails all the same.
    DoneThen(ErrorKind),
    /// It is not done.
    Fail(ErrorKind),
}

/// A model whose pushes fail as they are told to; later ones succeed.
#[derive(Debug, Default)]
struct Flaky {
    model: ModelStore,
    answers: Mutex<VecDeque<Answer>>,
    pushed: Mutex<Vec<Vec<Jid>>>,
}

impl Store for Flaky {
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        Box::pin(async move {
            self.pushed
                .lock()
                .expect("no test has failed under it")
                .push(jobs.iter().map(|job| job.jid.clone()).collect());
            let answer = self.answers.lock().expect("no test has failed under it").pop_front();
            match answer {
                None => self.model.push(jobs, now).await,
                Some(Answer::Fail(kind)) => Err(StoreError::new("push", kind, "told to")),
                Some(Answer::DoneThen(kind)) => {
                    self.model.push(jobs, now).await?;
                    Err(StoreError::new("push", kind, "told to"))
                }
            }
        })
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        self.model.exchange(settlements, claim, now)
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.model.promote(limit, now)
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        self.model.beat(beat, now)
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        self.model.take_over(by, first_number, limit, now)
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        self.model.checkpoint(checkpoints, now)
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        self.model.retire(incarnation, now)
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        self.model.prune(retention, limit, now)
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.model.queue_names()
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        self.model.meet_unknown(met, now)
    }

    fn mark(&self) -> Mark {
        self.model.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        self.model.wait(interest, after)
    }
}

fn flaky(answers: impl IntoIterator<Item = Answer>) -> (Client, Arc<Flaky>) {
    let store = Flaky { answers: Mutex::new(answers.into_iter().collect()), ..Flaky::default() };
    let inspect = Arc::new(store.model.clone());
    let store = Arc::new(store);
    (Client::new(store.clone(), inspect), store)
}

#[tokio::test]
async fn a_push_that_was_done_is_not_done_twice() {
    let (client, store) = flaky([Answer::DoneThen(ErrorKind::OutcomeUnknown)]);
    let pushed = client.push(Raw::new("A", [1])).await.expect("pushed");
    assert_eq!(pushed.answer, Pushed::Repeated);
    assert_eq!(*store.pushed.lock().expect("no test has failed under it"), [[pushed.jid.clone()], [pushed.jid]]);
    assert_eq!(waiting(&client).await.expect("answered").len(), 1);
}

#[tokio::test]
async fn a_batch_that_was_not_done_is_done_by_the_repetition() {
    let (client, _) = flaky([Answer::Fail(ErrorKind::OutcomeUnknown)]);
    let pushed = client.push_bulk((0..3).map(|n| Raw::new("A", [n]))).await.expect("pushed");
    assert!(pushed.iter().all(|job| job.answer == Pushed::Added));
    assert_eq!(waiting(&client).await.expect("answered").len(), 3);
}

#[tokio::test]
async fn an_outcome_unknown_twice_is_reported() {
    let (client, store) = flaky([Answer::Fail(ErrorKind::OutcomeUnknown), Answer::Fail(ErrorKind::OutcomeUnknown)]);
    let error = client.push(Raw::new("A", [1])).await.expect_err("unknown");
    assert!(matches!(&error, PushError::Store(error) if error.kind == ErrorKind::OutcomeUnknown), "{error}");
    assert_eq!(error.to_string(), "failed to push: told to");
    assert_eq!(store.pushed.lock().expect("no test has failed under it").len(), 2);
}

#[tokio::test]
async fn what_certainly_did_not_happen_is_reported_at_once() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Full, ErrorKind::Invalid, ErrorKind::Internal] {
        let (client, store) = flaky([Answer::Fail(kind)]);
        client.push(Raw::new("A", [1])).await.expect_err("failed");
        assert_eq!(store.pushed.lock().expect("no test has failed under it").len(), 1, "{kind:?}");
    }
}
