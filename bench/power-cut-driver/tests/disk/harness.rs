//! A directory whose power can be cut, and programs that write in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use power::{Restored, Supply, Survival};
use tempfile::TempDir;

static LIBRARY: Once = Once::new();

/// The directory of one test.
pub(crate) struct Disk(TempDir);

impl Disk {
    pub(crate) fn new() -> Self {
        LIBRARY.call_once(build_library);
        let disk = Disk(tempfile::tempdir().expect("a directory"));
        std::fs::create_dir(disk.watched()).expect("a directory");
        disk
    }

    pub(crate) fn watched(&self) -> PathBuf {
        self.0.path().join("watched")
    }

    /// A directory outside the watched one.
    pub(crate) fn outside(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.watched().join(name)
    }

    pub(crate) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.file(name)).ok()
    }

    /// Begins a cycle: all that is there is synced.
    pub(crate) fn power_on(&self) -> Supply {
        Supply::on(&self.watched(), &self.0.path().join("cycle")).expect("a cycle")
    }

    /// Begins a cycle, takes steps in one process, cuts and restores.
    pub(crate) fn steps(&self, steps: &[&str], seed: u64, survival: Survival) -> Restored {
        let supply = self.power_on();
        self.program(Some(&supply), &[&["steps"], steps].concat()).wait_for(&steps.len().to_string());
        supply.cut().expect("the power is cut");
        supply.restore(seed, survival).expect("the disk is restored")
    }

    /// Starts this package's program in the watched directory.
    pub(crate) fn program(&self, supply: Option<&Supply>, arguments: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_power-cut-driver"));
        command.args(arguments);
        self.start(supply, command)
    }

    /// Starts any program in the watched directory.
    pub(crate) fn start(&self, supply: Option<&Supply>, mut command: Command) -> Program {
        if let Some(supply) = supply {
            command.envs(supply.environment().expect("the library is built"));
        }
        command.current_dir(self.watched()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = command.spawn();
        let mut child = started.unwrap_or_else(|error| {
            let program = command.get_program().display();
            panic!("{program} does not start ({error}): redis-server comes with apt-get install redis-server")
        });
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        Program { child, output }
    }
}

/// A running program, killed on drop.
pub(crate) struct Program {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Program {
    /// Reads on until the program has said this line.
    pub(crate) fn wait_for(&mut self, wanted: &str) {
        while let Some(line) = self.next_line() {
            if line == wanted {
                return;
            }
        }
        panic!("the program ended and never said {wanted:?}");
    }

    /// The next line that the program says, or `None` when it has ended.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).expect("its output is read");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Kills it, and answers what it had still said.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
        std::iter::from_fn(|| self.next_line()).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again, for two minutes at most, until there is an answer.
pub(crate) fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..60_000 {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("waited in vain until {what}");
}

/// Cargo builds no library for a test that does not link it.
fn build_library() {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "build",
        "--quiet",
        "-p",
        "unsynced",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"),
    ]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let built = command.status().expect("cargo runs");
    assert!(built.success(), "the library unsynced is built");
}
