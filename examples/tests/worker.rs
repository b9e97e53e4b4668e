//! The program of examples/worker.rs, started with its configuration and flags.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

/// The program. It is built with the tests of this package, unless one of them alone is asked for.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let folder = test.parent().and_then(Path::parent).expect("it stands in target/debug/deps");
    let program = folder.join("examples/worker");
    assert!(program.exists(), "build it first: cargo build -p sancho-examples --example worker");
    program
}

/// A directory with the example's configuration, to start the program in.
fn bench() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sancho.yml");
    std::fs::create_dir(directory.path().join("config")).expect("a folder");
    std::fs::copy(config, directory.path().join("config/sancho.yml")).expect("the example's configuration");
    directory
}

fn worker(directory: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(directory.path()).args(args).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let ours = name.to_str().is_some_and(|name| name.starts_with("SANCHO_") || name.ends_with("_ENV"));
        if ours || name == "RUST_LOG" || name == "RAILS_MAX_THREADS" {
            command.env_remove(name);
        }
    }
    command
}

fn output(directory: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = worker(directory, args).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// A program that runs, and is killed when the test is over.
struct Running {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Running {
    fn start(directory: &TempDir, args: &[&str]) -> Self {
        let mut command = worker(directory, args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let out = lines(child.stdout.take().expect("piped"));
        let err = lines(child.stderr.take().expect("piped"));
        Running { child, out, err }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -s {signal} {}", self.pid())]).status();
        assert!(sent.expect("sh starts").success(), "{signal} was sent");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Reads until a line says this. Answers that line.
#[track_caller]
fn until(lines: &Receiver<String>, said: &str) -> String {
    let mut before = Vec::new();
    loop {
        match lines.recv_timeout(Duration::from_secs(60)) {
            Ok(line) if line.contains(said) => return line,
            Ok(line) => before.push(line),
            Err(error) => panic!("nothing said {said:?} ({error}): {before:#?}"),
        }
    }
}

#[tokio::test]
async fn the_program_performs_jobs_as_its_configuration_and_flags_say() {
    let directory = bench();
    let url = format!("sqlite://{}", directory.path().join("jobs.db").display());
    let client = sancho::connect(&url).await.expect("a store");
    let greet = |name| sancho::Raw::new("Greet", (name,));
    client.push(greet("Ada")).queue("critical").await.expect("pushed");
    client.push(greet("Eve")).queue("elsewhere").await.expect("pushed");
    let args = ["-C", "config/sancho.yml", "-q", "critical,6", "-q", "default,1", "-c", "7", "--store", &url];
    let running = Running::start(&directory, &args);
    until(&running.out, "hello, Ada");
    until(&running.out, "note: Ada was greeted");
    client.push(greet("Bob")).await.expect("pushed");
    until(&running.out, "hello, Bob");
    let warning = until(&running.err, "the pool primary");
    assert!(
        warning.contains("5 connections")
            && warning.contains("8 slots")
            && warning.contains("the slots 5, by the concurrency of its capsules"),
        "{warning}"
    );
    let (inspect, now) = (client.inspect(), client.clock().now());
    let processes = inspect.processes(now).await.expect("the processes");
    assert_eq!(processes.len(), 1, "{processes:?}");
    let mut queues: Vec<&str> = processes[0].info.queues.iter().map(|queue| queue.as_str()).collect();
    queues.sort_unstable();
    assert_eq!(queues, ["critical", "default", "low"]);
    assert_eq!((processes[0].info.slots, processes[0].info.tag.as_str()), (8, "shop"));
    running.signal("TERM");
    let mut running = running;
    assert_eq!(running.child.wait().expect("it ends").code(), Some(0), "stopped as it was asked to");
    let elsewhere = inspect.queues(now).await.expect("the queues");
    assert!(elsewhere.iter().any(|queue| queue.name.as_str() == "elsewhere" && queue.size == 1), "{elsewhere:?}");
}

#[test]
fn the_program_tells_its_configuration_and_what_is_wrong_with_it() {
    let directory = bench();
    let (code, out, err) = output(&directory, &["--check-config", "-e", "production", "-q", "critical,6"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let row = |key: &str| {
        let line = out.lines().find(|line| line.split_whitespace().next() == Some(key)).expect(key);
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("concurrency"), "25 config/sancho.yml:25");
    assert_eq!(row("queues"), "critical,6 -q, --queue");
    assert_eq!(row("capsules.notes.concurrency"), "1 config/sancho.yml:12");
    assert_eq!(row("classes.Note.retry"), "3 config/sancho.yml:18");
    assert_eq!(row("max_retries"), "25 default");
    let (code, out, _) = output(&directory, &["--check-config", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (code, &json["settings"]["concurrency"]["value"]),
        (Some(0), &serde_json::json!("5".parse::<u64>().ok()))
    );

    let (code, out, err) = output(&directory, &["-c", "many", "-t", "soon"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err.lines().count(), 2, "{err}");
    assert!(err.contains("shop: -c, --concurrency: concurrency: \"many\""), "{err}");
    let (code, _, err) = output(&directory, &["--concurency", "5"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("--concurrency"), "{err}");
    let (code, out, _) = output(&directory, &["--help"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("Exit codes:") && out.contains("-C, --config <FILE>"), "{out}");
    let (code, out, _) = output(&directory, &["--version"]);
    assert_eq!((code, out.as_str()), (Some(0), concat!("shop ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn a_store_that_cannot_be_opened_ends_the_program_with_one() {
    let directory = bench();
    let (code, _, err) = output(&directory, &["--store", "sqlite:///nowhere/at/all.db"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("/nowhere/at/all.db"), "{err}");
}

#[test]
fn settings_of_a_class_that_is_nearly_registered_are_told_and_a_burst_ends_by_itself() {
    let directory = bench();
    let text = "classes:\n  Greeet: { retry: 1 }\n  Elsewhere: { queue: far }\n";
    std::fs::write(directory.path().join("slip.yml"), text).expect("a file");
    let (code, _, err) = output(&directory, &["-C", "slip.yml", "--burst", "-L", "worker.log"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "the log is in its file");
    let log = std::fs::read_to_string(directory.path().join("worker.log")).expect("the log");
    assert!(log.contains("classes.Greeet: no class of this name is registered: did you mean Greet?"), "{log}");
    assert!(!log.contains("Elsewhere"), "a class may be one that is pushed alone: {log}");
}
