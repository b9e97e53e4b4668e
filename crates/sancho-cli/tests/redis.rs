//! Each command on a Redis, and what it says where there is none.

mod harness;
mod scenarios;

use std::process::Command;
use std::time::Duration;

use harness::{Answer, Bench};
use sancho_core::{Beat, Claim, Greeting, Incarnation, Place, Tally};
use sancho_testkit::RedisServer;
use sancho_testkit::stage::{beat, request, settlement};
use serde_json::{Value, json};

/// The process that has a test's claims.
const WHO: &str = "host:1:abc";

/// A Redis of the test's own, and the command on it.
struct OnRedis {
    server: RedisServer,
    url: String,
    bench: Bench,
}

impl OnRedis {
    fn new() -> Self {
        Self::on(RedisServer::start())
    }

    fn on(server: RedisServer) -> Self {
        let url = server.fresh_url();
        OnRedis { server, url, bench: Bench::new() }
    }

    fn command(&self) -> Command {
        let mut command = self.bench.command();
        command.env("SANCHO_URL", &self.url).env_remove("REDIS_URL").env_remove("REDIS_PROVIDER");
        command
    }

    fn run(&self, args: &[&str]) -> Answer {
        self.command().args(args).output().expect("the command starts").into()
    }

    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "sancho {args:?}: {answer:?}");
        answer.out.trim_end().to_owned()
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[&["--json"], args].concat())).expect("JSON")
    }

    /// The ids of a set's jobs, in order.
    #[track_caller]
    fn jids(&self, set: &str) -> Vec<String> {
        let page = self.json(&["ls", set]);
        let jobs = page["jobs"].as_array().expect("a list of jobs").iter();
        jobs.map(|job| job["jid"].as_str().expect("an id").to_owned()).collect()
    }

    fn say(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url.as_str()).expect("an address");
        let mut connection = client.get_connection().expect("redis-server answers");
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).query(&mut connection).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    fn own_keys(&self) -> usize {
        let redis::Value::Array(keys) = self.say(&["KEYS", "sancho:*"]) else { panic!("KEYS answers with a list") };
        keys.len()
    }

    /// Claims the front of `default`, as a server does whose lease lasts so long.
    async fn claim(&self, lease: Duration) -> (sancho::Client, Claim) {
        let client = sancho::connect(&self.url).await.expect("connect");
        let now = client.clock().now();
        let beat = Beat { lease, ..beat(WHO, Greeting::Hello) };
        client.store().beat(&beat, now).await.expect("beat");
        let request = request(WHO, 1, 1, &["default"]);
        let mut claims = client.store().exchange(&[], Some(&request), now).await.expect("exchange").claims;
        (client, claims.pop().expect("a job is ready"))
    }

    /// Claims the front of `default`, and puts it there.
    async fn settle(&self, place: Place) {
        let (client, claim) = self.claim(Duration::from_secs(60)).await;
        let mut settlement = settlement(&claim, place);
        settlement.transition.tally = Tally { processed: 1, failed: 1 };
        let now = client.clock().now();
        client.store().exchange(&[settlement], None, now).await.expect("exchange");
        client.store().retire(&Incarnation::new(WHO), now).await.expect("retire");
    }
}

#[test]
fn jobs_are_pushed_listed_and_counted() {
    let on = OnRedis::new();
    let jid = on.ok(&["push", "Resize", "[7]", "--key", "photo:7"]);
    let later = on.ok(&["push", "Resize", "[8]", "--in", "1h"]);
    let lines = "{\"class\":\"A\",\"args\":[],\"queue\":\"low\"}\n{\"class\":\"B\",\"args\":[],\"key\":\"photo:7\"}\n";
    std::fs::write(on.bench.path("jobs.ndjson"), lines).expect("a file can be written");
    assert_eq!(on.json(&["push", "--file", "jobs.ndjson"]), json!({"pushed":1,"kept":1}));
    assert_eq!(
        on.json(&["stats"]),
        json!({"processed":0,"failed":0,"busy":0,"enqueued":2,"scheduled":1,"retries":0,"dead":0,"held":0,"processes":0})
    );
    let queues = on.json(&["queues"]);
    let rows: Vec<_> =
        queues["queues"].as_array().expect("rows").iter().map(|row| (&row["name"], &row["size"])).collect();
    assert_eq!(rows, [(&json!("default"), &json!(1)), (&json!("low"), &json!(1))]);
    assert_eq!((on.jids("default"), on.jids("scheduled")), (vec![jid.clone()], vec![later]));
    let shown = on.json(&["show", "--key", "photo:7"]);
    assert_eq!((&shown["jid"], &shown["args"], &shown["state"]), (&json!(jid), &json!([7]), &json!("enqueued")));
    assert!(on.ok(&["show", &jid]).contains("photo:7"));
}

#[test]
fn jobs_are_steered() {
    let on = OnRedis::new();
    let [a, b, c, d] = ["1h", "2h", "3h", "4h"].map(|after| on.ok(&["push", "Resize", "[]", "--in", after]));
    on.ok(&["reschedule", &a, "--at", "2100-01-01T00:00:00Z"]);
    assert_eq!(on.json(&["show", &a])["at"], json!(4_102_444_800.0));
    on.ok(&["cancel", &b]);
    on.run(&["show", &b]).refused(1, &["no job has the id", &b]);
    on.ok(&["kill", &c]);
    assert_eq!(on.jids("dead"), [c.as_str()]);
    on.ok(&["retry", &c]);
    on.ok(&["retry", &d]);
    assert_eq!(on.jids("default"), [c.clone(), d.clone()]);
    on.ok(&["delete", &d]);
    assert_eq!((on.jids("default"), on.jids("scheduled"), on.jids("dead")), (vec![c], vec![a], vec![]));
    on.run(&["retry", "nobody"]).refused(1, &["no job has the id \"nobody\""]);
}

#[tokio::test]
async fn every_set_is_listed() {
    let on = OnRedis::new();
    let [failed, held, busy] = ["Failed", "Held", "Busy"].map(|class| on.ok(&["push", class]));
    on.settle(Place::Retries { at: sancho_core::Timestamp::from_unix_millis(4_102_444_800_000) }).await;
    on.settle(Place::Held { reason: "class is paused".into() }).await;
    let _server = on.claim(Duration::from_secs(60)).await;
    assert_eq!(
        (on.jids("retries"), on.jids("held"), on.jids("busy")),
        (vec![failed], vec![held.clone()], vec![busy.clone()])
    );
    let stats = on.json(&["stats"]);
    let counts = ["processed", "failed", "busy", "retries", "held", "processes"].map(|name| stats[name].as_u64());
    assert_eq!(counts, [2, 2, 1, 1, 1, 1].map(Some));
    assert!(on.ok(&["show", &held]).contains("class is paused"));
    on.run(&["cancel", &busy]).refused(1, &["failed to cancel job", &busy]);
}

#[test]
fn the_doctor_judges_a_redis() {
    let on = OnRedis::on(RedisServer::start_with(&["--save", "", "--appendonly", "yes"]));
    let well = on.json(&["doctor"]);
    assert_eq!(well["worst"], "notice", "nothing performs jobs yet: {well}");
    on.say(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let ill = on.run(&["doctor"]);
    assert_eq!(ill.code, Some(1));
    assert!(ill.out.contains("allkeys-lru") && ill.out.contains("noeviction"), "{}", ill.out);
}

#[test]
fn what_sidekiqs_processes_run_is_listed_and_shown_and_cannot_be_deleted() {
    let on = OnRedis::new();
    let who = "web:7:0123456789ab";
    on.say(&["SADD", "processes", who]);
    on.say(&["HSET", who, "info", r#"{"queues":["default"],"version":"8.1.7"}"#, "busy", "2"]);
    for (thread, class, run_at) in [("t1", "First", 1_800_000_000), ("t2", "Second", 1_800_000_060)] {
        let payload = json!({"class": class, "args": [1], "jid": class.to_lowercase()}).to_string();
        let entry = json!({"queue": "mailers", "payload": payload, "run_at": run_at}).to_string();
        on.say(&["HSET", &format!("{who}:work"), thread, &entry]);
    }
    assert_eq!(on.jids("busy"), ["first", "second"]);
    let listed = on.ok(&["busy", "--reverse"]);
    let row = listed.lines().nth(1).expect("a row");
    assert!(row.starts_with("second  Second  [1]") && row.contains("mailers") && row.ends_with(who), "{listed}");
    assert_eq!(on.json(&["show", "first"])["state"], "busy");
    assert_eq!(on.json(&["stats"])["busy"], 2);
    let refused = on.run(&["delete", "first"]);
    assert!(refused.code != Some(0) && refused.err.contains("started"), "{refused:?}");
}

#[tokio::test]
async fn a_purge_says_what_it_would_do_and_does_it_when_told() {
    let on = OnRedis::new();
    let [first, second] = ["A", "B"].map(|class| on.ok(&["push", class, "[]", "--key", class]));
    on.settle(Place::Held { reason: "class is paused".into() }).await;
    let _server = on.claim(Duration::ZERO).await;
    on.say(&["SET", "sancho:strange", "1"]);
    let keys = on.own_keys();
    let plan = on.ok(&["redis", "purge"]);
    for part in ["1 job in flight", "1 job held", "2 job keys", "sancho:strange", "add --yes"] {
        assert!(plan.contains(part), "{part:?} in {plan}");
    }
    let plan = on.json(&["redis", "purge"]);
    assert_eq!((&plan["purged"], plan["keys"].as_u64()), (&json!(false), Some(keys as u64)));
    assert_eq!((on.own_keys(), on.jids("busy")), (keys, vec![second.clone()]), "nothing was done");
    let done = on.json(&["redis", "purge", "--yes"]);
    assert_eq!((&done["purged"], &done["in_flight"], &done["held"]), (&json!(true), &json!(1), &json!(1)));
    assert_eq!(on.own_keys(), 0);
    assert_eq!(on.jids("default"), [second, first]);
    assert!(on.ok(&["redis", "purge", "--yes"]).starts_with("0 jobs in flight back"), "it may be repeated");
}

#[tokio::test]
async fn a_purge_refuses_while_a_server_is_alive() {
    let on = OnRedis::new();
    on.ok(&["push", "A"]);
    let _server = on.claim(Duration::from_secs(60)).await;
    let keys = on.own_keys();
    for args in [&["redis", "purge"][..], &["redis", "purge", "--yes"]] {
        on.run(args).refused(1, &["servers are alive", WHO, "stop them"]);
    }
    assert_eq!((on.own_keys(), on.jids("busy").len()), (keys, 1));
}

#[test]
fn a_purge_wants_a_redis() {
    let bench = Bench::new();
    bench.ok(&["push", "A"]);
    bench.run(&["redis", "purge", "--yes"]).refused(1, &["a store on Redis alone", "sqlite", "--store"]);
    let secret = bench.run(&["redis", "purge", "--store", "mysql://user:secret@host"]);
    secret.refused(1, &["mysql", "redis://localhost:6379/0"]);
    assert!(!secret.err.contains("secret"), "{}", secret.err);
    assert_eq!(bench.total("enqueued"), 1);
}

#[test]
fn the_bare_word_is_the_redis_of_the_environment() {
    let on = OnRedis::new();
    let jid = on.ok(&["push", "A"]);
    let say = |variables: &[(&str, &str)]| -> Answer {
        let mut command = on.command();
        command.envs(variables.iter().copied()).args(["--store", "redis", "ls", "default"]);
        command.output().expect("the command starts").into()
    };
    let dead = "redis://127.0.0.1:1/0";
    for variables in [
        &[("REDIS_URL", on.url.as_str())][..],
        &[("REDIS_PROVIDER", "MY_REDIS"), ("MY_REDIS", &on.url), ("REDIS_URL", dead)],
    ] {
        let answer = say(variables);
        assert_eq!(answer.code, Some(0), "{variables:?}: {answer:?}");
        assert!(answer.out.contains(&jid), "{variables:?}: {answer:?}");
    }
    say(&[("REDIS_URL", dead)]).refused(1, &["127.0.0.1:1"]);
}

/// Every command that opens the store; each must refuse alike.
const COMMANDS: [&[&str]; 6] =
    [&["push", "A"], &["stats"], &["ls", "dead"], &["cancel", "x"], &["redis", "purge"], &["redis", "purge", "--yes"]];

#[test]
fn a_redis_that_is_not_there() {
    let bench = Bench::new();
    let store = "redis://:secret@127.0.0.1:1/0";
    for args in COMMANDS {
        let answer = bench.run(&[&["--store", store], args].concat());
        answer.refused(1, &["127.0.0.1:1", "refused", "see that Redis runs there, and that the address is right"]);
        assert!(!answer.err.contains("secret"), "{}", answer.err);
    }
    let doctor = bench.run(&["--store", store, "doctor"]);
    assert_eq!((doctor.code, doctor.err.as_str()), (Some(1), ""));
    assert!(doctor.out.contains("127.0.0.1:1") && !doctor.out.contains("secret"), "{}", doctor.out);
}

#[test]
fn a_redis_that_died() {
    let mut on = OnRedis::new();
    on.ok(&["push", "A"]);
    on.server.kill();
    let address = format!("127.0.0.1:{}", on.server.port());
    for args in COMMANDS {
        on.run(args).refused(1, &[&address, "refused"]);
    }
}

#[test]
fn a_wrong_password() {
    let on = OnRedis::on(RedisServer::start_with(&["--save", "", "--requirepass", "right"]));
    let address = format!("127.0.0.1:{}", on.server.port());
    for (store, cause) in [
        (format!("redis://:secret@{address}/0"), "WRONGPASS"),
        (format!("redis://nobody:secret@{address}/0"), "nobody"),
        (format!("redis://{address}/0"), "NOAUTH"),
    ] {
        for args in COMMANDS {
            let answer = on.run(&[&["--store", &store], args].concat());
            answer.refused(1, &[&address, cause, "password", "redis://USER:PASSWORD@HOST"]);
            assert!(!answer.err.contains("secret"), "{}", answer.err);
        }
    }
    let right = format!("redis://:right@{address}/0");
    assert_eq!(on.ok(&["--store", &right, "--json", "queues"]), "{\"queues\":[],\"paused_classes\":[]}");
}

#[test]
fn an_address_that_makes_no_sense() {
    let bench = Bench::new();
    for store in ["redis://:secret@host:port/0", "redis://:secret@127.0.0.1:6379/zero", "redis+sentinel://:secret@host"]
    {
        let answer = bench.run(&["--store", store, "stats"]);
        answer.refused(1, &["Redis"]);
        assert!(!answer.err.contains("secret"), "{}", answer.err);
    }
}

/// What every store does alike.
macro_rules! on_redis {
    ($($scenario:ident)*) => {
        $(
            #[test]
            fn $scenario() {
                let on = OnRedis::new();
                scenarios::$scenario(&Bench::on(&on.url), &on.url);
            }
        )*
    };
}

for_each_scenario!(on_redis);

#[test]
fn a_redis_is_backed_up_by_its_own_means() {
    let on = OnRedis::new();
    on.run(&["backup", "copy.db"]).refused(5, &["redis-cli --rdb", "[unsupported]"]);
}
