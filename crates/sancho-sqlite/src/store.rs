//! The store: the data plane over one SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sancho_core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, ErrorKind, Exchanged, Incarnation, Interest, Kept, Mark,
    NewJob, Promoted, Pruned, Pushed, QueueName, Retention, Settlement, Standing, Store, StoreError, StoreResult,
    TakenOver, Timestamp,
};

use crate::failure::{Commit, Made};
use crate::migrate;
use crate::moves::counts::Noted;
use crate::open::{OpenError, Options, Role, connect};
use crate::reader;
use crate::task::{Task, gone, task};
use crate::unit::Unit;
use crate::wake::Bells;
use crate::watch::Watch;
use crate::worker::Worker;
use crate::writer::{Message, Writer};

/// Jobs in one SQLite file, which several processes may share. Cheap to clone.
///
/// The file, its directory and the files beside it (`-wal`, `-shm`, `-bell`) must be on a local disk. When the
/// last clone is dropped, calls under way are finished and the file is closed.
///
/// ```
/// use sancho_sqlite::{Options, SqliteStore};
///
/// let directory = tempfile::tempdir().unwrap();
/// let store = SqliteStore::open(&directory.path().join("jobs.db"), Options::default()).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

/// Dropped in this order: the watch tells the writer, so it goes first.
#[derive(Debug)]
struct Shared {
    watch: Watch,
    writer: Worker<Message>,
    reader: Worker<Box<dyn Task>>,
    bells: Arc<Bells>,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens a file, which is made, brought up to date and tuned as needed. Blocks for some milliseconds.
    ///
    /// # Errors
    /// [`OpenError`], which names the fix.
    pub fn open(path: &Path, options: Options) -> Result<SqliteStore, OpenError> {
        let connection = connect(path, options, Role::Writer)?;
        let bells = Arc::new(Bells::default());
        let broken = |source| OpenError::Sqlite { path: path.to_owned(), source };
        let writer = Writer::new(connection, path, bells.clone()).map_err(broken)?;
        let reader = connect(path, options, Role::Reader)?;
        let no_thread = |error: std::io::Error| OpenError::NoThread { said: error.to_string() };
        let writer = Worker::start("sancho-writer", move |messages| writer.serve(messages)).map_err(no_thread)?;
        let reader = Worker::start("sancho-reader", move |looks| reader::serve(&reader, looks)).map_err(no_thread)?;
        let watch = Watch::start(path, writer.sender()).map_err(no_thread)?;
        Ok(SqliteStore { shared: Arc::new(Shared { watch, writer, reader, bells, path: path.to_owned() }) })
    }

    /// Adds jobs inside a transaction of the application's own, on its own connection to the same file: they
    /// are there exactly if that transaction commits, and a server that waits is woken then. Otherwise as
    /// [`Store::push`].
    ///
    /// The transaction should be [`Immediate`](rusqlite::TransactionBehavior::Immediate), or SQLite may refuse
    /// its first write while another process writes.
    ///
    /// # Errors
    /// A [`StoreError`], when the transaction should be rolled back; [`ErrorKind::Unsupported`] when the file
    /// was never opened as a store, or is a newer Sancho's.
    pub fn push_in(
        transaction: &rusqlite::Transaction<'_>,
        jobs: &[NewJob],
        now: Timestamp,
    ) -> StoreResult<Vec<Pushed>> {
        let failed = |failure: crate::failure::Failure| failure.to_error("push_in", Commit::NotBegun);
        let there = transaction
            .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = 'sancho_jobs'")
            .and_then(|mut find| find.exists([]))
            .map_err(|error| failed(error.into()))?;
        if !there {
            let said = "this file has no jobs yet: open it with SqliteStore::open first";
            return Err(StoreError::new("push_in", ErrorKind::Unsupported, said));
        }
        migrate::check(transaction).map_err(|error| failed(error.into()))?.map_err(|newer| failed(newer.into()))?;
        Unit::new(transaction).push(jobs, now).map_err(failed)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Has the writer do something in a transaction, and waits until that is committed. Nothing happens before
    /// the future is polled.
    pub(crate) fn make<T, W>(&self, op: &'static str, weight: usize, work: W) -> BoxFuture<'_, StoreResult<T>>
    where
        T: Send + 'static,
        W: FnMut(&mut Unit<'_>) -> Made<T> + Send + 'static,
    {
        let (task, answer) = task(op, weight, work);
        Box::pin(async move {
            self.shared.writer.tell(Message::Task(task));
            answer.await.unwrap_or_else(|_| Err(gone(op)))
        })
    }

    /// Has the reader look at something.
    pub(crate) fn look<T, W>(&self, op: &'static str, work: W) -> BoxFuture<'_, StoreResult<T>>
    where
        T: Send + 'static,
        W: FnMut(&mut Unit<'_>) -> Made<T> + Send + 'static,
    {
        let (task, answer) = task(op, 1, work);
        Box::pin(async move {
            self.shared.reader.tell(task);
            answer.await.unwrap_or_else(|_| Err(gone(op)))
        })
    }

    /// Has the reader count the jobs of each set, and the writer note it. A beat waits for neither: a reader that has
    /// much to look at must not cost a process its lease.
    fn note_sizes_soon(&self, now: Timestamp) {
        let writer = self.shared.writer.sender();
        let (count, _) = task("beat", 1, move |unit| {
            if !unit.has_sizes(now)? {
                let stats = unit.stats(now)?;
                let (note, _) = task("beat", 1, move |unit| unit.note_sizes(&stats, now));
                drop(writer.send(Message::Task(note)));
            }
            Ok(())
        });
        self.shared.reader.tell(count);
    }
}

impl Store for SqliteStore {
    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        let jobs = jobs.to_vec();
        self.make("push", jobs.len(), move |unit| unit.push(&jobs, now))
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        let (settlements, claim) = (settlements.to_vec(), claim.cloned());
        let weight = settlements.len() + claim.as_ref().map_or(0, |request| request.limit);
        self.make("exchange", weight, move |unit| unit.exchange(&settlements, claim.as_ref(), now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        self.make("promote", limit, move |unit| unit.promote(limit, now))
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        let beat = beat.clone();
        let weight = 1 + beat.executions.len() + beat.by_queue.len();
        let made = self.make("beat", weight, move |unit| {
            let answer = unit.beat(&beat, now)?;
            let good = answer.standing == Standing::Good;
            let noted = if good { unit.note_sizes_of_few(now)? } else { Noted::Yes };
            Ok((answer, noted))
        });
        Box::pin(async move {
            let (answer, noted) = made.await?;
            if noted == Noted::TooMany {
                self.note_sizes_soon(now);
            }
            Ok(answer)
        })
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        let by = by.clone();
        self.make("take_over", limit, move |unit| unit.take_over(&by, first_number, limit, now))
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        _now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        let checkpoints = checkpoints.to_vec();
        self.make("checkpoint", checkpoints.len(), move |unit| unit.checkpoint(&checkpoints))
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        let incarnation = incarnation.clone();
        self.make("retire", 1, move |unit| unit.retire(&incarnation))
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        let retention = retention.clone();
        self.make("prune", limit, move |unit| unit.prune(&retention, limit, now))
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        self.look("queue_names", |unit| unit.queue_names())
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        let met = met.to_vec();
        self.make("meet_unknown", met.len(), move |unit| unit.meet_unknown(&met, now))
    }

    fn mark(&self) -> Mark {
        self.shared.bells.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _waiter = self.shared.watch.enter();
            self.shared.bells.wait(interest, after).await;
        })
    }
}
