//! Calls of a store as values: so that one place can delay, repeat, lose and tell them.

use sancho_core::{
    Action, Applied, Beat, BeatAnswer, Checkpoint, ClaimRequest, Cursor, Exchanged, Incarnation, Inspect, Jid, JobRow,
    Kept, Key, NewJob, Order, Pausable, Promoted, Pruned, Pushed, QueueName, Retention, Selection, Settlement, Sought,
    Store, StoreResult, TakenOver, Timestamp,
};

/// A call.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Push(Vec<NewJob>),
    Exchange(Vec<Settlement>, Option<ClaimRequest>),
    Promote(usize),
    Beat(Box<Beat>),
    TakeOver { by: Incarnation, first_number: u64, limit: usize },
    Checkpoint(Vec<Checkpoint>),
    Retire(Incarnation),
    Prune(Retention, usize),
    QueueNames,
    MeetUnknown(Vec<(String, QueueName)>),
    Seek(Jid, Option<Cursor>),
    FindKey(Key),
    Apply(Action, Selection, usize),
    Pause(Pausable),
    Resume(Pausable),
    Order(Incarnation, Order),
}

/// What a store answers.
#[derive(Debug)]
pub(super) enum Response {
    Pushed(Vec<Pushed>),
    Exchanged(Exchanged),
    Promoted(Promoted),
    Beaten(BeatAnswer),
    TakenOver(TakenOver),
    Kept(Vec<Kept>),
    Pruned(Pruned),
    QueueNames(Vec<QueueName>),
    FirstMet(Vec<Timestamp>),
    Sought(Sought),
    Found(Option<Box<JobRow>>),
    Applied(Applied),
    Done,
}

impl Request {
    /// The call's name, as the traits have it.
    pub(super) fn op(&self) -> &'static str {
        match self {
            Request::Push(_) => "push",
            Request::Exchange(..) => "exchange",
            Request::Promote(_) => "promote",
            Request::Beat(_) => "beat",
            Request::TakeOver { .. } => "take_over",
            Request::Checkpoint(_) => "checkpoint",
            Request::Retire(_) => "retire",
            Request::Prune(..) => "prune",
            Request::QueueNames => "queue_names",
            Request::MeetUnknown(_) => "meet_unknown",
            Request::Seek(..) => "seek",
            Request::FindKey(_) => "find_key",
            Request::Apply(..) => "apply",
            Request::Pause(_) => "pause",
            Request::Resume(_) => "resume",
            Request::Order(..) => "order",
        }
    }

    /// Makes the call.
    pub(super) async fn make(&self, store: &dyn Store, inspect: &dyn Inspect, now: Timestamp) -> StoreResult<Response> {
        Ok(match self {
            Request::Push(jobs) => Response::Pushed(store.push(jobs, now).await?),
            Request::Exchange(settlements, claim) => {
                Response::Exchanged(store.exchange(settlements, claim.as_ref(), now).await?)
            }
            Request::Promote(limit) => Response::Promoted(store.promote(*limit, now).await?),
            Request::Beat(beat) => Response::Beaten(store.beat(beat, now).await?),
            Request::TakeOver { by, first_number, limit } => {
                Response::TakenOver(store.take_over(by, *first_number, *limit, now).await?)
            }
            Request::Checkpoint(checkpoints) => Response::Kept(store.checkpoint(checkpoints, now).await?),
            Request::Retire(incarnation) => {
                store.retire(incarnation, now).await?;
                Response::Done
            }
            Request::Prune(retention, limit) => Response::Pruned(store.prune(retention, *limit, now).await?),
            Request::QueueNames => Response::QueueNames(store.queue_names().await?),
            Request::MeetUnknown(met) => Response::FirstMet(store.meet_unknown(met, now).await?),
            Request::Seek(jid, after) => Response::Sought(inspect.seek(jid, after.as_ref()).await?),
            Request::FindKey(key) => Response::Found(inspect.find_key(key).await?.map(Box::new)),
            Request::Apply(action, selection, limit) => {
                Response::Applied(inspect.apply(action, selection, *limit, now).await?)
            }
            Request::Pause(what) => {
                inspect.pause(what, now).await?;
                Response::Done
            }
            Request::Resume(what) => {
                inspect.resume(what, now).await?;
                Response::Done
            }
            Request::Order(incarnation, order) => {
                inspect.order(incarnation, order, now).await?;
                Response::Done
            }
        })
    }
}
