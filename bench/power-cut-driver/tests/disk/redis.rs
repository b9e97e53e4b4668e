//! A redis-server alone on the disk.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use power::{Supply, Survival};

use crate::harness::{Disk, Program, wait_until};

/// Keys that are written before each cut.
const KEYS: u32 = 200;

struct Server {
    program: Program,
    stream: BufReader<UnixStream>,
}

impl Server {
    fn start(disk: &Disk, supply: Option<&Supply>, sync: &str) -> Self {
        let (socket, log) = (disk.outside().join("redis.sock"), disk.outside().join("redis.log"));
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", sync]);
        command.arg("--unixsocket").arg(&socket).arg("--logfile").arg(log);
        let program = disk.start(supply, command);
        let stream = wait_until("redis-server listens", || UnixStream::connect(&socket).ok());
        let mut server = Server { program, stream: BufReader::new(stream) };
        wait_until("redis-server has read its files", || (server.ask("PING") == "+PONG").then_some(()));
        server
    }

    /// A command's answer, for those that answer with one line.
    fn ask(&mut self, command: &str) -> String {
        self.stream.get_mut().write_all(format!("{command}\r\n").as_bytes()).expect("it is sent");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("an answer");
        if let Some(length) = line.strip_prefix('$').and_then(|length| length.trim().parse::<usize>().ok()) {
            let mut body = vec![0; length + 2];
            self.stream.read_exact(&mut body).expect("an answer's body");
            return String::from_utf8_lossy(&body).trim().to_owned();
        }
        line.trim().to_owned()
    }
}

/// Writes keys, cuts, and answers how many are left. The file may be rewritten in the middle of it.
fn keys_left(sync: &str, rewrite: bool) -> u32 {
    let disk = Disk::new();
    Server::start(&disk, None, sync).program.kill();
    let supply = disk.power_on();
    let mut server = Server::start(&disk, Some(&supply), sync);
    for key in 0..KEYS {
        if rewrite && key == KEYS / 2 {
            assert!(server.ask("BGREWRITEAOF").contains("started"));
            wait_until("the file is rewritten", || {
                server.ask("INFO persistence").contains("aof_rewrite_in_progress:0").then_some(())
            });
        }
        assert_eq!(server.ask(&format!("SET key:{key} {}", "x".repeat(100))), "+OK");
    }
    supply.cut().expect("the power is cut");
    server.program.kill();
    let restored = supply.restore(7, Survival::Nothing).expect("the disk is restored");
    assert!(restored.changes > 1, "{restored:?}");
    let mut server = Server::start(&disk, None, sync);
    let left = server.ask("DBSIZE").trim_start_matches(':').parse().expect("a number");
    server.program.kill();
    left
}

#[test]
fn with_always_no_acknowledged_write_is_lost() {
    assert_eq!(keys_left("always", false), KEYS);
}

#[test]
fn with_always_no_acknowledged_write_is_lost_around_a_rewrite_of_the_file() {
    assert_eq!(keys_left("always", true), KEYS);
}

#[test]
fn with_no_sync_acknowledged_writes_are_lost() {
    assert_eq!(keys_left("no", false), 0);
}
