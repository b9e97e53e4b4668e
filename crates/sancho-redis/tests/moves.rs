//! Moves on a Redis that lost data, holds what it should not, or is used by several stores at once.

mod common;

use std::sync::Arc;

use common::Redis;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use sancho_core::claim::Repeated;
use sancho_core::{
    Checkpoint, Claim, ErrorKind, Kept, OnConflict, Place, Pushed, Receipt, SettleAnswer, Standing, Tally, Timestamp,
};
use sancho_redis::RedisStore;
use sancho_testkit::stage::{back, claimed, front, performed, request, settlement};
use sancho_testkit::{Stage, at, jid_of, job};

async fn stage(redis: &Redis) -> (Stage, MultiplexedConnection) {
    let url = redis.url();
    let client = redis::Client::open(url.as_str()).expect("a URL");
    let raw = client.get_multiplexed_async_connection().await.expect("connect");
    (another(&url).await, raw)
}

async fn another(url: &str) -> Stage {
    let store = Arc::new(RedisStore::connect(url).await.expect("connect"));
    Stage::new(store.clone(), store)
}

/// Jobs in the hands of `p`.
async fn running(s: &Stage, names: &[&str]) -> Vec<Claim> {
    s.push(names.iter().map(|name| job(name)), 0).await;
    s.hello("p", 0).await;
    s.claim("p", names.len(), &["default"], 0).await
}

/// A receipt as another store object would have it: without a note.
fn bare(claim: &Claim) -> Claim {
    let receipt = Receipt::mint(claim.receipt.incarnation().clone(), claim.receipt.number(), 0);
    Claim::new(receipt, claim.queue.clone(), claim.payload.clone(), None)
}

#[tokio::test]
async fn plain_settlements_mix_with_others() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    s.push([job("A"), job("B"), job("C").key("k"), job("D"), job("E")], 0).await;
    s.hello("p", 0).await;
    let claims = s.claim("p", 5, &["default"], 0).await;
    let mut failed = settlement(&claims[1], Place::Retries { at: at(9) });
    failed.transition.tally = Tally { processed: 1, failed: 1 };
    let mut followed = performed(&claims[3]);
    followed.then = vec![job("F").key("k").build(), job("G").build()];
    let all = vec![
        performed(&claims[0]),
        failed,
        performed(&claims[2]),
        followed,
        settlement(&bare(&claims[4]), front("low")),
        settlement(&claims[0], Place::Dead),
    ];
    let answers = s.settle_all(all, 1).await;
    let mut want = [SettleAnswer::Settled; 6];
    want[5] = SettleAnswer::AlreadySettled;
    assert_eq!(answers, want);
    let stats = s.stats(1).await;
    assert_eq!((stats.processed, stats.failed, stats.retries, stats.dead, stats.busy), (4, 1, 1, 0, 0));
    assert_eq!((s.queued("default").await, s.queued("low").await), (vec!["F".into(), "G".into()], vec!["E".into()]));
    assert_eq!(s.holder("k").await.as_deref(), Some("F"));
}

#[tokio::test]
async fn a_settlement_whose_reply_was_lost_may_be_repeated_in_any_company() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    let claims = running(&s, &["A", "B", "C"]).await;
    // The reply of this one is lost: its caller repeats it, with what finished meanwhile.
    s.settle_all(vec![performed(&claims[0]), performed(&claims[1])], 1).await;
    let again = s.settle_all(claims.iter().map(performed).collect(), 2).await;
    assert_eq!(again, [SettleAnswer::AlreadySettled, SettleAnswer::AlreadySettled, SettleAnswer::Settled]);
    assert_eq!(s.stats(2).await.processed, 3);
}

#[tokio::test]
async fn a_claim_told_twice_is_settled_once_by_either_receipt() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    s.push([job("A"), job("B"), job("C")], 0).await;
    s.hello("p", 0).await;
    let mut request = request("p", 1, 2, &["default"]);
    let first = s.exchange(&[], Some(&request), 0).await.claims;
    request.repeated = Repeated::Yes;
    let again = s.exchange(&[], Some(&request), 1).await.claims;
    assert_eq!(claimed(&first), claimed(&again));
    let answers = s.settle_all(vec![settlement(&again[0], back("low")), performed(&first[0])], 2).await;
    assert_eq!(answers, [SettleAnswer::Settled, SettleAnswer::AlreadySettled]);
    let answers = s.settle_all(vec![performed(&first[1]), settlement(&again[1], back("low"))], 3).await;
    assert_eq!(answers, [SettleAnswer::Settled, SettleAnswer::AlreadySettled]);
    assert_eq!((s.queued("low").await, s.stats(3).await.processed), (vec!["A".to_owned()], 1));
}

#[tokio::test]
async fn receipts_without_a_note_serve_as_well() {
    let redis = Redis::default();
    let url = redis.url();
    let (one, two) = (another(&url).await, another(&url).await);
    one.push([job("A").key("k"), job("B")], 0).await;
    one.hello("p", 0).await;
    let claims: Vec<Claim> = one.claim("p", 2, &["default"], 0).await.iter().map(bare).collect();
    let checkpoint = Checkpoint { receipt: claims[1].receipt.clone(), bytes: b"page 3"[..].into() };
    assert_eq!(two.store.checkpoint(&[checkpoint], at(1)).await.unwrap(), [Kept::Kept]);
    assert_eq!(two.done(&claims[0], 1).await, SettleAnswer::Settled);
    assert_eq!(two.done(&claims[0], 1).await, SettleAnswer::AlreadySettled);
    assert_eq!(two.holder("k").await, None);
    two.settle(&claims[1], front("default"), 2).await;
    assert_eq!(one.claim_one("p", 3).await.checkpoint.as_deref(), Some(&b"page 3"[..]));
}

#[tokio::test]
async fn a_checkpoint_leaves_with_its_job() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let claims = running(&s, &["A"]).await;
    let checkpoint = Checkpoint { receipt: claims[0].receipt.clone(), bytes: b"x"[..].into() };
    s.store.checkpoint(&[checkpoint], at(1)).await.unwrap();
    let key = format!("sancho:kept:{}", jid_of("A"));
    let lives: i64 = raw.ttl(&key).await.unwrap();
    assert!(lives > 24 * 60 * 60, "it is kept for days: {lives}");
    s.done(&claims[0], 2).await;
    assert!(!raw.exists::<_, bool>(&key).await.unwrap());
}

#[tokio::test]
async fn when_all_data_is_gone_every_claim_is_lost() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let claims = running(&s, &["A", "B", "C"]).await;
    let _: () = redis::cmd("FLUSHDB").query_async(&mut raw).await.unwrap();
    let mut elsewhere = settlement(&claims[1], back("default"));
    elsewhere.then = vec![job("D").key("k").build()];
    let wanted = request("p", 50, 5, &["default"]);
    let exchanged = s.exchange(&[performed(&claims[0])], Some(&wanted), 1).await;
    assert_eq!((exchanged.answers, exchanged.standing), (vec![SettleAnswer::Lost], Standing::Lost));
    let exchanged = s.exchange(&[elsewhere, performed(&claims[2])], Some(&wanted), 1).await;
    assert_eq!((exchanged.answers, exchanged.standing), (vec![SettleAnswer::Lost; 2], Standing::Lost));
    assert_eq!(s.still_here("p", &[], 2).await.standing, Standing::Lost);
    assert!(s.take_over("p", 5, 2).await.claims.is_empty());
    assert_eq!(s.stats(2).await.processed, 0);
    // A hello under another name begins anew.
    s.push([job("E")], 3).await;
    assert_eq!(claimed(&[s.claim_one("q", 3).await]), ["E"]);
}

#[tokio::test]
async fn a_queue_of_another_type_stops_no_other() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.set("queue:broken", "x").await.unwrap();
    let claims = running(&s, &["A", "B"]).await;
    s.push([job("C")], 1).await;
    let wanted = request("p", 50, 5, &["broken", "default"]);
    let exchanged = s.exchange(&[performed(&claims[0])], Some(&wanted), 1).await;
    assert_eq!((exchanged.answers.len(), claimed(&exchanged.claims)), (1, vec!["C".to_owned()]));
    let error = s.store.exchange(&[], Some(&request("p", 60, 5, &["broken"])), at(1)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt);
    assert!(error.to_string().contains("queue:broken"), "{error}");
    for batch in [vec![job("D").queue("broken")], vec![job("E"), job("F").queue("broken"), job("G").key("k")]] {
        let jobs: Vec<_> = batch.into_iter().map(sancho_testkit::JobDraft::build).collect();
        let error = s.store.push(&jobs, at(1)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt);
        assert!(error.to_string().contains("queue:broken"), "{error}");
    }
    assert!(s.queued("default").await.is_empty(), "all of a batch or none");
    let error = s.store.exchange(&[settlement(&claims[1], back("broken"))], None, at(2)).await.unwrap_err();
    assert!(error.to_string().contains("queue:broken"), "{error}");
    assert_eq!(s.done(&claims[1], 3).await, SettleAnswer::Settled, "nothing was done before");
    // What was refused may be pushed once the key is moved away.
    let _: () = raw.del("queue:broken").await.unwrap();
    assert_eq!(s.push([job("D").queue("broken")], 4).await, [Pushed::Added]);
}

#[tokio::test]
async fn broken_counters_stop_no_job() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.rpush("stat:processed", "x").await.unwrap();
    let claims = running(&s, &["A", "B"]).await;
    let mut failed = settlement(&claims[1], Place::Dead);
    failed.transition.tally = Tally { processed: 1, failed: 1 };
    let answers = s.settle_all(vec![performed(&claims[0]), failed], 1).await;
    assert_eq!(answers, [SettleAnswer::Settled, SettleAnswer::Settled]);
    assert_eq!(raw.get::<_, u64>("stat:failed").await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_that_cannot_be_promoted_stops_no_other() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    let _: () = raw.set("queue:broken", "x").await.unwrap();
    s.push([job("A").at(at(5)).queue("broken"), job("B").at(at(6))], 0).await;
    assert_eq!(s.promote(9).await.moved, 1);
    assert_eq!(s.queued("default").await, ["B"]);
    let error = s.store.promote(10, at(9)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_batch_is_known_across_the_border_of_a_minute() {
    let redis = Redis::default();
    let (s, mut raw) = stage(&redis).await;
    for seconds in [0, 59, 60, 119] {
        s.push([job("A"), job("B")], seconds).await;
    }
    assert_eq!(s.queued("default").await, ["A", "B"], "each repeat was within a minute of the first, or knew of it");
    let records: Vec<String> = raw.keys("sancho:pushed:*").await.unwrap();
    assert_eq!(records.len(), 1);
    assert!(raw.ttl::<_, i64>(&records[0]).await.unwrap() > 120);
}

#[tokio::test]
async fn a_batch_whose_id_was_made_just_now_is_known_too() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    // Ids that say when they were made need one look only, unless that was in another minute.
    for (millis, then) in [(1_800_014_430_000, 0), (1_800_014_460_500, 60)] {
        let jid = sancho_core::Jid::new(format!("{millis:012x}000000000001")).unwrap();
        let mut new = job("A").build();
        new.payload = sancho_core::Payload::from_bytes(format!(r#"{{"class":"A","jid":"{jid}"}}"#).into_bytes());
        new.jid = jid;
        let made = Timestamp::from_unix_millis(millis);
        assert_eq!(s.store.push(std::slice::from_ref(&new), made).await.unwrap(), [Pushed::Added]);
        for later in [made, made + std::time::Duration::from_secs(59), at(then) + std::time::Duration::from_secs(60)] {
            assert_eq!(s.store.push(std::slice::from_ref(&new), later).await.unwrap(), [Pushed::Repeated]);
        }
    }
}

#[tokio::test]
async fn batches_beyond_what_lua_unpacks_are_moved() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    let names: Vec<String> = (0..10_000).map(|n| format!("J{n}")).collect();
    s.push(names.iter().map(|name| job(name)), 0).await;
    s.hello("p", 0).await;
    let mut claims = Vec::new();
    for _ in 0..10 {
        claims.extend(s.claim("p", 1_000, &["default"], 0).await);
    }
    assert_eq!(claimed(&claims), names);
    let answers = s.settle_all(claims.iter().map(performed).collect(), 1).await;
    assert!(answers.len() == 10_000 && answers.iter().all(|answer| *answer == SettleAnswer::Settled));
    assert_eq!((s.stats(1).await.processed, s.stats(1).await.busy), (10_000, 0));
}

#[tokio::test]
async fn a_reason_stays_on_one_line() {
    let redis = Redis::default();
    let (s, _) = stage(&redis).await;
    s.push([job("A").key("k").place(Place::Held { reason: "one\ntwo".to_owned() })], 0).await;
    assert_eq!(s.find("A").await.unwrap().held.as_deref(), Some("one two"));
    let replaced = s.push([job("B").key("k").on_conflict(OnConflict::Replace)], 1).await;
    assert_eq!(replaced, [Pushed::Replaced { holder: jid_of("A") }]);
    assert_eq!((s.state("A").await, s.queued("default").await), (None, vec!["B".to_owned()]));
}
