//! What systemd and `ps` see of a program that performs jobs.

use std::os::unix::net::UnixDatagram;

use rustix::process::Signal;

use crate::program::{Linger, PATIENCE, Program, text, until};

/// The socket of a service manager, and what was said to it.
struct Manager(UnixDatagram);

impl Manager {
    fn listen(path: &std::path::Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("bound");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket has a time");
        Manager(socket)
    }

    /// Waits for a line that begins so, and answers the whole message.
    fn hear(&self, beginning: &str) -> Vec<String> {
        loop {
            let mut bytes = [0; 4096];
            let length = self.0.recv(&mut bytes).unwrap_or_else(|error| panic!("no {beginning}: {error}"));
            let message = String::from_utf8_lossy(&bytes[..length]);
            let lines: Vec<String> = message.lines().map(str::to_owned).collect();
            if lines.iter().any(|line| line.starts_with(beginning)) {
                return lines;
            }
        }
    }
}

#[tokio::test]
async fn systemd_hears_of_each_turn_in_the_life_of_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("notify");
    let manager = Manager::listen(&socket);
    let address = socket.to_str().expect("a path in UTF-8");
    let variables = [("NOTIFY_SOCKET", address), ("WATCHDOG_USEC", "200000")];
    let mut program = Program::start(&["-g", "shop", "-c", "7"], &variables);
    manager.hear("READY=1");
    let version = env!("CARGO_PKG_VERSION");
    manager.hear(&format!("STATUS=sancho {version} shop [0 of 7 busy]"));
    for _ in 0..3 {
        manager.hear("WATCHDOG=1");
    }
    program.client().await.push(Linger {}).await.expect("pushed");
    manager.hear(&format!("STATUS=sancho {version} shop [1 of 7 busy]"));
    program.signal(Signal::USR2);
    let reloading = manager.hear("RELOADING=1");
    assert!(reloading[1].starts_with("MONOTONIC_USEC="), "{reloading:?}");
    manager.hear("READY=1");
    program.signal(Signal::TSTP);
    manager.hear(&format!("STATUS=sancho {version} shop [1 of 7 busy] quiet"));
    program.signal(Signal::TERM);
    manager.hear("STOPPING=1");
    assert!(program.end().success());
}

#[test]
fn systemd_hears_of_several_processes_from_their_supervisor_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("notify");
    let manager = Manager::listen(&socket);
    let address = socket.to_str().expect("a path in UTF-8");
    let variables = [("NOTIFY_SOCKET", address), ("WATCHDOG_USEC", "200000")];
    let mut program = Program::start(&["-g", "shop", "--processes", "2"], &variables);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(manager.hear("STATUS="), [format!("STATUS=sancho {version} shop [supervises 2]")]);
    manager.hear("READY=1");
    for _ in 0..3 {
        assert_eq!(manager.hear("WATCHDOG=1"), ["WATCHDOG=1"], "and no process tells what it does");
    }
    program.signal(Signal::TERM);
    manager.hear("STOPPING=1");
    assert!(program.end().success());
}

#[tokio::test]
async fn ps_shows_how_many_slots_are_busy() {
    let program = Program::start(&["-c", "7", "-t", "60"], &[]).ready();
    let name = || text(format!("/proc/{}/comm", program.pid()));
    until("it is named", || name() == "sancho 0/7\n");
    program.client().await.push(Linger {}).await.expect("pushed");
    until("a slot is busy", || name() == "sancho 1/7\n");
    program.signal(Signal::TSTP);
    until("it is quiet", || name() == "sancho quiet 1\n");
}
