//! A Redis of a test's own, and the ways to look at it.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, cmd};
use sancho::Client;
use sancho_testkit::RedisServer;
use serde_json::Value;

use crate::proof::{LEDGER, LET_GO, Performed};
use crate::ruby;

/// How often something that another program does is looked for, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: u32 = 3_000;

/// Far longer than any answer takes: it turns a hang into a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A real redis-server, Sancho's client of it, and a plain connection.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) client: Client,
    pub(crate) redis: MultiplexedConnection,
    server: RedisServer,
}

/// A member of a sorted set, with its score as Redis writes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) text: String,
    pub(crate) score: f64,
}

impl Member {
    /// The payload, read. Big integers are not exact here: compare texts for those.
    pub(crate) fn payload(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Whether it is this job; what cannot be read is none.
    pub(crate) fn is(&self, jid: &str) -> bool {
        serde_json::from_str::<Value>(&self.text).is_ok_and(|payload| payload["jid"] == jid)
    }
}

impl Home {
    pub(crate) async fn new() -> Self {
        let server = RedisServer::start();
        let client = sancho::connect(&server.url()).await.expect("Sancho connects to a fresh Redis");
        let redis = open(&server.url()).await;
        Home { client, redis, server }
    }

    /// The address, for programs of both sides.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// A directory of the test's own, gone with the Redis.
    pub(crate) fn directory(&self) -> &std::path::Path {
        self.server.directory()
    }

    /// Runs a Ruby script that knows the jobs and Sidekiq's API; answers what it printed.
    pub(crate) async fn ruby(&self, script: &str, args: &[&str]) -> String {
        ruby::script(self, script, args).await
    }

    /// Runs a Ruby script whose last value is printed as JSON.
    pub(crate) async fn ruby_value(&self, script: &str, args: &[&str]) -> Value {
        let printed = self.ruby(&format!("value = begin\n{script}\nend\nputs JSON.generate([value])"), args).await;
        let line = printed.lines().last().expect("the script prints its value");
        let mut value: Value = serde_json::from_str(line).expect("the script prints JSON");
        value[0].take()
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query_async(&mut self.redis.clone()).await.expect("Redis does as told")
    }

    pub(crate) async fn size(&self, set: &str) -> usize {
        self.ask(cmd("ZCARD").arg(set)).await
    }

    /// The texts of a queue, from the next to run to the last.
    pub(crate) async fn queue(&self, name: &str) -> Vec<String> {
        let mut texts: Vec<String> = self.ask(cmd("LRANGE").arg(format!("queue:{name}")).arg(0).arg(-1)).await;
        texts.reverse();
        texts
    }

    pub(crate) async fn members(&self, set: &str) -> Vec<Member> {
        let pairs: Vec<(String, f64)> = self.ask(cmd("ZRANGE").arg(set).arg(0).arg(-1).arg("WITHSCORES")).await;
        pairs.into_iter().map(|(text, score)| Member { text, score }).collect()
    }

    /// The member with this jid, which must be there.
    pub(crate) async fn member(&self, set: &str, jid: &str) -> Member {
        let members = self.members(set).await;
        let found = members.iter().find(|member| member.is(jid));
        found.unwrap_or_else(|| panic!("{jid} is not in {set}: {members:?}")).clone()
    }

    /// Makes every job of a sorted set due, by its score alone.
    pub(crate) async fn make_due(&self, set: &str) {
        for member in self.members(set).await {
            let _: i64 = self.ask(cmd("ZADD").arg(set).arg("XX").arg("1.5").arg(member.text)).await;
        }
    }

    /// Sidekiq's counters: processed and failed.
    pub(crate) async fn counters(&self) -> (i64, i64) {
        let counters: Vec<Option<i64>> = self.ask(cmd("MGET").arg("stat:processed").arg("stat:failed")).await;
        (counters[0].unwrap_or(0), counters[1].unwrap_or(0))
    }

    /// What was performed, by whom, in order.
    pub(crate) async fn performed(&self) -> Vec<Performed> {
        let lines: Vec<String> = self.ask(cmd("LRANGE").arg(LEDGER).arg(0).arg(-1)).await;
        lines.iter().map(|line| serde_json::from_str(line).expect("a line of the ledger")).collect()
    }

    /// The performances of one job, in order.
    pub(crate) async fn performances_of(&self, jid: &str) -> Vec<Performed> {
        self.performed().await.into_iter().filter(|performed| performed.jid == jid).collect()
    }

    /// Waits for a job's n-th performance.
    pub(crate) async fn until_performed(&self, jid: &str, times: usize) -> Vec<Performed> {
        until(&format!("{jid} is performed {times} times"), async || {
            let performed = self.performances_of(jid).await;
            (performed.len() >= times).then_some(performed)
        })
        .await
    }

    /// Waits until a sorted set has so many members.
    pub(crate) async fn until_size(&self, set: &str, size: usize) {
        until(&format!("{set} has {size} members"), async || (self.size(set).await == size).then_some(())).await;
    }

    /// Lets jobs that wait go on.
    pub(crate) async fn let_go(&self) {
        let _: () = self.ask(cmd("SET").arg(LET_GO).arg(1)).await;
    }

    pub(crate) fn now_secs(&self) -> f64 {
        self.client.clock().now().as_unix_micros() as f64 / 1e6
    }
}

/// A plain connection that is patient: a busy machine is no failure.
pub(crate) async fn open(url: &str) -> MultiplexedConnection {
    let config =
        AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE)).set_connection_timeout(Some(PATIENCE));
    let client = redis::Client::open(url).expect("an address of Redis");
    client.get_multiplexed_async_connection_with_config(&config).await.expect("a fresh Redis answers")
}

/// Looks again and again for what another program does.
///
/// # Panics
/// When it has not happened after about a minute.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS_MAX {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("it did not happen: {what}");
}
