//! The pages on a store in memory that is full of sample data, to look at them while they are changed.
//!
//! ```text
//! cargo run -p sancho-web --example pages -- 127.0.0.1:7777
//! ```

use std::sync::Arc;
use std::time::Duration;

use sancho_core::End;
use sancho_core::checkpointed::{Checkpointed, Progress};
use sancho_core::claim::{Fill, Repeated};
use sancho_core::model::ModelStore;
use sancho_core::process::{Greeting, Quiet};
use sancho_core::{
    Action, Beat, CapsuleInfo, Checkpoint, Claim, ClaimRequest, Clock, Execution, Filter, Incarnation, Inspect, Jid,
    NewJob, OnConflict, Pausable, Payload, Place, ProcessInfo, QueueCount, QueueName, Running, Selection, Set,
    Settlement, Source, Store, Tally, Timestamp, Transition,
};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    let store = ModelStore::new();
    let sample = Sample { store: store.clone(), now: Wall.now() };
    sample.fill().await?;
    tokio::spawn(async move { sample.stay_alive().await.expect("the store in memory takes every beat") });
    let store = Arc::new(store);
    let web = sancho_web::Web::new(store.clone(), store, Arc::new(Wall));
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}/", listener.local_addr()?);
    Ok(axum::serve(listener, sancho_web::router(web)).await?)
}

/// The machine's clock.
#[derive(Debug)]
struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(jiff::Timestamp::now().as_microsecond())
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.now().as_unix_micros()).unwrap_or(0))
    }
}

const CLASSES: [(&str, &str, &str, &str); 9] = [
    ("WelcomeEmail", "mailers", "Net::Timeout", "no answer from the mail server in 30 s"),
    ("ResizeImage", "images", "ImageError", "the image has no pixels: uploads/2026/11/21/9f2c.webp"),
    ("SyncAccount", "default", "HttpError", "503 Service Unavailable"),
    ("Reports::Monthly", "low", "Sancho::Panic", "index out of bounds: the len is 0 but the index is 0"),
    ("ChargeCard", "critical", "Stripe::RateLimit", "Too many requests: try again in 12 s"),
    ("Webhook::Deliver", "webhooks", "HttpError", "410 Gone: https://hooks.example.com/orders"),
    ("Search::Reindex", "search", "Search::Conflict", "version conflict: the document has changed meanwhile"),
    ("Invoice::Pdf", "documents", "Typst::Error", "unknown font family: Inter Tight"),
    ("Import::Csv", "imports", "Csv::BadRow", "row 1204 has 7 fields, and the header has 8"),
];

/// What fills the store.
struct Sample {
    store: ModelStore,
    now: Timestamp,
}

impl Sample {
    async fn fill(&self) -> Outcome<()> {
        self.history().await?;
        self.waiting().await?;
        self.processes().await?;
        self.store.mark_deploy("v2.31.0", self.now.before(minutes(23))).await?;
        let unknown = [("Checkout::Refund".to_owned(), queue("default")?)];
        self.store.meet_unknown(&unknown, self.now.before(minutes(47))).await?;
        self.store.meet_unknown(&unknown, self.now).await?;
        self.store.pause(&Pausable::Queue(queue("low")?), self.now).await?;
        self.store.pause(&Pausable::Class("Newsletter".to_owned()), self.now).await?;
        Ok(())
    }

    fn job(&self, number: u64, place: Place, error: bool) -> Outcome<NewJob> {
        let (class, queue, error_class, message) = CLASSES[usize::try_from(number * 7 / 3)? % CLASSES.len()];
        let jid = Jid::new(format!("{:024x}", 0x66_e2_00_00_00_00_u64 + number * 0x9e37))?;
        let pushed = self.now.before(Duration::from_secs(number * 613 % 90_000));
        let region = ["eu", "us", "asia"][usize::try_from(number)? % 3];
        let mut payload = json!({
            "class": class, "args": [number * 37, region, {"plan": "pro"}],
            "jid": jid.as_str(), "queue": queue, "retry": 25, "created_at": pushed.as_unix_secs_f64(),
        });
        if number.is_multiple_of(4) {
            payload["tags"] = json!(["eu", "beta"]);
        }
        if error {
            let failed = self.now.before(Duration::from_secs(number * 97 % 9_000 + 60));
            payload["error_class"] = json!(error_class);
            payload["error_message"] = json!(message);
            payload["failed_at"] = json!(failed.as_unix_secs_f64());
            payload["retry_count"] = json!(number % 6);
            payload["error_backtrace"] = json!([
                "shop::mail::deliver at src/mail.rs:41",
                "<shop::jobs::Welcome as sancho::Perform<App>>::perform at src/jobs/welcome.rs:17",
                "tokio::runtime::task::core::Core<T,S>::poll at tokio/src/runtime/task/core.rs:365",
            ]);
        }
        let payload = Payload::from_bytes(payload.to_string().into_bytes());
        Ok(NewJob { jid, place, key: None, on_conflict: OnConflict::Keep, pushed_by: None, payload })
    }

    async fn waiting(&self) -> Outcome<()> {
        let mut jobs = Vec::new();
        for number in 0..340_u64 {
            let at = self.now + Duration::from_secs(60 + number * 797 % 90_000);
            let name = CLASSES[usize::try_from(number * 7 / 3)? % CLASSES.len()].1;
            let (place, error) = match number % 10 {
                0..=3 => (Place::Queue { queue: queue(name)?, end: End::Back }, false),
                4 | 5 => (Place::Scheduled { at }, false),
                6 | 7 => (Place::Retries { at }, true),
                8 => (Place::Dead, true),
                _ if number < 80 => (Place::Held { reason: "the class is paused".to_owned() }, false),
                _ => (Place::Queue { queue: queue(name)?, end: End::Back }, false),
            };
            jobs.push(self.job(number, place, error)?);
        }
        for (index, bytes) in [
            &br#"{"class":"<script>alert(1)</script>","args":["\"><img src=x onerror=alert(1)>"],"jid":"hostile-1","error_class":"</title>","error_message":"\u202egnp.exe"}"#[..],
            &b"\xff\xfe not JSON at all"[..],
        ]
        .into_iter()
        .enumerate()
        {
            let jid = Jid::new(format!("hostile-{}", index + 1))?;
            let payload = Payload::from_bytes(bytes);
            let on_conflict = OnConflict::Keep;
            jobs.push(NewJob { jid, place: Place::Dead, key: None, on_conflict, pushed_by: None, payload });
        }
        for step in jobs.chunks(40).enumerate() {
            let at = self.now.before(Duration::from_secs(125 - 10 * u64::try_from(step.0)?));
            self.store.push(step.1, at).await?;
        }
        Ok(())
    }

    fn beat(&self, pid: u32, executions: Vec<Execution>) -> Outcome<Beat> {
        let capsule = |name: &str, slots, order: &str, queues: &[&str]| CapsuleInfo {
            name: name.to_owned(),
            slots,
            order: order.to_owned(),
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        };
        let capsules = match pid {
            4_101 => vec![
                capsule("default", 10, "weighted", &["critical,6", "default,3", "low,1"]),
                capsule("images", 2, "strict", &["images"]),
            ],
            _ => vec![capsule("default", 8, "strict", &["critical", "mailers", "default"])],
        };
        Ok(Beat {
            process: ProcessInfo {
                incarnation: Incarnation::new(format!("web-{}:{pid}:5f3a9c", pid % 10)),
                hostname: format!("web-{}", pid % 10),
                pid,
                started_at: self.now.before(Duration::from_secs(u64::from(pid) * 40)),
                slots: capsules.iter().map(|capsule| capsule.slots).sum(),
                queues: vec![queue("critical")?, queue("default")?],
                capsules,
                tag: "shop".to_owned(),
                labels: Vec::new(),
                version: "sancho 0.1.0".to_owned(),
            },
            greeting: Greeting::Hello,
            quiet: if pid == 4_103 { Quiet::Yes } else { Quiet::No },
            lease: Duration::from_secs(86_400 * 400),
            running: Vec::new(),
            rss_bytes: 48_000_000 + u64::from(pid % 7) * 9_700_000,
            round_trip: Duration::from_micros(u64::from(pid % 5) * 480 + 700),
            executions,
            by_queue: Vec::new(),
        })
    }

    async fn claim(
        &self,
        by: &Incarnation,
        from: &str,
        first: u64,
        limit: usize,
        now: Timestamp,
    ) -> Outcome<Vec<Claim>> {
        let request = ClaimRequest {
            incarnation: by.clone(),
            first_number: first,
            repeated: Repeated::No,
            sources: vec![Source { queue: queue(from)?, quota: 0 }],
            fill: Fill::InOrder,
            limit,
        };
        Ok(self.store.exchange(&[], Some(&request), now).await?.claims)
    }

    /// Executions of the last hours by the minute, and of the last months by the day.
    async fn history(&self) -> Outcome<()> {
        let mut chance = 0x2545_f491_4f6c_dd1d_u64;
        let mut draw = |below: u64| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) % below
        };
        let mut there = [0; 3];
        for minute in (0..480_u64).rev() {
            let mut executions = Vec::new();
            for (index, (class, ..)) in (0_u64..).zip(CLASSES) {
                let mut execution = Execution::of(class);
                let busy = 30 + 24 * u64::from((minute / 13).is_multiple_of(3)) + draw(22);
                for _ in 0..busy / (index + 1) {
                    let base = [8_u64, 34, 120, 512, 2_100, 90, 240, 760, 5_400][usize::try_from(index)?];
                    execution.add_run(Duration::from_millis(base + draw(base * 2) + draw(40) / 39 * base * 9));
                }
                let failing = u64::from(index == 1) + u64::from((20..26).contains(&minute)) * 6;
                (0..draw(failing + 1)).for_each(|_| execution.add_failure());
                executions.push(execution);
            }
            let performed = CLASSES.iter().zip(&executions);
            let by_queue: Outcome<_> = performed
                .map(|((_, name, ..), Execution { count, failures, .. })| {
                    Ok(QueueCount { queue: queue(name)?, count: *count, failures: *failures })
                })
                .collect();
            let now = self.now.before(minutes(minute));
            self.tide(&mut there, Some(minute), now).await?;
            self.store.beat(&Beat { by_queue: by_queue?, ..self.beat(4_101, executions)? }, now).await?;
        }
        self.tide(&mut there, None, self.now).await?;
        let incarnation = self.beat(4_101, Vec::new())?.process.incarnation;
        let mut first = 1;
        for day in (0..120_u64).rev() {
            let now = self.now.before(Duration::from_secs(day * 86_400));
            let many = 40 + draw(60) + 60 * u64::from(day % 7 > 1);
            let place = Place::Queue { queue: queue("past")?, end: End::Back };
            let jobs: Outcome<Vec<NewJob>> =
                (0..many).map(|number| self.job(100_000 + day * 1_000 + number, place.clone(), false)).collect();
            self.store.push(&jobs?, now).await?;
            let claims = self.claim(&incarnation, "past", first, 1_000, now).await?;
            first += claims.len() as u64;
            let settled = claims.into_iter().map(|claim| Settlement {
                receipt: claim.receipt,
                transition: Transition {
                    place: Place::Gone,
                    payload: None,
                    // A day of the past has more than are worth pushing.
                    tally: Tally { processed: 60, failed: 40 * u8::from(draw(14) == 0) },
                },
                then: Vec::new(),
            });
            self.store.exchange(&settled.collect::<Vec<_>>(), None, now).await?;
        }
        self.store.clear(&queue("past")?, 1, self.now).await?;
        Ok(())
    }

    /// Jobs that wait, more and fewer of them as the hours go, so that the sizes over time are no straight line; none
    /// without a minute. `there` counts those that are there.
    async fn tide(&self, there: &mut [u64; 3], minute: Option<u64>, now: Timestamp) -> Outcome<()> {
        let later = Place::Scheduled { at: self.now + minutes(600) };
        let again = Place::Retries { at: self.now + minutes(600) };
        let queued = Place::Queue { queue: queue("past")?, end: End::Back };
        let kinds = [
            ("past-queue", queued, 90, 70, 210),
            ("past-retry", again, 14, 26, 150),
            ("past-later", later, 50, 22, 330),
        ];
        for ((name, place, least, more, every), there) in kinds.into_iter().zip(there) {
            let wanted = minute.map_or(0, |minute| {
                let part = minute % every;
                least + more * part.min(every - part) * 2 / every + minute * 7 % 5
            });
            for number in *there..wanted {
                let jid = Jid::new(format!("{name}-{number}-{}", minute.unwrap_or(0)))?;
                let payload = Payload::from_bytes(&b"{\"class\":\"Past\",\"args\":[]}"[..]);
                let (place, on_conflict) = (place.clone(), OnConflict::Keep);
                self.store
                    .push(&[NewJob { jid, place, key: None, on_conflict, pushed_by: None, payload }], now)
                    .await?;
            }
            if wanted < *there {
                let set = match name {
                    "past-queue" => Set::Queue(queue("past")?),
                    "past-retry" => Set::Retries,
                    _ => Set::Scheduled,
                };
                let all = Selection::All { set, filter: Filter::all(), after: None };
                self.store.apply(&Action::Delete, &all, usize::try_from(*there - wanted)?, now).await?;
            }
            *there = wanted;
        }
        Ok(())
    }

    /// Beats for every process, as long as the pages are served.
    async fn stay_alive(&self) -> Result<(), String> {
        let mut performed = 0;
        loop {
            let now = Wall.now();
            for (pid, busy) in [(4_101, 7), (4_102, 3), (4_103, 1)] {
                let beat = self.beat(pid, Vec::new()).map_err(|error| error.to_string())?;
                let incarnation = beat.process.incarnation.clone();
                let running = (0..busy).map(|number| Running {
                    receipt: sancho_core::Receipt::mint(incarnation.clone(), number, 0),
                    jid: None,
                    since: now,
                });
                let beat = Beat { running: running.collect(), ..beat };
                self.store.beat(&beat, now).await.map_err(|error| error.to_string())?;
            }
            for _ in 0..5 {
                self.perform(&mut performed).await.map_err(|error| error.to_string())?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Performs some small jobs, more and fewer of them, so that the live graph has something to draw.
    async fn perform(&self, performed: &mut u64) -> Outcome<()> {
        let (now, second) = (Wall.now(), Wall.now().as_unix_micros().unsigned_abs() / 1_000_000);
        let place = Place::Queue { queue: queue("events")?, end: End::Back };
        let many = 4 + (second % 40).min(40 - second % 40) / 3 + second * 7 % 4;
        let payload = Payload::from_bytes(&b"{\"class\":\"TrackEvent\",\"args\":[]}"[..]);
        let jobs: Outcome<Vec<NewJob>> = (0..many)
            .map(|number| {
                let jid = Jid::new(format!("event-{second}-{number}"))?;
                let (place, payload) = (place.clone(), payload.clone());
                Ok(NewJob { jid, place, key: None, on_conflict: OnConflict::Keep, pushed_by: None, payload })
            })
            .collect();
        self.store.push(&jobs?, now).await?;
        let incarnation = self.beat(4_102, Vec::new())?.process.incarnation;
        let claims = self.claim(&incarnation, "events", 1_000_000 + *performed, 100, now).await?;
        let failing = usize::from(second % 5 == 0) + usize::from(second % 30 < 6) * 3;
        *performed += claims.len() as u64;
        let settled: Vec<Settlement> = (0..)
            .zip(claims)
            .map(|(number, claim)| Settlement {
                receipt: claim.receipt,
                transition: Transition {
                    place: Place::Gone,
                    payload: None,
                    tally: Tally { processed: 1, failed: u8::from(number < failing) },
                },
                then: Vec::new(),
            })
            .collect();
        self.store.exchange(&settled, None, now).await?;
        Ok(())
    }

    async fn processes(&self) -> Outcome<()> {
        for pid in [4_101, 4_102, 4_103] {
            self.store.beat(&self.beat(pid, Vec::new())?, self.now).await?;
        }
        let mut first = 50_000;
        for (pid, from, many) in [
            (4_101, "images", 2),
            (4_101, "default", 4),
            (4_101, "imports", 1),
            (4_102, "mailers", 3),
            (4_103, "critical", 1),
        ] {
            let incarnation = self.beat(pid, Vec::new())?.process.incarnation;
            first += 1_000;
            let started = self.now.before(Duration::from_secs(17 * u64::from(pid % 10)));
            let claims = self.claim(&incarnation, from, first, many, started).await?;
            for (index, claim) in (1_u64..).zip(claims) {
                let mut kept = Checkpointed::new();
                match from {
                    "images" => {
                        kept.set_progress(Progress { done: index * 740, total: 2_000 });
                        kept.set_step("thumbnails");
                    }
                    "imports" => {
                        kept.set_progress(Progress { done: 148_203, total: 0 });
                        kept.set_step("rows");
                    }
                    "default" => kept.set_progress(Progress { done: index * 19, total: 100 }),
                    _ => {}
                }
                let bytes = kept.to_bytes();
                self.store.checkpoint(&[Checkpoint { receipt: claim.receipt, bytes }], self.now).await?;
            }
        }
        Ok(())
    }
}

fn queue(name: &str) -> Outcome<QueueName> {
    Ok(QueueName::new(name)?)
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}
