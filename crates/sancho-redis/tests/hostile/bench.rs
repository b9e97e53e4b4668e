//! A database with junk in it, a server at work on it, and somebody who looks at everything.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{Connection, FromRedisValue, cmd};
use sancho::{Client, Context, Event, Job, JobResult, Perform, RunningServer, Server};
use sancho_core::{
    Action, Cursor, Direction, Draft, Filter, Inspect, Jid, Pausable, QueueName, Retention, Selection, Set, Store,
    StoreError, StoreResult, Timestamp, WireTime,
};
use sancho_redis::RedisStore;
use sancho_testkit::factory::{key, queue};
use sancho_testkit::jid_of;

use crate::common::Redis;

/// How often something is asked for before it counts as not coming, and what lies between.
const ASKS_MAX: u32 = 4_000;
const ASK_EVERY: Duration = Duration::from_millis(5);

/// What was performed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<u64>>>);

impl Journal {
    /// The numbers of the jobs that were performed, sorted.
    pub(crate) fn performed(&self) -> Vec<u64> {
        let mut numbers = self.0.lock().expect("no job panics with it").clone();
        numbers.sort_unstable();
        numbers
    }
}

/// A job that anybody can perform.
#[derive(Job)]
struct Good {
    number: u64,
}

impl Perform<Journal> for Good {
    async fn perform(self, cx: &Context<Journal>) -> JobResult {
        cx.state().0.lock().expect("no job panics with it").push(self.number);
        Ok(())
    }
}

/// A job that fails, and is retried in an hour.
#[derive(Job)]
struct Bad {}

impl Perform<Journal> for Bad {
    async fn perform(self, _cx: &Context<Journal>) -> JobResult {
        Err("it always fails".into())
    }
}

/// One database.
pub(crate) struct Bench {
    _redis: Redis,
    url: String,
    pub(crate) store: RedisStore,
    pub(crate) client: Client,
    pub(crate) journal: Journal,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let redis = Redis::default();
        let url = redis.url();
        let store = RedisStore::connect(&url).await.expect("connect");
        let client = Client::new(Arc::new(store.clone()), Arc::new(store.clone()));
        Bench { _redis: redis, url, store, client, journal: Journal::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    /// The time as a score.
    pub(crate) fn seconds(&self) -> f64 {
        self.now().as_unix_secs_f64()
    }

    pub(crate) fn raw(&self) -> Connection {
        let client = redis::Client::open(self.url.as_str()).expect("an address");
        client.get_connection().expect("redis-server answers")
    }

    /// One plain command, which is to succeed.
    #[track_caller]
    pub(crate) fn say<T: FromRedisValue>(&self, words: &[&[u8]]) -> T {
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| _ = command.arg(*word));
        command.query(&mut self.raw()).unwrap_or_else(|error| {
            let shown: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(&word[..word.len().min(80)])).collect();
            panic!("{shown:?}: {error}")
        })
    }

    /// Puts a payload at the back of a queue, as another program does.
    pub(crate) fn enqueue(&self, name: &str, payload: &[u8]) {
        self.say::<i64>(&[b"SADD", b"queues", name.as_bytes()]);
        self.enqueue_only(name, payload);
    }

    /// The same, without a word in the set of queues.
    pub(crate) fn enqueue_only(&self, name: &str, payload: &[u8]) {
        self.say::<i64>(&[b"LPUSH", format!("queue:{name}").as_bytes(), payload]);
    }

    /// What a key holds, byte for byte.
    pub(crate) fn dump(&self, key: &str) -> Option<Vec<u8>> {
        self.say(&[b"DUMP", key.as_bytes()])
    }

    /// How many members a sorted set has.
    pub(crate) fn count(&self, set: &str) -> usize {
        self.say(&[b"ZCARD", set.as_bytes()])
    }

    /// The members of a sorted set, sorted.
    pub(crate) fn members(&self, set: &str) -> Vec<Vec<u8>> {
        let mut members: Vec<Vec<u8>> = self.say(&[b"ZRANGE", set.as_bytes(), b"0", b"-1"]);
        members.sort();
        members
    }

    /// The jobs of a queue, sorted.
    pub(crate) fn queued(&self, name: &str) -> Vec<Vec<u8>> {
        let mut jobs: Vec<Vec<u8>> = self.say(&[b"LRANGE", format!("queue:{name}").as_bytes(), b"0", b"-1"]);
        jobs.sort();
        jobs
    }

    /// A server of these queues that keeps every job that it buries.
    pub(crate) async fn serve(&self, queues: &[&str]) -> Serving {
        let kept = Retention { dead_jobs_max: 1_000_000, dead_kept_for: Duration::MAX, ..Retention::default() };
        let server = Server::new(self.client.clone(), self.journal.clone())
            .register::<Good>()
            .register::<Bad>()
            .queues(queues.iter().copied())
            .slots(5)
            .stop_timeout(Duration::from_millis(50))
            .retention(kept);
        let told = Arc::new(Mutex::new(Vec::new()));
        let (mut events, heard) = (server.subscribe(), Arc::clone(&told));
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                heard.lock().expect("nobody panics with it").push(event);
            }
        });
        Serving { server: server.start().await.expect("the server starts"), told }
    }

    /// Asks everything that people ask, with every page of every set; answers what was refused, each with the name of
    /// the call.
    pub(crate) async fn look_at_everything(&self, queues: &[&str]) -> Vec<(String, StoreError)> {
        let (store, now) = (&self.store, self.now());
        let mut refused = Vec::new();
        let mut note = |call: &str, answer: StoreResult<()>| refused.extend(answer.err().map(|e| (call.to_owned(), e)));
        note("stats", store.stats(now).await.map(drop));
        note("history", store.history(3, now).await.map(drop));
        note("queues", store.queues(now).await.map(drop));
        note("processes", store.processes(now).await.map(drop));
        note("unknown_classes", store.unknown_classes(now).await.map(drop));
        note("about", store.about().await.map(drop));
        note("checkup", store.checkup(now).await.map(drop));
        note("queue_names", store.queue_names().await.map(drop));
        note("find", store.find(&jid_of("nobody")).await.map(drop));
        note("find_key", store.find_key(&key("nobody's")).await.map(drop));
        let nobody = Selection::Jid(jid_of("nobody"));
        note("apply", store.apply(&Action::Cancel, &nobody, 1, now).await.map(drop));
        let kept = Retention { dead_jobs_max: 1_000_000, dead_kept_for: Duration::MAX, ..Retention::default() };
        note("prune", store.prune(&kept, 100, now).await.map(drop));
        let met = [("Unheard".to_owned(), QueueName::default())];
        note("meet_unknown", store.meet_unknown(&met, now).await.map(drop));
        let class = Pausable::Class("Unheard".to_owned());
        note("resume", store.resume(&class, now).await);
        let sets = [Set::Scheduled, Set::Retries, Set::Dead, Set::Held, Set::Busy];
        for set in sets.into_iter().chain(queues.iter().map(|name| Set::Queue(queue(name)))) {
            for direction in [Direction::Forward, Direction::Backward] {
                note(&format!("page {set:?}"), self.walk(&set, direction).await);
            }
        }
        refused
    }

    /// Goes through a set page by page, and looks at each job once more by its id.
    async fn walk(&self, set: &Set, direction: Direction) -> StoreResult<()> {
        let (mut cursor, mut first): (Option<Cursor>, Option<Jid>) = (None, None);
        for _ in 0..1_000 {
            let page = self.store.page(set, &Filter::all(), direction, cursor.as_ref(), 7).await?;
            first = first.or_else(|| page.rows.first().map(|row| row.jid.clone()));
            match page.next {
                Some(next) => cursor = Some(next),
                None => {
                    return match first {
                        Some(jid) => self.store.find(&jid).await.map(drop),
                        None => Ok(()),
                    };
                }
            }
        }
        panic!("the pages of {set:?} never end");
    }
}

/// A server at work.
pub(crate) struct Serving {
    server: RunningServer,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Serving {
    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, so: impl Fn() -> bool) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let (what, told) = (what.to_owned(), Arc::clone(&self.told));
        async move {
            for _ in 0..ASKS_MAX {
                if so() {
                    return;
                }
                tokio::time::sleep(ASK_EVERY).await;
            }
            let told = told.lock().expect("nobody panics with it");
            panic!("{place}: it never came to this: {what}; the server told {told:?}");
        }
    }

    /// What the server said of its store.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let told = self.told.lock().expect("nobody panics with it");
        told.iter()
            .filter_map(|event| if let Event::StoreAway { reason } = event { Some(reason.clone()) } else { None })
            .collect()
    }

    pub(crate) async fn stop(self) {
        tokio::time::timeout(Duration::from_secs(30), self.server.stop()).await.expect("the server stops");
    }
}

/// The payload of a good job.
pub(crate) fn good(number: u64) -> Vec<u8> {
    payload(&format!("good {number}"), "Good", &format!("[{number}]"))
}

/// The payload of a job that fails.
pub(crate) fn bad(number: u64) -> Vec<u8> {
    payload(&format!("bad {number}"), "Bad", "[]")
}

fn payload(name: &str, class: &str, args: &str) -> Vec<u8> {
    let draft = Draft::new(jid_of(name), class, args);
    let job = draft.into_job(sancho_testkit::at(0), WireTime::Seconds).expect("a valid job");
    job.payload.as_bytes().to_vec()
}

/// Fills a key with something of a type.
pub(crate) fn fill(bench: &Bench, key: &str, kind: &str) {
    let key = key.as_bytes();
    let words: &[&[u8]] = match kind {
        "string" => &[b"SET", key, b"\xff nonsense"],
        "list" => &[b"RPUSH", key, b"nonsense", b""],
        "set" => &[b"SADD", key, b"nonsense", b"\xff"],
        "zset" => &[b"ZADD", key, b"-inf", b"nonsense", b"1", b"\xff"],
        "hash" => &[b"HSET", key, b"nonsense", b"\xff"],
        "stream" => &[b"XADD", key, b"*", b"nonsense", b"\xff"],
        other => panic!("no such type: {other}"),
    };
    let _: redis::Value = bench.say(words);
    let held: String = cmd("TYPE").arg(key).query(&mut bench.raw()).expect("TYPE answers");
    assert_eq!(held, kind);
}
