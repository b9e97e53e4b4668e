//! Logs of a program that performs jobs: real processes, real files, real signals.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::program::{Fail, Nothing, Program, command, text, until};

/// Bytes of a line that no hostile payload may exceed: the message, the fields, and escapes for each of their bytes.
const LINE_BYTES_MAX: usize = 128 * 1024;

/// What would break a line, steer a terminal or turn text round.
const HOSTILE: &str = "a\nb\r\u{1b}[2J\u{0}\u{85}\u{2028}\u{202e}\"=\\ level=error";

fn lines_of(log: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}"));
    log.lines().map(read).collect()
}

fn with_message<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["msg"] == message).collect()
}

#[tokio::test]
async fn each_job_has_a_line_at_its_start_and_at_its_end_and_none_tells_its_arguments() {
    let mut program = Program::start(&["--log-format", "json"], &[]).ready();
    let client = program.client().await;
    let done = client.push(Nothing { number: 74_123_987 }).tags(["eu"]).await.expect("pushed").jid;
    let start_line = json(&program.line_with("\"start\""));
    let done_line = json(&program.line_with("\"done\""));
    let failed = client.push(Fail { message: "no such user".to_owned(), times: 1 }).await.expect("pushed").jid;
    let said_line = json(&program.line_with("the application says"));
    let failed_line = json(&program.line_with("\"fail\""));
    assert!(program.stop().success());
    let rest = program.rest();

    assert_eq!((&start_line["jid"], &start_line["class"]), (&done.as_str().into(), &"Nothing".into()));
    assert_eq!((&done_line["jid"], &done_line["class"]), (&done.as_str().into(), &"Nothing".into()));
    assert_eq!((&done_line["queue"], &done_line["attempt"]), (&"default".into(), &1.into()));
    assert_eq!((&done_line["tags"], &done_line["level"]), (&"eu".into(), &"info".into()));
    assert!(done_line["elapsed_ms"].is_number(), "{done_line}");
    assert_eq!((&failed_line["jid"], &said_line["jid"]), (&failed.as_str().into(), &failed.as_str().into()));
    assert_eq!((&said_line["class"], &failed_line["tags"]), (&"Fail".into(), &"eu,big".into()));
    assert_eq!((&failed_line["error_message"], &failed_line["level"]), (&"no such user".into(), &"warn".into()));
    assert!(!format!("{start_line}{done_line}{rest}").contains("74123987"), "arguments are told");
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}"))
}

#[tokio::test]
async fn arguments_are_told_when_somebody_asks() {
    let program = Program::start(&["--log-format", "json"], &[("SANCHO_LOG_ARGS", "true")]).ready();
    program.client().await.push(Nothing { number: 74_123_987 }).await.expect("pushed");
    assert_eq!(json(&program.line_with("\"start\""))["args"], "[74123987]");
}

#[tokio::test]
async fn a_log_that_is_rotated_under_load_loses_and_splits_no_line() {
    const JOBS_PER_ROTATION: u64 = 300;
    const ROTATIONS: usize = 6;
    const JOBS: u64 = JOBS_PER_ROTATION * ROTATIONS as u64;
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("worker.log");
    let path = log.to_str().expect("a path in UTF-8");
    let mut program = Program::start(&["--log-format", "json", "--logfile", path], &[]);
    until("the server takes jobs", || text(&log).contains("the server takes jobs"));
    let client = program.client().await;
    for rotation in 1..=ROTATIONS {
        client.push_bulk((0..JOBS_PER_ROTATION).map(|number| Nothing { number })).await.expect("pushed");
        until("jobs begin", || text(&log).contains("\"start\""));
        fs::rename(&log, folder.path().join(format!("worker.log.{rotation}"))).expect("renamed");
        program.signal(Signal::USR2);
        until("the log is opened again", || log.exists());
    }
    let all = || {
        let names = (1..=ROTATIONS).map(|rotation| format!("worker.log.{rotation}")).chain(["worker.log".to_owned()]);
        names.map(|name| text(folder.path().join(name))).collect::<String>()
    };
    until("every job is done", || all().matches("\"msg\":\"done\"").count() as u64 >= JOBS);
    assert!(program.stop().success());

    let lines = lines_of(&all());
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    for line in with_message(&lines, "done") {
        *done.entry(line["jid"].as_str().expect("a jid")).or_default() += 1;
    }
    assert_eq!((done.len() as u64, done.values().max()), (JOBS, Some(&1)));
    assert_eq!(with_message(&lines, "start").len() as u64, JOBS);
    assert_eq!(with_message(&lines, "the log goes on").len(), ROTATIONS);
}

#[tokio::test]
async fn what_a_payload_says_stays_on_one_line_of_bounded_length_in_every_form() {
    for format in ["pretty", "logfmt", "json"] {
        let mut program = Program::start(&["--log-format", format], &[]).ready();
        let client = program.client().await;
        client.push(Fail { message: HOSTILE.to_owned(), times: 1 }).await.expect("pushed");
        client.push(Fail { message: HOSTILE.to_owned(), times: (1 << 20) / HOSTILE.len() }).await.expect("pushed");
        let fails = [program.line_with("io::error::Error"), program.line_with("io::error::Error")];
        assert!(program.stop().success());
        for line in fails {
            assert!(line.len() < LINE_BYTES_MAX, "{format}: {} bytes", line.len());
            let hazard = line.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}'));
            assert_eq!(hazard, None, "{format}: {line}");
            assert!(line.contains("class") && line.contains("jid") && line.contains("elapsed_ms"), "{format}: {line}");
        }
    }
}

#[test]
fn a_log_file_that_cannot_be_opened_is_said_at_the_start_with_what_to_do() {
    let mut program = Program::start(&["--logfile", "not/there/worker.log"], &[]);
    assert!(!program.end().success());
    let said = program.rest();
    assert!(said.contains("not/there/worker.log") && said.contains("create the folder not/there first"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_said_at_the_start() {
    let mut program = Program::start(&["--logfile", "/dev/full"], &[]);
    assert!(!program.end().success());
    let said = program.rest();
    assert!(said.contains("/dev/full") && said.contains("make room"), "{said}");
}

#[tokio::test]
async fn a_log_that_cannot_be_opened_again_goes_on_where_it_was_and_stops_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (logs, moved) = (folder.path().join("logs"), folder.path().join("moved"));
    fs::create_dir(&logs).expect("made");
    let path = logs.join("worker.log");
    let mut program = Program::start(&["--logfile", path.to_str().expect("a path in UTF-8")], &[]);
    until("the server takes jobs", || text(&path).contains("the server takes jobs"));
    fs::rename(&logs, &moved).expect("renamed");
    program.signal(Signal::USR2);
    let log = || text(moved.join("worker.log"));
    until("the failure is told", || log().contains("failed to open the log again"));
    program.client().await.push(Nothing { number: 1 }).await.expect("pushed");
    until("the job is done, and told", || log().contains("msg=done"));
    assert!(program.stop().success());
}

#[test]
fn a_level_may_come_from_the_environment_and_one_that_is_none_is_refused() {
    let mut program = Program::start(&[], &[("SANCHO_LOG", "warn,sancho=loud")]);
    assert!(!program.end().success());
    let said = program.rest();
    assert!(said.contains("sancho=loud") || said.contains("loud"), "{said}");
}

#[test]
fn elsewhere_than_on_a_terminal_a_line_is_logfmt_without_colors() {
    let program = Program::start(&[], &[]);
    let line = program.line_with("the server takes jobs");
    assert!(line.starts_with("ts=2") && line.contains(" level=info ") && !line.contains('\u{1b}'), "{line}");
}

#[test]
fn on_a_terminal_a_line_is_for_people_with_colors_unless_somebody_wants_none() {
    let colored = on_a_terminal(&[("TERM", "xterm")]);
    assert!(colored.contains("\u{1b}[32m INFO\u{1b}[0m") && !colored.contains("level="), "{colored:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = on_a_terminal(&[variable]);
        assert!(plain.contains("  INFO ") && !plain.contains('\u{1b}'), "{plain:?}");
    }
}

/// The first line that says what the server is about, as a terminal shows it.
fn on_a_terminal(variables: &[(&str, &str)]) -> String {
    let owner = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&owner).expect("it is granted");
    unlockpt(&owner).expect("it is unlocked");
    let name = ptsname(&owner, Vec::new()).expect("it has a name").into_string().expect("a name in UTF-8");
    let screen = fs::OpenOptions::new().read(true).write(true).open(name).expect("it opens");
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = command(&folder, "sqlite://jobs.db", &[], variables);
    let mut child = command.stdout(Stdio::null()).stderr(screen).spawn().expect("it starts");
    // The program alone has the other end from now on: when it ends, so does what is read here.
    drop(command);
    let mut lines = BufReader::new(fs::File::from(owner)).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("the server takes jobs"));
    child.kill().expect("it runs");
    child.wait().expect("it is our child");
    line.expect("the server takes jobs")
}
