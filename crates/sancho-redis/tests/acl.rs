//! The rights that docs/SECURITY.md gives to a user of Redis: enough for everything that Sancho does, and nothing
//! that it does not.

#[path = "common/raw.rs"]
mod raw;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use raw::{raw, say};
use redis::{FromRedisValue, Value};
use sancho::{Client, Context, Event, Job, JobResult, Perform, Server};
use sancho_core::{BoxFuture, ErrorKind, Inspect, MetricsRequest, Store};
use sancho_redis::RedisStore;
use sancho_testkit::{Factory, RedisServer, at, conformance, job};
use tokio::time::timeout;

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Redis on which one user has the rights of the page.
struct Limited(RedisServer);

impl Limited {
    fn start() -> Self {
        let server = RedisServer::start();
        let words: Vec<&str> =
            line().split_whitespace().map(|word| if word == ">PASSWORD" { ">secret" } else { word }).collect();
        say(&server.url(), &words);
        Limited(server)
    }

    /// The address of a fresh database, as that user.
    fn url(&self) -> String {
        self.0.fresh_url().replace("redis://", "redis://sancho:secret@")
    }

    /// The processes of the conformance suite are called by one letter; real ones are HOST:PID:NUMBER.
    fn grant_names_of_the_suite(&self) {
        say(&self.0.url(), &["ACL", "SETUSER", "sancho", "~?", "~?-signals", "~?:work", "~?:workers"]);
    }

    /// What the user was refused so far: commands and keys. Scripts and callers may have made do without.
    fn refused(&self) -> Vec<String> {
        let log = Vec::<Value>::from_redis_value(say(&self.0.url(), &["ACL", "LOG"])).expect("a list");
        let object = |entry| HashMap::<String, Value>::from_redis_value(entry).expect("an entry").remove("object");
        log.into_iter().map(|entry| format!("{:?}", object(entry))).collect()
    }

    /// The commands that were called so far, by scripts too, as an ACL names them.
    fn called(&self) -> BTreeSet<String> {
        let stats = String::from_redis_value(say(&self.0.url(), &["INFO", "commandstats"])).expect("a text");
        let names = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split(':').next());
        names.map(str::to_owned).collect()
    }
}

impl Factory for Limited {
    fn name(&self) -> &'static str {
        "redis with limited rights"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        Box::pin(async move {
            let store = Arc::new(RedisStore::connect(&self.url()).await.expect("connect"));
            (Arc::clone(&store) as Arc<dyn Store>, store as Arc<dyn Inspect>)
        })
    }
}

/// The commands that it allows, as the statistics of Redis name them.
fn granted() -> BTreeSet<String> {
    line().split_whitespace().filter_map(|word| word.strip_prefix('+')).map(str::to_owned).collect()
}

/// The command of the page that makes the user.
fn line() -> &'static str {
    let page = include_str!("../../../docs/SECURITY.md");
    page.lines().find(|line| line.starts_with("ACL SETUSER sancho ")).expect("the page has the command")
}

/// Fails when it is told to.
#[derive(Job)]
struct Errand {
    fails: bool,
}

impl Perform<()> for Errand {
    async fn perform(self, _: &Context<()>) -> JobResult {
        if self.fails { Err("no".into()) } else { Ok(()) }
    }
}

/// Lets a server perform a job that succeeds and one that fails, and stops it.
async fn perform(client: &Client) {
    let server = Server::new(client.clone(), ()).register::<Errand>();
    let mut events = server.subscribe();
    let running = server.start().await.expect("the server starts");
    for fails in [false, true] {
        client.push(Errand { fails }).await.expect("push");
        let settled = |event: &Event| matches!(event, Event::Settled { .. }).then_some(());
        timeout(PATIENCE, events.wait_for(settled)).await.expect("in time").expect("the server lives");
    }
    timeout(PATIENCE, running.stop()).await.expect("the server stops");
}

#[tokio::test]
async fn the_user_of_the_page_may_do_what_sancho_does() {
    let limited = Limited::start();
    limited.grant_names_of_the_suite();
    conformance::run_all(&limited).await;
    let url = limited.url();
    perform(&sancho::connect(&url).await.expect("connect")).await;
    let store = RedisStore::connect(&url).await.expect("connect");
    assert_eq!(store.warnings(), Vec::<String>::new(), "it may ask what there is to warn of");
    let findings = store.checkup(at(0)).await.expect("a checkup");
    assert!(findings.len() > 3, "{findings:?}");
    store.mark_deploy("abc1234 a change", at(0)).await.expect("a mark");
    let hours = MetricsRequest::last(Duration::from_secs(24 * 3_600));
    store.metrics(&hours, at(0)).await.expect("metrics");
    store.purge().await.expect("a purge");
    // The page says so of this form of the address.
    say(&limited.0.url(), &["ACL", "SETUSER", "sancho", "~*-*-*:*"]);
    perform(&sancho::connect(&format!("{}?wire=7", limited.url())).await.expect("connect")).await;
    assert_eq!(limited.refused(), Vec::<String>::new());
    let unused: Vec<String> = granted().difference(&limited.called()).cloned().collect();
    assert_eq!(unused, Vec::<String>::new(), "the page gives no right that is not used");
}

#[test]
fn each_command_of_the_sources_is_one_of_the_page() {
    let mut commands = BTreeSet::new();
    for text in sources() {
        for before in ["redis.call('", "redis.pcall('", "cmd(\"", "add([\""] {
            let words = text.split(before).skip(1).filter_map(|rest| rest.split(['\'', '"']).next());
            commands.extend(words.map(str::to_lowercase));
        }
    }
    // The first two are granted part by part, and Sentinels have users of their own.
    let apart = ["client", "script", "sentinel"].map(str::to_owned);
    let missing: Vec<_> = commands.iter().filter(|word| !granted().contains(*word) && !apart.contains(word)).collect();
    assert!(missing.is_empty() && commands.len() > 40, "not granted: {missing:?}, of {commands:?}");
}

/// The text of each file of the crate, but for those of tests.
fn sources() -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name() != Some("tests.rs".as_ref()) {
                texts.push(std::fs::read_to_string(path).expect("a source can be read"));
            }
        }
    }
    texts
}

#[test]
fn the_user_of_the_page_may_do_nothing_else() {
    let limited = Limited::start();
    let mut connection = raw(&limited.url());
    for refused in [
        &["FLUSHALL"][..],
        &["KEYS", "*"],
        &["CONFIG", "GET", "requirepass"],
        &["APPEND", "queues", "x"],
        &["HGET", "session:1", "user"],
        &["SUBSCRIBE", "anything"],
        &["ACL", "WHOAMI"],
    ] {
        let said = redis::cmd(refused[0]).arg(&refused[1..]).query::<Value>(&mut connection);
        let error = said.expect_err(refused[0]);
        assert_eq!(error.code(), Some("NOPERM"), "{refused:?}: {error}");
    }
    // A script may be run, and do no more than its caller.
    let script = redis::cmd("EVAL").arg("return redis.call('FLUSHALL')").arg(0).query::<Value>(&mut connection);
    let error = script.expect_err("a script is its caller").to_string();
    assert!(error.contains("can't run this command"), "{error}");
}

#[tokio::test]
async fn a_right_that_is_missing_is_told_from_within_a_script_too() {
    let limited = Limited::start();
    let store = RedisStore::connect(&limited.url()).await.expect("connect");
    for missing in [&["-lpush"][..], &["+lpush", "resetkeys", "~sancho:*", "~queues"]] {
        say(&limited.0.url(), &[&["ACL", "SETUSER", "sancho"], missing].concat());
        let error = store.push(&[job("1").build()], at(0)).await.expect_err("no right");
        assert!(error.kind == ErrorKind::Invalid && error.to_string().contains("ACL SETUSER sancho"), "{error}");
    }
}
