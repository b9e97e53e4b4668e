//! One program under way, as the server sees it: its shim, what the shim tells, and what the program prints.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Socket;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, waitpid};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::output::{self, Tail};
use super::report::{Order, PULSE_EVERY, REPORT_BYTES_MAX, Report};
use super::{Program, shim};

/// How long outputs are read on after a shim's end: only a process that nobody could kill still holds them.
const DRAIN_FOR: Duration = Duration::from_secs(1);

/// How long a shim may take to kill its program and what it left, before it is killed itself: somebody stopped it.
const SHIM_ENDS_WITHIN: Duration = Duration::from_secs(10);

/// How often, and how many times, shims that are to end with the server are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOOKS_MAX: u32 = 2_000;

/// What the server was told by those who started it, and a program must not take for itself.
const MEANT_FOR_THE_SERVER: [&str; 5] =
    ["SANCHO_CHILD", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS"];

/// The shims of a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Arc<Mutex<BTreeSet<u32>>>);

impl Runs {
    /// Waits, for a while, until every shim has ended; each ends by itself once the server's loops are gone.
    pub(crate) fn wait_until_gone(&self) {
        for _ in 0..LOOKS_MAX {
            self.lock().retain(|pid| is_there(*pid));
            if self.lock().is_empty() {
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a child has not ended; one that has is reaped.
fn is_there(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None) | Err(rustix::io::Errno::INTR))
}

/// What came of a program.
#[derive(Debug)]
pub(super) struct Ended {
    /// What the shim told of its end; when it told nothing, how the shim itself ended.
    pub(super) end: Result<Report, Option<ExitStatus>>,
    /// The end of its standard error.
    pub(super) stderr: String,
    /// The last line of its standard output.
    pub(super) last_line: Option<String>,
}

/// A program under way. Dropped, it is killed with all that it started.
pub(super) struct Run {
    shim: Option<Pid>,
    orders: UnboundedSender<Order>,
    watching: std::pin::Pin<Box<dyn Future<Output = Ended> + Send>>,
}

impl Run {
    /// Starts a program that reads this input.
    ///
    /// # Errors
    /// When the system has no process, or no descriptor, to give.
    pub(super) fn start(
        program: &Program,
        environment: &[(&str, OsString)],
        input: Vec<u8>,
        runs: &Runs,
        printed: impl Fn(&'static str, &str) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (ours, theirs) = Socket::pair()?;
        ours.set_nonblocking(true)?;
        let shim = spawn(program, environment, theirs)?;
        let kept = Kept { pid: shim.id(), shim: Some(shim), group: AtomicI32::new(0), runs: runs.clone() };
        kept.runs.lock().extend(kept.pid);
        let (orders, to_write) = mpsc::unbounded_channel();
        let socket = UnixStream::from_std(ours)?;
        let shim = kept.pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        Ok(Run { shim, orders, watching: Box::pin(watch(kept, socket, input, to_write, printed)) })
    }

    /// Resolves when the program, and all that it started, has ended. It may be asked for again if it was dropped, and
    /// not once it has answered.
    pub(super) async fn ended(&mut self) -> Ended {
        (&mut self.watching).await
    }

    /// Asks the program to end, and kills it when it has not within this grace.
    pub(super) async fn end(&mut self, grace: Duration) -> Ended {
        // Where nobody receives an order any longer, the program has ended.
        _ = self.orders.send(Order::End);
        if let Ok(ended) = tokio::time::timeout(grace, self.ended()).await {
            return ended;
        }
        _ = self.orders.send(Order::Kill);
        if let Ok(ended) = tokio::time::timeout(SHIM_ENDS_WITHIN, self.ended()).await {
            return ended;
        }
        // It has not been waited for, so the number is still its own.
        if let Some(shim) = self.shim {
            let _ = kill_process(shim, Signal::KILL);
        }
        self.ended().await
    }
}

/// Starts a shim: this very program, be its file replaced meanwhile or not.
fn spawn(program: &Program, environment: &[(&str, OsString)], socket: Socket) -> io::Result<Child> {
    let mut command = Command::new(this_program()?);
    command.arg0("sancho").arg(shim::NAME).args(program.as_words());
    for name in MEANT_FOR_THE_SERVER {
        command.env_remove(name);
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::from(OwnedFd::from(socket))).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Out of the server's group: Ctrl-C is for the server alone.
    command.process_group(0).spawn()
}

#[cfg(target_os = "linux")]
fn this_program() -> io::Result<PathBuf> {
    Ok("/proc/self/exe".into())
}

#[cfg(not(target_os = "linux"))]
fn this_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// A shim, and what it keeps.
struct Kept {
    shim: Option<Child>,
    pid: Option<u32>,
    /// The program's group; zero while there is none, and when it is over.
    group: AtomicI32,
    runs: Runs,
}

impl Kept {
    /// Kills the program's group, if it is not over. What left that group is the shim's to find.
    fn kill(&self) {
        if let Some(group) = Pid::from_raw(self.group.swap(0, Ordering::Relaxed)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    async fn wait(&mut self) -> Option<ExitStatus> {
        let status = self.shim.as_mut()?.wait().await.ok();
        self.forget();
        status
    }

    fn forget(&mut self) {
        self.shim = None;
        if let Some(pid) = self.pid.take() {
            self.runs.lock().remove(&pid);
        }
    }
}

impl Drop for Kept {
    /// The job was cut short. The shim kills all that there is, since its socket ends; its way there may take a moment
    /// in which the job already runs elsewhere, so the group is killed from here.
    fn drop(&mut self) {
        self.kill();
        let (Some(mut shim), Some(pid), runs) = (self.shim.take(), self.pid, self.runs.clone()) else { return };
        // Without a runtime the server itself is ending, and looks after those that are left.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if shim.wait().await.is_ok() {
                    runs.lock().remove(&pid);
                }
            });
        }
    }
}

async fn watch(
    mut kept: Kept,
    socket: UnixStream,
    input: Vec<u8>,
    orders: UnboundedReceiver<Order>,
    printed: impl Fn(&'static str, &str),
) -> Ended {
    let (out, err) = (Tail::default(), Tail::default());
    let end = {
        let shim = kept.shim.as_mut();
        let (stdout, stderr) = shim.map_or((None, None), |shim| (shim.stdout.take(), shim.stderr.take()));
        let read_out = async {
            if let Some(stdout) = stdout {
                output::read(stdout, &out, |line| printed("stdout", line)).await;
            }
        };
        let read_err = async {
            if let Some(stderr) = stderr {
                output::read(stderr, &err, |line| printed("stderr", line)).await;
            }
        };
        let mut reading = std::pin::pin!(async { tokio::join!(read_out, read_err) });
        let mut is_read = false;
        let (reports, to_shim) = socket.into_split();
        let mut telling = std::pin::pin!(tell(to_shim, &input, orders));
        let mut listening = std::pin::pin!(listen(reports, &kept.group));
        let end = loop {
            tokio::select! {
                biased;
                end = &mut listening => break end,
                _ = &mut reading, if !is_read => is_read = true,
                () = &mut telling => {}
            }
        };
        if !is_read {
            // A shim that told of an end has killed whoever might hold these.
            _ = tokio::time::timeout(DRAIN_FOR, reading).await;
        }
        end
    };
    let end = match end {
        Some(end) => {
            kept.group.store(0, Ordering::Relaxed);
            kept.wait().await;
            Ok(end)
        }
        None => {
            // The shim is gone and its program may be left: somebody killed the shim, as a system without memory does.
            kept.kill();
            Err(kept.wait().await)
        }
    };
    Ended { end, stderr: err.text(), last_line: out.last_line() }
}

/// Writes the input, then each order as it comes, and a pulse where none comes. It never ends: the shim's reports tell when to stop.
async fn tell(mut to_shim: OwnedWriteHalf, input: &[u8], mut orders: UnboundedReceiver<Order>) {
    let mut write = async || -> io::Result<()> {
        to_shim.write_u64(input.len() as u64).await?;
        to_shim.write_all(input).await?;
        loop {
            let order = match tokio::time::timeout(PULSE_EVERY, orders.recv()).await {
                Ok(Some(order)) => order,
                Ok(None) => return Ok(()),
                Err(_) => Order::Pulse,
            };
            to_shim.write_u8(order.byte()).await?;
        }
    };
    // A shim that takes no more has ended, or will tell why.
    _ = write().await;
    std::future::pending().await
}

/// Listens until the shim has ended; answers what it told of the program's end.
async fn listen(reports: OwnedReadHalf, group: &AtomicI32) -> Option<Report> {
    let (mut reports, mut end) = (BufReader::new(reports), None);
    loop {
        let mut line = Vec::new();
        match (&mut reports).take(REPORT_BYTES_MAX as u64).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return end,
            Ok(_) => {}
        }
        match Report::read(String::from_utf8_lossy(&line).trim_end()) {
            Some(Report::Started(number)) => group.store(number, Ordering::Relaxed),
            report => end = report,
        }
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
