//! The writer: one thread, one connection, and one commit for all calls that wait.
//!
//! Each call that has neighbors is a savepoint of its own, so that one that fails does not undo them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::bell_file::BellFile;
use crate::failure::{Commit, Failure, Made};
use crate::migrate;
use crate::task::Task;
use crate::unit::{Changes, Unit};
use crate::wake::Bells;

/// Jobs of one group: more would make the first of them wait, and hold the lock for long.
const GROUP_JOBS_MAX: usize = 1_000;

/// How long nothing comes until the write-ahead log is brought into the file.
const IDLE_AFTER: Duration = Duration::from_millis(500);

/// What the writer is told.
pub(crate) enum Message {
    /// A call.
    Task(Box<dyn Task>),
    /// A question: has another connection committed since the last look?
    Probe(SyncSender<bool>),
}

/// The writing thread's state.
pub(crate) struct Writer {
    connection: Connection,
    bells: Arc<Bells>,
    bell_file: BellFile,
    /// Counts the commits of other connections.
    data_version: i64,
    /// It has grown since a question was last answered.
    seen_others: bool,
    /// When the next job is due, as far as it is known.
    next_due: Option<i64>,
}

impl Writer {
    pub(crate) fn new(connection: Connection, path: &Path, bells: Arc<Bells>) -> rusqlite::Result<Self> {
        let bell_file = BellFile::of(path);
        let mut writer = Writer { connection, bells, bell_file, data_version: 0, seen_others: false, next_due: None };
        writer.data_version = writer.read_data_version()?;
        Ok(writer)
    }

    /// Serves until every sender is gone.
    pub(crate) fn serve(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            let mut next = Some(message);
            while let Some(message) = next.take() {
                let group = self.gather(message, messages);
                if !group.is_empty() {
                    self.work(group);
                }
                next = match messages.recv_timeout(IDLE_AFTER) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
            self.tidy();
        }
    }

    /// The calls that wait, the first of them in hand.
    fn gather(&mut self, first: Message, messages: &Receiver<Message>) -> Vec<Box<dyn Task>> {
        let (mut group, mut weight) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Task(task) => {
                    weight += task.weight();
                    group.push(task);
                }
                Message::Probe(answer) => {
                    self.look_for_others();
                    let _ = answer.try_send(std::mem::take(&mut self.seen_others));
                }
            }
            next = if weight < GROUP_JOBS_MAX { messages.try_recv().ok() } else { None };
        }
        group
    }

    /// Wakes whoever waits when another connection has committed. Own commits do not count.
    fn look_for_others(&mut self) {
        let Ok(version) = self.read_data_version() else { return };
        if version != self.data_version {
            self.data_version = version;
            self.seen_others = true;
            self.bells.ring_for_anything();
        }
    }

    fn read_data_version(&self) -> rusqlite::Result<i64> {
        self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
    }

    fn work(&mut self, mut group: Vec<Box<dyn Task>>) {
        match self.commit(&mut group) {
            Ok(()) => group.into_iter().for_each(|task| task.answer(None)),
            Err((failure, commit)) => {
                let again = commit == Commit::NotBegun || is_full(&failure);
                if is_full(&failure) {
                    self.make_room();
                }
                if group.len() == 1 || !again || is_busy(&failure) {
                    group.into_iter().for_each(|task| task.answer(Some((&failure, commit))));
                    return;
                }
                // One of them is to blame for what befell all: each goes alone.
                for task in group {
                    self.work(vec![task]);
                }
            }
        }
    }

    /// One transaction for a group. Calls that fail for themselves keep their failures and undo nothing else.
    fn commit(&mut self, group: &mut [Box<dyn Task>]) -> Result<(), (Failure, Commit)> {
        let changes = self.run_all(group).map_err(|failure| {
            self.roll_back();
            (failure, Commit::NotBegun)
        })?;
        let Some(changes) = changes else {
            self.roll_back();
            return Ok(());
        };
        if let Err(failure) = self.execute("COMMIT") {
            self.roll_back();
            return Err((failure, Commit::UnderWay));
        }
        self.tell(changes);
        Ok(())
    }

    /// `None` if there is nothing to commit: the only call has failed for itself.
    fn run_all(&mut self, group: &mut [Box<dyn Task>]) -> Made<Option<Changes>> {
        let mut all = Changes::default();
        let alone = group.len() == 1;
        self.execute("BEGIN IMMEDIATE")?;
        migrate::check(&self.connection)??;
        // Inside a transaction this asks the system for nothing.
        self.look_for_others();
        let mut unit = Unit::new(&self.connection);
        for task in group {
            // One alone shares its transaction with nobody who would have to be spared.
            if !alone {
                self.execute("SAVEPOINT call")?;
            }
            let went = task.run(&mut unit);
            if self.connection.is_autocommit() {
                // SQLite has undone the whole transaction: the disk is full, or broken.
                return Err(self.why_undone());
            }
            match went {
                Ok(()) => all.merge(unit.end_move()),
                Err(()) if alone => return Ok(None),
                Err(()) => {
                    self.execute("ROLLBACK TO call")?;
                    unit = Unit::new(&self.connection);
                }
            }
            if !alone {
                self.execute("RELEASE call")?;
            }
        }
        all.write_tally(&self.connection)?;
        Ok(Some(all))
    }

    fn execute(&self, sql: &str) -> Made<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn why_undone(&self) -> Failure {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        Failure::Sqlite(rusqlite::Error::SqliteFailure(code, None))
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If even this fails, the next BEGIN says so.
            drop(self.connection.execute_batch("ROLLBACK"));
        }
    }

    /// Tells the world what a commit did.
    fn tell(&mut self, changes: Changes) {
        let mut rings = changes.rings;
        if let Some(next_due) = changes.next_due {
            self.next_due = next_due;
        }
        if let Some(at) = changes.due_at
            && self.next_due.is_none_or(|next| at < next)
        {
            self.next_due = Some(at);
            rings.due = true;
        }
        if !rings.is_empty() {
            self.bell_file.ring();
            self.bells.ring(rings);
        }
    }

    /// Brings the write-ahead log into the file while nobody waits; the next commit then starts it anew.
    fn tidy(&self) {
        drop(self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
    }

    /// Gives back what the write-ahead log takes, as far as that goes.
    fn make_room(&self) {
        drop(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    }
}

fn code(failure: &Failure) -> Option<ErrorCode> {
    match failure {
        Failure::Sqlite(error) => error.sqlite_error_code(),
        Failure::Said(..) => None,
    }
}

fn is_full(failure: &Failure) -> bool {
    code(failure) == Some(ErrorCode::DiskFull)
}

fn is_busy(failure: &Failure) -> bool {
    matches!(code(failure), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The file that is touched after each commit that somebody may wait for.
pub(crate) fn bell_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-bell");
    name.into()
}
