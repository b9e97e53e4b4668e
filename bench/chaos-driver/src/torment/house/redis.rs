//! Two redis-servers that keep every write, a proxy before each, and a Sentinel that says which is the master.
//!
//! Everybody goes through the proxies, the replica and the Sentinel too, since that is how the two are known. The
//! Sentinel takes nobody for down: a replica takes over only when it has everything, for what a master has
//! acknowledged and not sent is lost by any other way, and no store on a Redis can help it.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use redis::{Connection, FromRedisValue, InfoDict, Value, cmd};
use sancho::Client;
use sancho::core::Level;
use sancho_testkit::proxy::Way;
use sancho_testkit::{Proxy, RedisSentinel, RedisServer};

use super::{Environment, Made};
use crate::dice::roll;

/// The name by which the Sentinel knows the master.
const MASTER: &str = "mymaster";

/// How often something that has to come about is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long the parts of a failover may take.
const LEVEL_MAX: Duration = Duration::from_secs(30);
const HAND_OVER_MAX: Duration = Duration::from_secs(15);
const FOLLOW_MAX: Duration = Duration::from_secs(40);

/// How long a cut may wait for bytes to pass.
const CUT_MAX: Duration = Duration::from_secs(5);

/// Bytes after which connections are cut: a few commands of single jobs, or the middle of a large one.
const CUT_BYTES: u64 = 20_000;

/// How often a redis-server is started on what a power cut has left.
const STARTS_MAX: u32 = 3;

#[derive(Debug)]
struct Node {
    server: RedisServer,
    proxy: Proxy,
}

#[derive(Debug)]
pub(in super::super) struct RedisHouse {
    sentinel: RedisSentinel,
    nodes: [Node; 2],
    /// Which of the nodes is the master.
    master: usize,
}

impl Node {
    fn start(directory: &Path, logs: &Path, name: &str) -> Result<Self> {
        let files = directory.join(name);
        std::fs::create_dir(&files).with_context(|| format!("failed to make {}", files.display()))?;
        let proxy = Proxy::start(0);
        let (log, port) = (logs.join(format!("{name}.log")), proxy.port().to_string());
        let mut arguments = vec!["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
        arguments.extend(["--repl-diskless-sync-delay", "0", "--replica-announce-ip", "127.0.0.1"]);
        arguments.extend(["--replica-announce-port", &port]);
        let log = log.to_string_lossy();
        arguments.extend(["--logfile", &log]);
        let server = RedisServer::start_in(&files, &arguments);
        proxy.point_at(server.port());
        Ok(Node { server, proxy })
    }

    fn ask<T: FromRedisValue>(&self, words: &[&str]) -> Result<T> {
        ask(self.server.port(), words)
    }

    fn role(&self) -> Result<String> {
        let role: Vec<Value> = self.ask(&["ROLE"])?;
        let first = role.into_iter().next().context("ROLE answers nothing")?;
        Ok(redis::from_redis_value(first)?)
    }

    fn follow(&self, master: &Node) -> Result<()> {
        self.ask::<Value>(&["REPLICAOF", "127.0.0.1", &master.proxy.port().to_string()]).map(drop)
    }
}

impl RedisHouse {
    pub(super) fn open(directory: &Path, logs: &Path) -> Result<Self> {
        let nodes = [Node::start(directory, logs, "redis-0")?, Node::start(directory, logs, "redis-1")?];
        nodes[1].follow(&nodes[0])?;
        wait_until(LEVEL_MAX, "the replica has everything", || has_replica(&nodes[0]))?;
        let sentinel = RedisSentinel::watch_at(MASTER, nodes[0].proxy.port(), 1);
        let never = Duration::from_secs(24 * 60 * 60).as_millis().to_string();
        ask::<Value>(sentinel.port(), &["SENTINEL", "SET", MASTER, "down-after-milliseconds", &never])?;
        let house = RedisHouse { sentinel, nodes, master: 0 };
        wait_until(LEVEL_MAX, "the Sentinel knows the replica", || house.sentinel_knows_replica())?;
        Ok(house)
    }

    pub(super) fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/{MASTER}/0", self.sentinel.port())
    }

    fn master(&self) -> &Node {
        &self.nodes[self.master]
    }

    fn sentinel_knows_replica(&self) -> Result<bool> {
        let replicas: Vec<Value> = ask(self.sentinel.port(), &["SENTINEL", "REPLICAS", MASTER])?;
        Ok(format!("{replicas:?}").contains("master-link-status\"'), bulk-string('\"ok"))
    }

    /// Starts again what has ended by itself, as a redis-server does that cannot append to its file.
    pub(super) fn recover(&mut self) -> Result<()> {
        let master = self.master;
        for turn in [master, 1 - master] {
            if !self.nodes[turn].server.is_running() {
                eprintln!("redis-{turn} has ended by itself, and is started again");
                self.nodes[turn].server.restart();
                if turn != master {
                    self.nodes[turn].follow(&self.nodes[master])?;
                }
            }
        }
        Ok(())
    }

    /// Kills both at once.
    pub(super) fn end(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.server.kill());
    }

    /// Starts both again after [`end`](Self::end), the master first, each with this environment.
    pub(super) fn begin(&mut self, environment: &Environment) -> Result<()> {
        for turn in [self.master, 1 - self.master] {
            self.nodes[turn].server.set_environment(environment.clone());
            // A cut may leave a torn end, which Redis mends as it ends.
            self.nodes[turn].server.restart_within(STARTS_MAX);
        }
        self.nodes[1 - self.master].follow(self.master())
    }

    pub(in super::super) fn kill(&mut self) {
        let master = self.master;
        self.nodes[master].server.kill();
    }

    /// Starts the master again after [`kill`](Self::kill), with the same files.
    pub(in super::super) fn start_again(&mut self) {
        let master = self.master;
        self.nodes[master].server.restart();
    }

    pub(in super::super) fn freeze(&self) {
        self.master().server.freeze();
    }

    pub(in super::super) fn thaw(&self) {
        self.master().server.thaw();
    }

    /// Whether there is room in memory.
    pub(in super::super) fn limit_memory(&self, limit: &str) -> Result<()> {
        self.master().ask::<Value>(&["CONFIG", "SET", "maxmemory", limit]).map(drop)
    }

    pub(in super::super) fn kill_clients(&self) -> Result<Made> {
        let killed: u64 = self.master().ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])?;
        Ok(if killed > 0 { Made::Yes } else { Made::No("nobody was connected".to_owned()) })
    }

    pub(in super::super) fn flush_scripts(&self) -> Result<()> {
        self.master().ask::<Value>(&["SCRIPT", "FLUSH"]).map(drop)
    }

    /// Cuts every connection so often, each time in the middle of what passes, now one way and now the other.
    pub(in super::super) fn cut(&self, times: u64, dice: u64) -> Result<Made> {
        let proxy = &self.master().proxy;
        for time in 0..times {
            let chance = roll(dice, time);
            let way = if chance.is_multiple_of(2) { Way::ToServer } else { Way::ToClient };
            let before = proxy.cuts();
            proxy.cut_after(way, (chance >> 1) % CUT_BYTES);
            if wait_until(CUT_MAX, "bytes passed", || Ok(proxy.cuts() > before)).is_err() {
                proxy.cut_after(way, u64::MAX);
                return Ok(Made::No(format!("only {time} of {times} cuts were made: nothing passed")));
            }
        }
        Ok(Made::Yes)
    }

    /// Has the replica take over once it has everything, and the Sentinel follow.
    ///
    /// The master does not take writes until the replica has all that it acknowledged: nothing may be lost.
    pub(in super::super) fn fail_over(&mut self) -> Result<Made> {
        let (old, new) = (self.master, 1 - self.master);
        let (master, replica) = (&self.nodes[old], &self.nodes[new]);
        wait_until(LEVEL_MAX, "the replica has everything", || Ok(has_replica(master)? && keeps_writes(replica)?))?;
        master.ask::<Value>(&["FAILOVER", "TIMEOUT", &HAND_OVER_MAX.as_millis().to_string()])?;
        let mut is_over = || -> Result<bool> {
            let info: InfoDict = master.ask(&["INFO", "replication"])?;
            Ok(info.get::<String>("master_failover_state").as_deref() == Some("no-failover"))
        };
        wait_until(2 * HAND_OVER_MAX, "the master has handed over, or given up", &mut is_over)?;
        if master.role()? == "master" {
            return Ok(Made::No("the replica did not catch up in time, and the master stayed".to_owned()));
        }
        ensure!(replica.role()? == "master", "nobody is the master after a failover");
        self.master = new;
        let sentinel = self.sentinel.port();
        // It refuses while it is not yet sure of the replica, or still busy with the last failover.
        let ordered = || Ok(ask::<Value>(sentinel, &["SENTINEL", "FAILOVER", MASTER]).is_ok());
        wait_until(FOLLOW_MAX, "the Sentinel takes the order", ordered)?;
        let port = self.master().proxy.port();
        let follows = || {
            let (_, named): (String, u16) = ask(sentinel, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER])?;
            Ok(named == port)
        };
        wait_until(FOLLOW_MAX, "the Sentinel names the new master", follows)?;
        Ok(Made::Yes)
    }
}

/// What the store finds wrong with itself, as `sancho doctor` tells it: problems, not warnings, since processes that
/// were killed a moment ago are among those.
pub(super) async fn complaints(client: &Client) -> Result<Vec<String>> {
    let findings = client.inspect().checkup(client.clock().now()).await.context("failed to check the store")?;
    for finding in &findings {
        eprintln!("{}: {}", finding.level.as_str(), finding.what);
    }
    let problems = findings.into_iter().filter(|finding| finding.level >= Level::Problem);
    Ok(problems.map(|finding| format!("doctor: {}", finding.what)).collect())
}

/// Whether the one replica has everything but what is on its way.
fn has_replica(master: &Node) -> Result<bool> {
    let info: InfoDict = master.ask(&["INFO", "replication"])?;
    Ok(info.get::<String>("slave0").is_some_and(|replica| replica.contains("state=online")))
}

/// Whether its append-only file is whole: after it has copied everything from its master it writes a new one, and is
/// no better than its memory until that is done.
fn keeps_writes(node: &Node) -> Result<bool> {
    let info: InfoDict = node.ask(&["INFO", "persistence"])?;
    let is_off = |name: &str| info.get::<u64>(name) == Some(0);
    Ok(is_off("loading") && is_off("aof_rewrite_in_progress") && is_off("aof_rewrite_scheduled"))
}

fn ask<T: FromRedisValue>(port: u16, words: &[&str]) -> Result<T> {
    let mut connection = connect(port)?;
    let mut command = cmd(words[0]);
    command.arg(&words[1..]).query(&mut connection).with_context(|| format!("Redis refused {}", words.join(" ")))
}

fn connect(port: u16) -> Result<Connection> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/0"))?;
    let connection = client.get_connection_with_timeout(HAND_OVER_MAX).context("failed to reach Redis")?;
    connection.set_read_timeout(Some(HAND_OVER_MAX))?;
    Ok(connection)
}

fn wait_until(bound: Duration, what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + bound;
    while !is_so()? {
        if Instant::now() > deadline {
            bail!("it did not come about within {bound:?} that {what}");
        }
        sleep(LOOK_EVERY);
    }
    Ok(())
}
