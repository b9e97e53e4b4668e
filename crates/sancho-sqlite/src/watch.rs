//! Watching for the commits of other processes, only while somebody waits.
//!
//! A thread blocks until the bell or the write-ahead log is written to, and then has the writer compare
//! `PRAGMA data_version`. The log is written before its commit can be seen, so the question is repeated, ever
//! more rarely. Where files cannot be watched, that is all there is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::writer::Message;

/// How soon after a write the question is asked first, and then ever later, up to the last.
const ASK_AGAIN_FIRST: Duration = Duration::from_micros(100);
const ASK_AGAIN_LAST: Duration = Duration::from_micros(102_400);

/// From this pause on a new write starts the questions anew.
const ASK_ANEW_FROM: Duration = Duration::from_micros(6_400);

/// The pauses between questions where files cannot be watched.
const POLL_FIRST: Duration = Duration::from_millis(10);
const POLL_LAST: Duration = Duration::from_millis(250);

/// Watches for one open store, in a thread that starts with the first who waits.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    waiters: AtomicUsize,
    stopped: AtomicBool,
    nudge: platform::Nudge,
}

/// Somebody who waits; the watch goes on until the last is dropped.
#[derive(Debug)]
pub(crate) struct Waiter(Arc<Shared>);

/// Asks the writer whether another connection has committed.
struct Question(Sender<Message>);

impl Question {
    fn ask(&self) -> bool {
        let (reply, answer) = sync_channel(1);
        self.0.send(Message::Probe(reply)).is_ok() && answer.recv().unwrap_or(false)
    }
}

impl Watch {
    /// Starts the thread, which sleeps until somebody waits.
    pub(crate) fn start(path: &Path, writer: Sender<Message>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            waiters: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            nudge: platform::Nudge::new(),
        });
        let (of_thread, path) = (shared.clone(), path.to_owned());
        let thread = std::thread::Builder::new()
            .name("sancho-watch".to_owned())
            .spawn(move || of_thread.watch(&path, &Question(writer)))?;
        Ok(Watch { shared, thread: Some(thread) })
    }

    /// Watches until what is returned is dropped.
    pub(crate) fn enter(&self) -> Waiter {
        if self.shared.waiters.fetch_add(1, Ordering::SeqCst) == 0 {
            self.nudge();
        }
        Waiter(self.shared.clone())
    }

    fn nudge(&self) {
        self.shared.nudge.nudge();
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.nudge();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn waited_for(&self) -> bool {
        self.waiters.load(Ordering::SeqCst) > 0 && !self.stopped()
    }

    fn watch(&self, path: &Path, question: &Question) {
        // Each write to a file that is watched costs more, also those of this process, which may only push.
        while !self.stopped() && !self.waited_for() {
            self.nudge.wait();
        }
        match platform::Files::watch(&[crate::writer::bell_path(path), wal_path(path)]) {
            Some(files) => self.watch_files(&files, question),
            None => self.poll(question),
        }
    }

    fn watch_files(&self, files: &platform::Files, question: &Question) {
        while !self.stopped() {
            if !self.waited_for() {
                self.nudge.wait();
                continue;
            }
            // A commit may have written its log before this, and be seen only after it.
            self.ask_until_seen(files, question);
            while self.waited_for() {
                // A slow disk may hold a commit back for longer than the questions go on, and nothing is
                // written when it is seen at last: so the question never ends, but becomes rare.
                if files.written(&self.nudge, Some(POLL_LAST)) {
                    self.ask_until_seen(files, question);
                } else {
                    question.ask();
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the watch has a thread of its own, and is to wait on it")]
    fn ask_until_seen(&self, files: &platform::Files, question: &Question) {
        let mut pause = ASK_AGAIN_FIRST;
        while !question.ask() && pause <= ASK_AGAIN_LAST && self.waited_for() {
            let written = files.written(&self.nudge, Some(pause));
            pause = if written && pause >= ASK_ANEW_FROM { ASK_AGAIN_FIRST } else { pause * 2 };
            if written && pause < ASK_ANEW_FROM {
                // The log of a busy store is written all the time: it sets the pace no faster than this.
                std::thread::sleep(pause);
            }
        }
    }

    fn poll(&self, question: &Question) {
        let mut pause = POLL_FIRST;
        while !self.stopped() {
            if !self.waited_for() {
                std::thread::park();
                pause = POLL_FIRST;
                continue;
            }
            pause = if question.ask() { POLL_FIRST } else { (pause * 2).min(POLL_LAST) };
            std::thread::park_timeout(pause);
        }
    }
}

fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

#[cfg(target_os = "linux")]
mod platform {
    //! Files watched by inotify.

    use std::os::fd::OwnedFd;
    use std::path::PathBuf;
    use std::time::Duration;

    use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    /// Wakes the thread from whatever it waits for.
    #[derive(Debug)]
    pub(super) struct Nudge(Option<OwnedFd>);

    /// Files that are watched for writes.
    #[derive(Debug)]
    pub(super) struct Files(OwnedFd);

    impl Nudge {
        pub(super) fn new() -> Self {
            Nudge(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok())
        }

        pub(super) fn nudge(&self) {
            if let Some(fd) = &self.0 {
                let _ = rustix::io::write(fd, &1_u64.to_ne_bytes());
            }
        }

        pub(super) fn wait(&self) {
            match &self.0 {
                Some(fd) => {
                    let _ = poll(&mut [PollFd::new(fd, PollFlags::IN)], None);
                    self.clear();
                }
                None => std::thread::park(),
            }
        }

        fn clear(&self) {
            if let Some(fd) = &self.0 {
                let _ = rustix::io::read(fd, &mut [0_u8; 8]);
            }
        }
    }

    impl Files {
        /// `None` where the system does not let us.
        pub(super) fn watch(paths: &[PathBuf]) -> Option<Self> {
            let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
            for path in paths {
                inotify::add_watch(&fd, path, WatchFlags::MODIFY).ok()?;
            }
            Some(Files(fd))
        }

        /// Waits until one is written to, the thread is nudged, or the time is over; says whether it was the first.
        pub(super) fn written(&self, nudge: &Nudge, limit: Option<Duration>) -> bool {
            let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
            let mut fds = vec![PollFd::new(&self.0, PollFlags::IN)];
            fds.extend(nudge.0.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
            if poll(&mut fds, limit.as_ref()).is_err() {
                return false;
            }
            if fds.get(1).is_some_and(|fd| !fd.revents().is_empty()) {
                nudge.clear();
            }
            // What was read counts, not what woke us: a write may come between the two.
            let (mut events, mut written) = ([0_u8; 4096], false);
            while let Ok(read) = rustix::io::read(&self.0, &mut events) {
                written = true;
                if read < events.len() / 2 {
                    break;
                }
            }
            written
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    //! Files cannot be watched here.

    use std::path::PathBuf;
    use std::time::Duration;

    #[derive(Debug)]
    pub(super) struct Nudge;

    #[derive(Debug)]
    pub(super) struct Files;

    impl Nudge {
        pub(super) fn new() -> Self {
            Nudge
        }

        pub(super) fn nudge(&self) {}

        pub(super) fn wait(&self) {
            std::thread::park();
        }
    }

    impl Files {
        pub(super) fn watch(_paths: &[PathBuf]) -> Option<Self> {
            None
        }

        pub(super) fn written(&self, _nudge: &Nudge, _limit: Option<Duration>) -> bool {
            false
        }
    }
}
