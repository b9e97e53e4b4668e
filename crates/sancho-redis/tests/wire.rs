//! For whom payloads are written: `?wire=7` and `?wire=8` in the address of a Redis.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sancho::core::lifecycle::Verdict;
use sancho::core::{Action, Greeting, Payload, Selection, WireTime};
use sancho::{Client, Context, Event, Jid, Job, JobResult, Perform, RunningServer, Server, Timestamp, Wire};
use sancho_testkit::RedisServer;
use sancho_testkit::stage::{beat, request};

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(30);

const HOUR: Duration = Duration::from_secs(3_600);

/// Fails, and remembers what it was given.
#[derive(Job)]
#[job(retry = 1)]
struct Weigh {
    grams: f64,
}

type Weighed = Arc<Mutex<Vec<f64>>>;

impl Perform<Weighed> for Weigh {
    async fn perform(self, cx: &Context<Weighed>) -> JobResult {
        cx.state().lock().expect("no job has failed under it").push(self.grams);
        Err("the scales are broken".into())
    }
}

async fn payload(client: &Client, jid: &Jid) -> Payload {
    client.find(jid).await.expect("Redis answers").expect("the job is there").payload
}

async fn run_now(client: &Client, jid: &Jid) {
    let selection = Selection::Jid(jid.clone());
    let applied = client.inspect().apply(&Action::RunNow, &selection, 1, client.clock().now()).await;
    assert_eq!(applied.expect("Redis answers").done, 1);
}

/// Starts a server, and waits until it says of a job what is wanted.
async fn serve_until(client: &Client, weighed: &Weighed, wanted: impl Fn(&Verdict) -> bool) -> RunningServer {
    let server = Server::new(client.clone(), Arc::clone(weighed)).register::<Weigh>();
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");
    let settled = |event: &Event| matches!(event, Event::Settled { verdict, .. } if wanted(verdict)).then_some(());
    tokio::time::timeout(PATIENCE, events.wait_for(settled)).await.expect("in time").expect("the server lives");
    server
}

async fn stop(server: RunningServer) {
    tokio::time::timeout(PATIENCE, server.stop()).await.expect("the server stops");
}

/// Checks that a payload has these times, all in this form, and none before the test began.
fn assert_times(payload: &Payload, names: &[&str], form: WireTime, began: Timestamp) {
    let members = payload.members().expect("readable");
    for name in names {
        let text = members.get(name).unwrap_or_else(|| panic!("{name} is missing: {payload:?}"));
        let text = text.trim_matches(['[', ']']);
        let value: f64 = text.parse().expect("a number");
        let seconds = match form {
            WireTime::Millis => {
                assert!(text.bytes().all(|byte| byte.is_ascii_digit()), "{name} is whole: {text}");
                value / 1e3
            }
            _ => {
                assert!(text.contains('.'), "{name} has a fraction: {text}");
                value
            }
        };
        let time = Timestamp::from_unix_secs_f64(seconds).expect("a time");
        assert!(time >= millis(began) && time < began + 3 * HOUR, "{name}: {text}");
    }
}

/// The whole milliseconds of a time: what is left of one that was written as such.
fn millis(time: Timestamp) -> Timestamp {
    Timestamp::from_unix_millis(time.as_unix_millis())
}

/// Has a process claim what is in `default`, and be dead since an hour.
async fn die_with_what_is_there(client: &Client, now: Timestamp) {
    let then = now.before(HOUR);
    client.store().beat(&beat("dead", Greeting::Hello), then).await.expect("beat");
    let claim = request("dead", 1, 1, &["default"]);
    let claimed = client.store().exchange(&[], Some(&claim), then).await.expect("claim").claims;
    assert_eq!(claimed.len(), 1);
}

#[tokio::test]
async fn an_address_says_how_times_are_written() {
    let redis = RedisServer::start();
    for (query, wire) in [("", Wire::Any), ("?wire=7", Wire::Seven), ("?wire=8", Wire::Eight)] {
        let client = sancho::connect(&format!("{}{query}", redis.fresh_url())).await.expect("connects");
        assert_eq!(client.wire(), wire);
        let (form, began) = (wire.time(), client.clock().now());

        let mut later = Vec::new();
        for _ in 0..2 {
            let job = client.push(Weigh { grams: 1.0 }).queue("later").after(HOUR).await.expect("pushed");
            assert_times(&payload(&client, &job.jid).await, &["created_at"], form, began);
            later.push(job.jid);
        }
        run_now(&client, &later[0]).await;
        assert_times(&payload(&client, &later[0]).await, &["created_at", "enqueued_at"], form, began);
        let promoted = client.store().promote(10, began + 2 * HOUR).await.expect("promoted");
        assert_eq!(promoted.moved, 1);
        assert_times(&payload(&client, &later[1]).await, &["created_at", "enqueued_at"], form, began);

        let jid = client.push(Weigh { grams: 2.0 }).expires_in(HOUR).await.expect("pushed").jid;
        assert_times(&payload(&client, &jid).await, &["created_at", "enqueued_at", "expires_at"], form, began);
        die_with_what_is_there(&client, began).await;
        let weighed = Weighed::default();
        stop(serve_until(&client, &weighed, |verdict| matches!(verdict, Verdict::Retried { .. })).await).await;
        assert_times(&payload(&client, &jid).await, &["orphaned_at", "failed_at"], form, began);
        run_now(&client, &jid).await;
        stop(serve_until(&client, &weighed, |verdict| matches!(verdict, Verdict::Died)).await).await;
        let dead = payload(&client, &jid).await;
        assert_times(&dead, &["created_at", "enqueued_at", "failed_at", "retried_at"], form, began);
    }
}

#[tokio::test]
async fn a_mixed_fleet_reads_each_others_jobs() {
    let redis = RedisServer::start();
    let url = redis.fresh_url();
    let eight = sancho::connect(&format!("{url}?wire=8")).await.expect("connects");
    let any = sancho::connect(&url).await.expect("connects");
    for (first, second, grams) in [(&eight, &any, 0.000_01), (&any, &eight, 1e20)] {
        let began = first.clock().now();
        let jid = first.push(Weigh { grams }).expires_in(HOUR).await.expect("pushed").jid;
        let pushed = payload(second, &jid).await;
        let times = ["created_at", "enqueued_at", "expires_at"];
        assert_times(&pushed, &times, first.wire().time(), began);

        let weighed = Weighed::default();
        stop(serve_until(second, &weighed, |verdict| matches!(verdict, Verdict::Retried { .. })).await).await;
        run_now(first, &jid).await;
        stop(serve_until(first, &weighed, |verdict| matches!(verdict, Verdict::Died)).await).await;
        assert_eq!(*weighed.lock().expect("no job has failed under it"), [grams, grams]);

        let dead = payload(second, &jid).await;
        assert_times(&dead, &["created_at", "enqueued_at", "retried_at"], first.wire().time(), began);
        assert_times(&dead, &["failed_at"], second.wire().time(), began);
        let read = dead.envelope().expect("readable");
        assert_eq!(read.args(), pushed.envelope().expect("readable").args(), "nobody writes arguments twice");
        let over = first.clock().now();
        let times = [read.created_at(), read.failed_at(), read.enqueued_at(), read.retried_at()];
        let times: Vec<Timestamp> = times.into_iter().map(|time| millis(time.expect("it is there"))).collect();
        assert!(times.is_sorted() && times[0] >= millis(began) && times[3] <= over, "{dead:?}");
    }
}
