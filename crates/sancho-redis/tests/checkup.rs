//! What a checkup finds on a Redis that is not as it should be; on one that is, nothing worse than a notice.

mod common;
#[path = "common/raw.rs"]
mod raw;

use std::sync::Arc;

use common::Redis;
use raw::say;
use sancho_core::{Finding, Inspect, Level, Timestamp, limits};
use sancho_redis::RedisStore;
use sancho_testkit::stage::request;
use sancho_testkit::{RedisServer, Stage, job};

/// A store on a database of its own, looked at by the clock of the machine, which is that of Redis too.
struct Patient {
    store: RedisStore,
    url: String,
    now: Timestamp,
}

impl Patient {
    async fn at(url: String) -> Self {
        Patient { store: RedisStore::connect(&url).await.expect("connect"), url, now: now() }
    }

    async fn findings(&self) -> Vec<Finding> {
        self.store.checkup(self.now).await.expect("a checkup")
    }

    /// The one finding that says this.
    #[track_caller]
    fn one<'a>(&self, findings: &'a [Finding], word: &str) -> &'a Finding {
        let told: Vec<&Finding> = findings.iter().filter(|finding| finding.what.contains(word)).collect();
        assert_eq!(told.len(), 1, "{word:?} in {findings:?}");
        told[0]
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of Redis is the machine's")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).expect("it is before the year 300,000"))
}

#[tokio::test]
async fn a_redis_that_is_well_has_nothing_worse_than_a_notice() {
    let server = RedisServer::start_with(&["--save", "", "--appendonly", "yes"]);
    let patient = Patient::at(server.fresh_url()).await;
    let s = Stage::new(Arc::new(patient.store.clone()), Arc::new(patient.store.clone()));
    s.push([job("A"), job("B").key("k").queue("low")], 0).await;
    let findings = patient.findings().await;
    assert!(findings.iter().all(|finding| finding.level <= Level::Notice), "{findings:?}");
    for word in ["Redis 7", "noeviction", "without a limit", "appended", "clocks", "the keys hold what they should"] {
        assert_eq!(patient.one(&findings, word).level, Level::Good, "{word}");
    }
}

#[tokio::test]
async fn a_checkup_and_a_connection_say_the_same_of_a_redis_that_evicts() {
    let server = RedisServer::start_with(&["--save", "", "--maxmemory-policy", "allkeys-lru"]);
    let patient = Patient::at(server.fresh_url()).await;
    let findings = patient.findings().await;
    let finding = patient.one(&findings, "allkeys-lru");
    assert_eq!(finding.level, Level::Problem);
    let fix = finding.fix.as_deref().expect("something is to be done");
    assert_eq!(patient.store.warnings(), [format!("{}; {fix}", finding.what)]);
    assert_eq!(patient.one(&findings, "appendonly no").level, Level::Warning);
}

#[tokio::test]
async fn a_key_of_another_type_is_named_and_hides_nothing_else() {
    let redis = Redis::default();
    for (key, want) in [("schedule", "zset"), ("sancho:held", "zset"), ("sancho:holders", "set"), ("queues", "set")] {
        let patient = Patient::at(redis.url()).await;
        say(&patient.url, &["SET", key, "somebody's"]);
        say(&patient.url, &["SET", "sancho:strange", "1"]);
        let findings = patient.findings().await;
        let finding = patient.one(&findings, &format!("the key {key} holds a string, not a {want}"));
        assert_eq!(finding.level, Level::Problem);
        assert!(finding.fix.as_deref().is_some_and(|fix| fix.contains(key)), "{finding:?}");
        assert_eq!(patient.one(&findings, "sancho:strange").level, Level::Notice);
    }
    let patient = Patient::at(redis.url()).await;
    say(&patient.url, &["SADD", "queues", "low"]);
    say(&patient.url, &["SET", "queue:low", "no list"]);
    let findings = patient.findings().await;
    assert_eq!(patient.one(&findings, "the key queue:low holds a string, not a list").level, Level::Problem);
}

#[tokio::test]
async fn claims_of_an_ended_lease_are_told_once_a_reaper_should_have_taken_them() {
    let redis = Redis::default();
    let mut patient = Patient::at(redis.url()).await;
    let s = Stage::new(Arc::new(patient.store.clone()), Arc::new(patient.store.clone()));
    s.push([job("A"), job("B")], 0).await;
    s.hello("gone:1:a", 0).await;
    let claims = s.exchange(&[], Some(&request("gone:1:a", 1, 2, &["default"])), 0).await.claims;
    assert_eq!(claims.len(), 2);
    let told = |findings: Vec<Finding>| findings.into_iter().find(|finding| finding.what.contains("lease has ended"));
    let ends = sancho_testkit::at(0) + limits::LEASE;
    for (now, is_told) in [(sancho_testkit::at(1), false), (ends + limits::REAP_EVERY, false)] {
        patient.now = now;
        assert_eq!(told(patient.findings().await).is_some(), is_told, "{now:?}");
    }
    patient.now = ends + 3 * limits::REAP_EVERY;
    let finding = told(patient.findings().await).expect("it is told");
    assert_eq!(finding.level, Level::Warning);
    assert!(finding.what.contains("ended: 2,") && finding.what.contains("gone:1:a"), "{finding:?}");
    assert!(finding.fix.is_some_and(|fix| fix.contains("start a server")));
    s.hello("alive:2:b", 60).await;
    assert_eq!(s.take_over("alive:2:b", 10, 60).await.claims.len(), 2);
    patient.now = sancho_testkit::at(61);
    assert_eq!(told(patient.findings().await), None, "whoever is alive has them");
}

#[tokio::test]
async fn what_is_left_under_our_name_is_told_a_few_by_name() {
    let redis = Redis::default();
    let patient = Patient::at(redis.url()).await;
    for n in 0..7 {
        say(&patient.url, &["SET", &format!("sancho:old{n}"), "1"]);
    }
    say(&patient.url, &["SET", "sanchopanza", "1"]);
    let findings = patient.findings().await;
    let finding = patient.one(&findings, "does not know");
    assert_eq!((finding.level, &finding.fix), (Level::Notice, &None));
    assert!(finding.what.ends_with("sancho:old0, sancho:old1, sancho:old2, sancho:old3, sancho:old4, and 2 more"));
}

#[tokio::test]
async fn a_process_that_is_gone_without_a_goodbye_is_told() {
    let redis = Redis::default();
    let patient = Patient::at(redis.url()).await;
    say(&patient.url, &["SADD", "processes", "ruby:9:f", "there:2:b"]);
    say(&patient.url, &["HSET", "there:2:b", "info", "{}"]);
    let findings = patient.findings().await;
    let finding = patient.one(&findings, "without a goodbye");
    assert_eq!(finding.level, Level::Notice);
    assert!(finding.what.contains("1 process is") && finding.what.contains("ruby:9:f"), "{finding:?}");
}

#[tokio::test]
async fn clocks_that_are_apart_are_told() {
    let redis = Redis::default();
    let mut patient = Patient::at(redis.url()).await;
    patient.now = patient.now + std::time::Duration::from_secs(3_600);
    let findings = patient.findings().await;
    assert_eq!(patient.one(&findings, "clocks").level, Level::Problem);
}
