//! A call on its way to a thread that has a connection, and its answer on its way back.

use sancho_core::{ErrorKind, StoreError, StoreResult};
use tokio::sync::oneshot;

use crate::failure::{Commit, Failure, Made};
use crate::unit::Unit;

/// A call, whatever its answer is.
pub(crate) trait Task: Send {
    /// How much it adds to a group: about its number of jobs.
    fn weight(&self) -> usize;

    /// Does it, inside a transaction. It may be done again after its transaction was undone.
    fn run(&mut self, unit: &mut Unit<'_>) -> Result<(), ()>;

    /// Answers: the transaction has ended, well or with a failure that it shares with its neighbors.
    fn answer(self: Box<Self>, shared: Option<(&Failure, Commit)>);
}

/// A call with its answer's type.
struct Call<T, W> {
    op: &'static str,
    weight: usize,
    work: W,
    made: Option<Made<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

/// A call, and where its answer will come.
pub(crate) fn task<T, W>(op: &'static str, weight: usize, work: W) -> (Box<dyn Task>, oneshot::Receiver<StoreResult<T>>)
where
    T: Send + 'static,
    W: FnMut(&mut Unit<'_>) -> Made<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Call { op, weight, work, made: None, reply }), answer)
}

impl<T, W> Task for Call<T, W>
where
    T: Send,
    W: FnMut(&mut Unit<'_>) -> Made<T> + Send,
{
    fn weight(&self) -> usize {
        self.weight
    }

    fn run(&mut self, unit: &mut Unit<'_>) -> Result<(), ()> {
        let made = (self.work)(unit);
        let went = made.as_ref().map(drop).map_err(drop);
        self.made = Some(made);
        went
    }

    fn answer(self: Box<Self>, shared: Option<(&Failure, Commit)>) {
        let answer = match (self.made, shared) {
            (Some(Err(own)), _) => Err(own.to_error(self.op, Commit::NotBegun)),
            (_, Some((failure, commit))) => Err(failure.to_error(self.op, commit)),
            (Some(Ok(made)), None) => Ok(made),
            (None, None) => Err(gone(self.op)),
        };
        // A caller that no longer listens has dropped its future: that is its right.
        drop(self.reply.send(answer));
    }
}

/// The thread that should have answered has ended.
pub(crate) fn gone(op: &'static str) -> StoreError {
    StoreError::new(op, ErrorKind::Internal, "the store's thread has ended: open the store again")
}
