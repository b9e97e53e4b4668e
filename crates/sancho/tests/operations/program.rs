//! A program that performs jobs, in a process of its own, as `sancho::cli` runs it, and what tests see of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sancho::cli::clap::{self, Args, FromArgMatches};
use sancho::cli::{App, Options};
use sancho::{Client, Context, Job, JobResult, Perform};
use serde::{Deserialize, Serialize};

/// Far longer than anything here takes: it turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The arguments of the program, one a line.
const ARGUMENTS: &str = "SANCHO_TEST_ARGUMENTS";

/// Does nothing.
#[derive(Job, Serialize, Deserialize)]
pub(crate) struct Nothing {
    pub(crate) number: u64,
}

impl Perform<()> for Nothing {
    async fn perform(self, _: &Context<()>) -> JobResult {
        Ok(())
    }
}

/// Fails with this message, which it repeats so many times.
#[derive(Job, Serialize, Deserialize)]
#[job(retry = false, tags("eu", "big"))]
pub(crate) struct Fail {
    pub(crate) message: String,
    pub(crate) times: usize,
}

impl Perform<()> for Fail {
    async fn perform(self, _: &Context<()>) -> JobResult {
        let message = self.message.repeat(self.times);
        tracing::info!(said = message, "the application says {message}");
        Err(std::io::Error::other(message).into())
    }
}

/// Runs until the server stops.
#[derive(Job, Serialize, Deserialize)]
pub(crate) struct Linger {}

impl Perform<()> for Linger {
    async fn perform(self, cx: &Context<()>) -> JobResult {
        cx.stopping().await;
        Ok(())
    }
}

#[test]
#[ignore = "the program that the other tests start, in a process of its own"]
fn main() -> ExitCode {
    let arguments = std::env::var(ARGUMENTS).expect("the test that starts this gives it arguments");
    let command = Options::augment_args(clap::Command::new("worker").no_binary_name(true));
    let matches = command.get_matches_from(arguments.lines());
    let options = Options::from_arg_matches(&matches).expect("what was parsed is there");
    let app = App::new("worker", async |_: Client| Ok::<_, std::io::Error>(()));
    sancho::cli::serve(app.register::<Nothing>().register::<Fail>().register::<Linger>(), options)
}

/// The program, about to be started in this folder.
pub(crate) fn command(
    folder: &tempfile::TempDir,
    store: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Command {
    let arguments = [&["--store", store], arguments].concat().join("\n");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--ignored", "--exact", "program::main", "--nocapture"]);
    for name in ["SANCHO_LOG", "RUST_LOG", "NOTIFY_SOCKET", "WATCHDOG_USEC", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.current_dir(folder.path()).env(ARGUMENTS, arguments).envs(variables.iter().copied());
    command
}

/// The program as it runs. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    /// What it writes on standard error, line by line.
    errors: Receiver<String>,
    pub(crate) folder: tempfile::TempDir,
}

impl Program {
    /// Starts it on the store of a folder of its own, with more arguments and variables.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = format!("sqlite://{}", folder.path().join("jobs.db").display());
        Program::start_on(folder, &store, arguments, variables)
    }

    pub(crate) fn start_on(
        folder: tempfile::TempDir,
        store: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = command(&folder, store, arguments, variables);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (tell, errors) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        // Read to the end, so that a full pipe never stops the program.
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| _ = tell.send(line)));
        Program { child, errors, folder }
    }

    /// The next line on standard error that contains this.
    pub(crate) fn line_with(&self, part: &str) -> String {
        let mut seen = String::new();
        loop {
            let line = self.errors.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("no line with {part:?}: {error}; there were\n{seen}"));
            if line.contains(part) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
    }

    /// Waits until it takes jobs.
    pub(crate) fn ready(self) -> Self {
        self.line_with("the server takes jobs");
        self
    }

    /// All further lines on standard error, once it has ended.
    pub(crate) fn rest(&self) -> String {
        self.errors.iter().map(|line| line + "\n").collect()
    }

    pub(crate) async fn client(&self) -> Client {
        sancho::connect(&format!("sqlite://{}", self.path("jobs.db").display())).await.expect("opens")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the program is there");
    }

    /// Stops it, and waits for its end.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.child.wait().expect("it is our child")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Asks until the answer is yes; fails when it never is.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let (tick, ticks) = (Duration::from_millis(20), PATIENCE.as_millis() / 20);
    let (_keep, never) = channel::<()>();
    for _ in 0..ticks {
        if is_so() {
            return;
        }
        _ = never.recv_timeout(tick);
    }
    panic!("{what}: this has not come true");
}

/// The text of a file; empty while it is not there.
pub(crate) fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// An answer of HTTP: its status, its head and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends a request's head, and reads the whole answer.
pub(crate) fn request(address: SocketAddr, head: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket has a time");
    stream.write_all(format!("{head}\r\nHost: probes\r\n\r\n").as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer of HTTP: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, &format!("GET {path} HTTP/1.1"))
}
