//! All processes of a supervisor: seats that are kept filled, and replaced one by one when that is asked for.

use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal as Send;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::backoff::Backoff;
use super::child::{Child, News};
use super::memory;
use super::program::Program;
use super::{Exit, Logs, Notifier, Supervision};
use crate::server::signals::{Signal, Signals};

/// How long a new process may take until it serves, before a replacement is given up.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How much longer than its own timeout a process may take to stop, before it is killed.
const STOP_LATE: Duration = Duration::from_secs(10);

/// A place for one process.
#[derive(Debug, Default)]
struct Seat {
    child: Option<Child>,
    backoff: Backoff,
    /// When an empty seat is filled again; an empty seat without it stays empty.
    due: Option<Instant>,
}

/// A replacement under way.
#[derive(Debug)]
enum Replacing {
    /// The new process is not serving yet.
    Starting { seat: usize, new: Child, until: Instant },
    /// The old one has been asked to stop.
    Leaving { old: Child, until: Instant },
}

/// The processes of a supervisor.
pub(super) struct Crew {
    supervision: Supervision,
    program: Program,
    seats: Vec<Seat>,
    replacing: Option<Replacing>,
    /// Seats that are to be replaced after that.
    to_replace: VecDeque<usize>,
    is_quiet: bool,
    /// When processes that have not stopped are killed.
    stop_until: Option<Instant>,
    exit: Exit,
    ids: u64,
    tell: UnboundedSender<(u64, News)>,
    news: UnboundedReceiver<(u64, News)>,
}

impl Crew {
    pub(super) fn new(supervision: Supervision, program: Program) -> Self {
        let (tell, news) = unbounded_channel();
        let seats = (0..supervision.processes.get()).map(|_| Seat::default()).collect();
        Crew {
            supervision,
            program,
            seats,
            replacing: None,
            to_replace: VecDeque::new(),
            is_quiet: false,
            stop_until: None,
            exit: Exit::Stopped,
            ids: 0,
            tell,
            news,
        }
    }

    /// Keeps the seats filled until all processes have stopped.
    pub(super) async fn run(mut self, mut signals: Signals, logs: &Logs, notifier: &Notifier) -> Exit {
        tracing::info!(processes = self.seats.len(), pid = std::process::id(), "the supervisor starts its processes");
        for seat in 0..self.seats.len() {
            self.fill(seat);
        }
        let (mut look_at, mut is_told_ready) = (Instant::now() + memory::LOOK_EVERY, false);
        while self.is_anything_left() {
            let next = self.next_due().unwrap_or(look_at).min(look_at);
            tokio::select! {
                biased;
                signal = signals.next() => self.obey(signal, logs, notifier),
                Some((id, news)) = self.news.recv() => self.hear(id, news),
                () = sleep_until(next) => {
                    if look_at <= Instant::now() {
                        look_at = Instant::now() + memory::LOOK_EVERY;
                        self.look_at_memory();
                    }
                    self.do_what_is_due();
                }
            }
            if !is_told_ready && self.seats.iter().all(|seat| seat.child.as_ref().is_some_and(|child| child.is_ready)) {
                is_told_ready = true;
                notifier.ready();
            }
        }
        tracing::info!(exit = ?self.exit, "the supervisor has no process left");
        self.exit
    }

    fn is_anything_left(&self) -> bool {
        self.replacing.is_some() || self.seats.iter().any(|seat| seat.child.is_some() || seat.due.is_some())
    }

    /// Every process that there is.
    fn children(&self) -> impl Iterator<Item = &Child> {
        let other = self.replacing.as_ref().map(|replacing| match replacing {
            Replacing::Starting { new, .. } => new,
            Replacing::Leaving { old, .. } => old,
        });
        self.seats.iter().filter_map(|seat| seat.child.as_ref()).chain(other)
    }

    fn tell_all(&self, signal: Send) {
        for child in self.children() {
            child.signal(signal);
        }
    }

    /// Tells those that listen already: to any other such a signal would be the end.
    fn tell_serving(&self, signal: Send) {
        for child in self.children().filter(|child| child.is_ready) {
            child.signal(signal);
        }
    }

    fn obey(&mut self, signal: Signal, logs: &Logs, notifier: &Notifier) {
        tracing::info!(?signal, "a signal came, for all processes");
        match signal {
            Signal::Quiet => {
                self.is_quiet = true;
                self.tell_serving(Send::TSTP);
            }
            Signal::Dump => self.tell_serving(Send::TTIN),
            Signal::Reopen => {
                if let Err(error) = logs.reopen() {
                    tracing::error!(%error, "failed to open the log again");
                }
                self.tell_serving(Send::USR2);
            }
            Signal::Hangup if self.stop_until.is_none() => {
                self.is_quiet = false;
                self.to_replace = (0..self.seats.len()).collect();
                self.replace_next();
            }
            Signal::Hangup => {}
            Signal::Stop | Signal::Interrupt => {
                notifier.stopping();
                self.stop(if signal == Signal::Stop { Send::TERM } else { Send::INT });
            }
        }
    }

    /// Has all processes stop, and none started any more.
    fn stop(&mut self, signal: Send) {
        self.to_replace.clear();
        for seat in &mut self.seats {
            seat.due = None;
        }
        self.stop_until.get_or_insert(Instant::now() + self.supervision.stop_timeout + STOP_LATE);
        self.tell_all(signal);
    }

    fn hear(&mut self, id: u64, news: News) {
        match news {
            News::Ready => self.serves(id),
            News::Ended(status) => {
                let status = status.unwrap_or_else(|error| {
                    tracing::error!(%error, "failed to wait for a process");
                    ExitStatus::default()
                });
                self.ended(id, status);
            }
        }
    }

    fn serves(&mut self, id: u64) {
        let is_quiet = self.is_quiet;
        if let Some(child) = self.seats.iter_mut().filter_map(|seat| seat.child.as_mut()).find(|child| child.id == id) {
            child.is_ready = true;
            tracing::info!(pid = child.pid, "a process serves");
            if is_quiet {
                child.signal(Send::TSTP);
            }
            return;
        }
        match self.replacing.take() {
            Some(Replacing::Starting { seat, mut new, .. }) if new.id == id => {
                new.is_ready = true;
                tracing::info!(pid = new.pid, "a process serves, in the place of another");
                if is_quiet {
                    new.signal(Send::TSTP);
                }
                // The old one may have died meanwhile.
                self.seats[seat].due = None;
                match self.seats[seat].child.replace(new) {
                    Some(old) => {
                        old.signal(Send::TERM);
                        let until = Instant::now() + self.supervision.stop_timeout + STOP_LATE;
                        self.replacing = Some(Replacing::Leaving { old, until });
                    }
                    None => self.replace_next(),
                }
            }
            other => self.replacing = other,
        }
    }

    fn ended(&mut self, id: u64, status: ExitStatus) {
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.child.as_ref().is_some_and(|child| child.id == id)) {
            let Some(child) = seat.child.take() else { return };
            let (pid, lived) = (child.pid, child.age());
            if self.stop_until.is_some() {
                self.exit = worse(self.exit, status);
                tracing::info!(pid, %status, "a process has stopped");
            } else if status.success() {
                tracing::info!(pid, "a process stopped as it was asked to, by another than its supervisor");
            } else if status.code() == Some(Exit::Usage.code().into()) && !child.is_ready {
                tracing::error!(pid, "a process found its configuration wrong: another would too, and all stop");
                self.exit = Exit::Usage;
                self.stop(Send::TERM);
            } else {
                let wait = seat.backoff.after(lived);
                tracing::error!(pid, %status, ?lived, again_in = ?wait, "a process died, and is replaced");
                seat.due = Some(Instant::now() + wait);
            }
            return;
        }
        match self.replacing.take() {
            Some(Replacing::Starting { new, .. }) if new.id == id => {
                self.to_replace.clear();
                if self.stop_until.is_none() {
                    tracing::error!(pid = new.pid, %status, "a new process ended before it served: the old ones stay");
                }
            }
            Some(Replacing::Leaving { old, .. }) if old.id == id => {
                tracing::info!(pid = old.pid, %status, "a process has left its place to another");
                if self.stop_until.is_some() {
                    self.exit = worse(self.exit, status);
                }
                self.replace_next();
            }
            other => self.replacing = other,
        }
    }

    /// Begins the next replacement, if none is under way.
    fn replace_next(&mut self) {
        if self.replacing.is_some() || self.stop_until.is_some() {
            return;
        }
        let Some(seat) = self.to_replace.pop_front() else { return };
        match self.start(seat) {
            Some(new) => {
                let until = Instant::now() + READY_WITHIN;
                self.replacing = Some(Replacing::Starting { seat, new, until });
            }
            None => self.to_replace.clear(),
        }
    }

    fn start(&mut self, seat: usize) -> Option<Child> {
        self.ids += 1;
        match Child::start(&self.program, seat, self.ids, &self.tell) {
            Ok(child) => {
                tracing::info!(pid = child.pid, seat, "a process starts");
                Some(child)
            }
            Err(error) => {
                tracing::error!(%error, file = %self.program.file.display(), "failed to start a process");
                None
            }
        }
    }

    fn fill(&mut self, seat: usize) {
        self.seats[seat].due = None;
        self.seats[seat].child = self.start(seat);
        if self.seats[seat].child.is_none() {
            let wait = self.seats[seat].backoff.after(Duration::ZERO);
            self.seats[seat].due = Some(Instant::now() + wait);
        }
    }

    fn next_due(&self) -> Option<Instant> {
        let replacing = self.replacing.as_ref().map(|replacing| match replacing {
            Replacing::Starting { until, .. } | Replacing::Leaving { until, .. } => *until,
        });
        self.seats.iter().filter_map(|seat| seat.due).chain(replacing).chain(self.stop_until).min()
    }

    fn do_what_is_due(&mut self) {
        let now = Instant::now();
        for seat in 0..self.seats.len() {
            if self.seats[seat].due.is_some_and(|due| due <= now) {
                self.fill(seat);
            }
        }
        match &mut self.replacing {
            Some(Replacing::Starting { new, until, .. }) if *until <= now => {
                tracing::error!(pid = new.pid, within = ?READY_WITHIN, "a new process does not serve in time");
                new.signal(Send::KILL);
                *until = now + STOP_LATE;
            }
            Some(Replacing::Leaving { old, until }) if *until <= now => {
                tracing::error!(pid = old.pid, "a process does not stop in time, and is killed");
                old.signal(Send::KILL);
                *until = now + STOP_LATE;
            }
            _ => {}
        }
        if self.stop_until.is_some_and(|until| until <= now) {
            tracing::error!("processes do not stop in time, and are killed");
            self.tell_all(Send::KILL);
            self.stop_until = Some(now + STOP_LATE);
        }
    }

    /// Has each process replaced that has more memory than it may.
    fn look_at_memory(&mut self) {
        let Some(most) = self.supervision.memory_max else { return };
        for (seat, child) in self.seats.iter().enumerate().filter_map(|(n, seat)| Some((n, seat.child.as_ref()?))) {
            let bytes = memory::resident_bytes(child.pid).unwrap_or_default();
            let is_replaced =
                matches!(&self.replacing, Some(Replacing::Starting { seat: other, .. }) if *other == seat);
            if child.is_ready && bytes > most && !is_replaced && !self.to_replace.contains(&seat) {
                tracing::warn!(pid = child.pid, bytes, most, "a process has too much memory, and is replaced");
                self.to_replace.push_back(seat);
            }
        }
        self.replace_next();
    }
}

/// How a supervisor ends whose processes ended so: as the worst of them.
fn worse(exit: Exit, status: ExitStatus) -> Exit {
    // A process that did not listen to signals yet dies of the one that stops it.
    let asked = [Send::TERM, Send::INT].map(|signal| Some(signal.as_raw()));
    match (exit, status.code()) {
        (_, Some(0)) => exit,
        (_, None) if asked.contains(&status.signal()) => exit,
        (Exit::Stopped | Exit::Forced, Some(code)) if code == i32::from(Exit::Forced.code()) => Exit::Forced,
        (Exit::Usage, _) => Exit::Usage,
        _ => Exit::Failed,
    }
}
