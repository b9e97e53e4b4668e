//! The process between a server and a program: it starts the program, and ends it when the server is gone.
//!
//! It is this command under a hidden name, with one thread and a socket as its standard input. At whatever point the
//! server is killed, that socket ends: before the whole input came, then nothing is started; or later, then all that
//! was started is killed. On Linux it adopts what its program leaves behind, so that a process that made itself a
//! daemon is found as well.

use std::ffi::OsString;
use std::os::unix::net::UnixStream as Socket;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus, Stdio};

use rustix::process::{Pid, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, ChildStdin, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use super::report::{INPUT_BYTES_MAX, Order, Report, SILENCE_MAX};
use super::sweep::sweep;

/// The hidden name. No person types it.
pub(super) const NAME: &str = "exec-shim";

/// What the system shows as the process's name: another than the server's, so that `pkill sancho` leaves the shim to
/// do its work.
#[cfg(target_os = "linux")]
const SHOWN: &std::ffi::CStr = c"exec-shim";

/// The signals that are meant for the server, and that service managers and terminals send to everybody. The shim
/// lives until its program has ended.
const MEANT_FOR_OTHERS: [SignalKind; 5] = [
    SignalKind::terminate(),
    SignalKind::interrupt(),
    SignalKind::hangup(),
    SignalKind::quit(),
    SignalKind::user_defined2(),
];

/// Whether this command line is a shim's.
pub(crate) fn is_shim(mut line: impl Iterator<Item = OsString>) -> bool {
    line.nth(1).is_some_and(|name| name == NAME)
}

/// Keeps one program until it has ended: `line` is the command line of the shim itself.
pub(crate) fn main(line: impl Iterator<Item = OsString>) -> ExitCode {
    show_name();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let kept = runtime.and_then(|runtime| runtime.block_on(keep(line.skip(2).collect())));
    // What went wrong is the server's to tell: it sees that no report came.
    if kept.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn keep(words: Vec<OsString>) -> std::io::Result<()> {
    for kind in MEANT_FOR_OTHERS {
        // To listen is to not die of it.
        drop(signal(kind)?);
    }
    adopt();
    let (mut orders, mut reports) = server()?;
    let input = input(&mut orders).await?;
    let mut program = match start(&words) {
        Ok(program) => program,
        Err(error) => {
            let name = words.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            return tell(&mut reports, &Report::Unstarted(format!("{name}: {error}"))).await;
        }
    };
    let group = group(&program);
    if let Some(group) = group {
        // A server that is gone is noticed below.
        let _ = tell(&mut reports, &Report::Started(group.as_raw_nonzero().get())).await;
    }
    let stdin = program.stdin.take();
    let end = watch(&mut program, group, stdin, &input, orders).await?;
    sweep(group).await;
    tell(&mut reports, &end).await
}

/// The server's end of what is this process's standard input.
fn server() -> std::io::Result<(OwnedReadHalf, OwnedWriteHalf)> {
    // A copy that no program inherits; standard input itself is replaced in the program.
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    let socket = Socket::from(socket);
    socket.set_nonblocking(true)?;
    Ok(UnixStream::from_std(socket)?.into_split())
}

/// Reads what the program is to be given: all of it, or the server is gone and nothing is started.
async fn input(orders: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let length = orders.read_u64().await?;
    if length > INPUT_BYTES_MAX {
        return Err(std::io::Error::other("the input is too long"));
    }
    let mut input = Vec::new();
    orders.take(length).read_to_end(&mut input).await?;
    if input.len() as u64 != length {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(input)
}

fn start(words: &[OsString]) -> std::io::Result<Child> {
    let (name, arguments) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    // A group of its own, so that one signal reaches a whole pipeline. What it prints goes to the server.
    Command::new(name).args(arguments).stdin(Stdio::piped()).process_group(0).spawn()
}

/// The program's group has the number of its first process.
fn group(program: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(program.id()?).ok()?)
}

/// Feeds the program and waits for its end, doing as it is told meanwhile.
async fn watch(
    program: &mut Child,
    group: Option<Pid>,
    stdin: Option<ChildStdin>,
    input: &[u8],
    mut orders: OwnedReadHalf,
) -> std::io::Result<Report> {
    let mut feeding = std::pin::pin!(feed(stdin, input));
    let mut silence = std::pin::pin!(tokio::time::sleep(SILENCE_MAX));
    let (mut is_fed, mut is_told, mut is_silent) = (false, true, false);
    loop {
        tokio::select! {
            biased;
            status = program.wait() => return status.map(|status| if is_silent { Report::Abandoned } else { report(status) }),
            order = orders.read_u8(), if is_told => {
                silence.as_mut().reset(Instant::now() + SILENCE_MAX);
                match order.map(Order::from_byte) {
                    Ok(Order::Pulse) => {}
                    Ok(Order::End) => send(group, Signal::TERM),
                    Ok(Order::Kill) => send(group, Signal::KILL),
                    Err(_) => {
                        is_told = false;
                        send(group, Signal::KILL);
                    }
                }
            }
            () = &mut silence, if !is_silent => {
                is_silent = true;
                send(group, Signal::KILL);
            }
            () = &mut feeding, if !is_fed => is_fed = true,
        }
    }
}

/// Writes the input and closes it. A program need not read what it is given.
async fn feed(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
    }
}

/// Signals the program's group. Its first process has not been waited for, so the number is still its own.
fn send(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

fn report(status: ExitStatus) -> Report {
    match (status.code(), status.signal()) {
        (Some(code), _) => Report::Exited(code),
        (None, Some(signal)) => Report::Signaled(signal),
        (None, None) => Report::Exited(-1),
    }
}

async fn tell(reports: &mut OwnedWriteHalf, report: &Report) -> std::io::Result<()> {
    reports.write_all(report.line().as_bytes()).await
}

#[cfg(target_os = "linux")]
fn show_name() {
    // Where the system refuses, the shim is a bit easier to confuse with a server, and no more.
    let _ = rustix::thread::set_name(SHOWN);
}

#[cfg(not(target_os = "linux"))]
fn show_name() {}

/// Has processes that lose their parent become this one's children.
#[cfg(target_os = "linux")]
fn adopt() {
    // Without it, what left the program's group is not found: all else goes on.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

#[cfg(not(target_os = "linux"))]
fn adopt() {}
