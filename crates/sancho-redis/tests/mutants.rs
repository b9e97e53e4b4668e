//! The scripts are held by facts: each is changed on its way to Redis, and each change is caught.

mod common;
#[path = "mutants/list.rs"]
mod list;
#[path = "common/raw.rs"]
mod raw;

use std::sync::Arc;

use common::Redis;
use list::MUTANTS;
use sancho_core::{BoxFuture, Inspect, Store};
use sancho_redis::RedisStore;
use sancho_testkit::mutants::hunt::{Roll, passes};
use sancho_testkit::{Edit, Factory, RedisServer, ScriptProxy, Stage};

/// Makes stores whose scripts pass through a proxy.
struct Behind<'a> {
    server: &'a RedisServer,
    proxy: ScriptProxy,
}

impl Behind<'_> {
    /// The address of a fresh database, by way of the proxy.
    fn url(&self) -> String {
        let port = |port: u16| format!(":{port}/");
        self.server.fresh_url().replace(&port(self.server.port()), &port(self.proxy.port()))
    }
}

impl Factory for Behind<'_> {
    fn name(&self) -> &'static str {
        "redis behind a proxy"
    }

    fn make(&self) -> BoxFuture<'_, (Arc<dyn Store>, Arc<dyn Inspect>)> {
        Box::pin(async move {
            let store = Arc::new(RedisStore::connect(&self.url()).await.expect("connect"));
            (Arc::clone(&store) as Arc<dyn Store>, store as Arc<dyn Inspect>)
        })
    }
}

/// A server that is not told so would claim the queues of programs that nobody asked it to relieve.
async fn a_beat_tells_what_other_programs_serve(url: String) {
    let store = Arc::new(RedisStore::connect(&url).await.expect("connect"));
    let stage = Stage::new(store.clone(), store);
    raw::say(&url, &["SADD", "processes", "web:7:ab"]);
    raw::say(&url, &["HSET", "web:7:ab", "info", r#"{"queues":["default"]}"#]);
    let served = stage.hello("p", 0).await.served_by_others;
    assert_eq!(served.iter().map(|queue| queue.as_str()).collect::<Vec<_>>(), ["default"]);
}

#[tokio::test]
async fn each_changed_script_is_caught() {
    let Redis(server) = Redis::default();
    let behind = |edits| Behind { server: &server, proxy: ScriptProxy::start(server.port(), edits) };
    let mut roll = Roll::of("redis");
    for mutant in MUTANTS {
        let (broken, sound) = (behind(mutant.edits), behind(&[]));
        roll.by_fact(mutant.name, mutant.caught_by, &broken, || broken.proxy.lives(), &sound).await;
    }

    let (broken, sound) = (behind(&[Edit { from: "others[#others + 1] = told[1]", to: "" }]), behind(&[]));
    let found = passes(a_beat_tells_what_other_programs_serve(broken.url())).await;
    let control = passes(a_beat_tells_what_other_programs_serve(sound.url())).await;
    let by = "test a_beat_tells_what_other_programs_serve";
    roll.judge("queues-of-other-programs-not-told", by, found, broken.proxy.lives(), control);
    roll.close();
}

#[tokio::test]
async fn a_change_that_matches_nothing_or_is_no_script_does_not_live() {
    let Redis(server) = Redis::default();
    for (edit, why) in [
        (Edit { from: "a line that no script has", to: "" }, "follow the script's text"),
        (Edit { from: "local who, hello, lease = arg(), arg(), arg()", to: "local local" }, "does not take"),
        (Edit { from: "end_process(arg())", to: "" }, "follow the script's text"),
    ] {
        let behind = Behind { server: &server, proxy: ScriptProxy::start(server.port(), &[edit]) };
        let (store, inspect) = behind.make().await;
        Stage::new(store, inspect).hello("p", 0).await;
        let said = behind.proxy.lives().expect_err("it does not live");
        assert!(said.contains(why), "{said}");
    }
}
