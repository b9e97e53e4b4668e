//! One process: started, listened to, signaled and waited for.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Socket;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::leash::{READY, VARIABLE};
use super::program::Program;

/// What systemd tells the supervisor, which answers for all of its processes.
const MEANT_FOR_THE_SUPERVISOR: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// What becomes of a process.
#[derive(Debug)]
pub(super) enum News {
    /// It serves.
    Ready,
    /// It has ended.
    Ended(io::Result<ExitStatus>),
}

/// A process that was started.
#[derive(Debug)]
pub(super) struct Child {
    /// Its name within the supervisor: no two have the same.
    pub(super) id: u64,
    pub(super) pid: u32,
    pub(super) is_ready: bool,
    began: Instant,
    signals: UnboundedSender<Signal>,
}

impl Child {
    /// Starts the process with this number. Its news come under `id`.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start(
        program: &Program,
        number: usize,
        id: u64,
        news: &UnboundedSender<(u64, News)>,
    ) -> io::Result<Self> {
        let (ours, theirs) = Socket::pair()?;
        ours.set_nonblocking(true)?;
        let socket = UnixStream::from_std(ours)?;
        let mut command = Command::new(&program.file);
        command.args(&program.arguments).env(VARIABLE, number.to_string());
        for name in MEANT_FOR_THE_SUPERVISOR {
            command.env_remove(name);
        }
        // Out of the terminal's way: what a keyboard tells the supervisor, it tells the others.
        let child = command.stdin(Stdio::from(OwnedFd::from(theirs))).process_group(0).spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        let (signals, to_send) = unbounded_channel();
        tokio::spawn(watch(child, socket, to_send, news.clone(), id));
        Ok(Child { id, pid, is_ready: false, began: Instant::now(), signals })
    }

    /// Sends it a signal, unless it has ended.
    pub(super) fn signal(&self, signal: Signal) {
        _ = self.signals.send(signal);
    }

    /// How long it has been there.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Watches a process to its end. It holds the supervisor's end of the leash.
async fn watch(
    mut child: tokio::process::Child,
    mut socket: UnixStream,
    mut signals: UnboundedReceiver<Signal>,
    news: UnboundedSender<(u64, News)>,
    id: u64,
) {
    let mut listens = true;
    loop {
        tokio::select! {
            biased;
            status = child.wait() => {
                _ = news.send((id, News::Ended(status)));
                return;
            }
            said = socket.read_u8(), if listens => match said {
                Ok(READY) => _ = news.send((id, News::Ready)),
                Ok(_) => {}
                Err(_) => listens = false,
            },
            Some(signal) = signals.recv() => {
                // Until it was waited for, its number is its own.
                if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
                    _ = kill_process(pid, signal);
                }
            }
        }
    }
}
