//! What the command asks and shows on a terminal: a pseudo-terminal stands in for one.
#![cfg(unix)]

mod harness;

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use harness::Bench;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bytes that are shown before what is looked for: more than a hundred looks at a small store.
const SHOWN_MAX: usize = 100_000;

/// A command on a terminal.
struct OnTerminal {
    child: Child,
    keyboard: File,
    /// The terminal's other side, to see how it is set.
    screen: File,
    shown: mpsc::Receiver<String>,
    seen: String,
}

impl OnTerminal {
    fn start(bench: &Bench, args: &[&str]) -> Self {
        let owner = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&owner).expect("it is granted");
        unlockpt(&owner).expect("it is unlocked");
        let name = ptsname(&owner, Vec::new()).expect("it has a name").into_string().expect("UTF-8");
        let open = || OpenOptions::new().read(true).write(true).open(&name).expect("it opens");
        let screen = open();
        let mut command = bench.command();
        let child = command.args(args).stdin(open()).stdout(open()).stderr(Stdio::from(open()));
        let child = child.spawn().expect("the command starts");
        let keyboard = File::from(owner);
        let mut reader = keyboard.try_clone().expect("it is read too");
        let (tell, shown) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if tell.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).is_err() {
                    break;
                }
            }
        });
        OnTerminal { child, keyboard, screen, shown, seen: String::new() }
    }

    /// Reads on until this has been shown.
    fn until(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let more = self.shown.recv_timeout(PATIENCE);
            self.seen.push_str(&more.unwrap_or_else(|_| panic!("{text:?} is never shown: {:?}", self.seen)));
            assert!(self.seen.len() < SHOWN_MAX, "{text:?} is never shown: {:?}", self.seen);
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    fn code(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It has ended as a rule: then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn many_jobs_are_touched_only_after_a_yes() {
    let bench = Bench::new();
    bench.ok(&["demo", "--jobs", "20"]);
    let question = "delete 2 jobs of the dead set? [y/N] ";
    for (answer, code, left) in [("n\n", 3, 2), ("\n", 3, 2), ("yes please\n", 3, 2), ("y\n", 0, 0)] {
        let mut asked = OnTerminal::start(&bench, &["delete", "dead"]);
        asked.until(question);
        asked.types(answer);
        assert_eq!((asked.code(), bench.total("dead")), (Some(code), left), "{answer:?}");
    }
    let mut asked = OnTerminal::start(&bench, &["clear", "low"]);
    asked.until("delete 2 jobs of the queue low? [y/N] ");
    asked.types("Y\n");
    asked.until("deleted 2 jobs of the queue low");
    assert_eq!(asked.code(), Some(0));
}

#[test]
fn numbers_are_drawn_until_q_and_the_terminal_is_as_it_was() {
    let bench = Bench::new();
    bench.ok(&["push", "A", "[]", "--queue", "low"]);
    let mut watching = OnTerminal::start(&bench, &["watch", "--every", "100ms"]);
    let modes = |it: &OnTerminal| tcgetattr(&it.screen).expect("it is a terminal").local_modes;
    let before = LocalModes::ICANON | LocalModes::ECHO;
    watching.until("every 100 ms, q ends");
    watching.until("\nlow ");
    assert!(!modes(&watching).intersects(before), "keys are read one by one, and not shown");
    bench.ok(&["push", "A", "[]", "--queue", "later"]);
    watching.until("\nlater ");
    watching.types("xq");
    assert_eq!(watching.code(), Some(0));
    assert!(modes(&watching).contains(before), "the terminal is as it was");
    watching.until("\x1b[?25h");
}

#[test]
fn an_interrupt_ends_the_watch_and_leaves_the_terminal_as_it_was() {
    let bench = Bench::new();
    bench.run(&["watch"]).refused(1, &["no store", "[open]"]);
    assert!(!bench.path("jobs.db").exists(), "who looks makes nothing");
    bench.ok(&["push", "A"]);
    let mut watching = OnTerminal::start(&bench, &["watch"]);
    watching.until("q ends");
    let pid = i32::try_from(watching.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("an id");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it is there");
    assert_eq!(watching.code(), Some(0));
    assert!(tcgetattr(&watching.screen).expect("it is a terminal").local_modes.contains(LocalModes::ICANON));
}
