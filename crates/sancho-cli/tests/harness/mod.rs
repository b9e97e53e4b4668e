//! A directory with a store in it, and the command to run on it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The command, as it was built for the tests.
pub(crate) const SANCHO: &str = env!("CARGO_BIN_EXE_sancho");

/// A fresh directory, and a store: as a rule in it, at `sqlite://jobs.db`.
pub(crate) struct Bench {
    dir: TempDir,
    url: String,
}

/// What a run of the command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Bench::on("sqlite://jobs.db")
    }

    /// The same with a store elsewhere.
    pub(crate) fn on(url: &str) -> Self {
        Bench { dir: tempfile::tempdir().expect("a directory for the test"), url: url.to_owned() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The command in this directory, on its store.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(SANCHO);
        command.current_dir(self.dir.path()).env("SANCHO_URL", &self.url).stdin(Stdio::null());
        command
    }

    /// Runs the command with these arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        self.command().args(args).output().expect("the command starts").into()
    }

    /// Runs the command, which is to succeed; answers its standard output without the last line break.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(0), "sancho {args:?}: {answer:?}");
        answer.out.trim_end().to_owned()
    }

    /// Runs the command with `--json`, which is to succeed and print one object on one line.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.ok(&[&["--json"], args].concat());
        assert_eq!(out.lines().count(), 1, "one line: {out}");
        serde_json::from_str(&out).expect("JSON")
    }

    /// One of the totals.
    pub(crate) fn total(&self, name: &str) -> u64 {
        self.json(&["stats"])[name].as_u64().expect("an integer")
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Answer {
    /// Checks that the command refused, with this code, in one line that says all of this, and printed nothing else.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.out, "", "standard output stays clean");
        assert_eq!(self.err.lines().count(), 1, "one line: {:?}", self.err);
        assert!(self.err.starts_with("sancho: "), "{:?}", self.err);
        assert!(!self.err.contains("panicked"), "{:?}", self.err);
        for part in said {
            assert!(self.err.contains(part), "{part:?} in {:?}", self.err);
        }
    }
}
