//! What is in the store: jobs of a few classes in every set, many of them, each with what real ones bring along.

use std::time::Duration;

use anyhow::{Context, Result};
use sancho::core::store::NewJob;
use sancho::core::{End, Jid, OnConflict, Payload, Place, limits};
use sancho::{Client, QueueName, Timestamp};
use serde_json::json;

/// The queue that has the backlog.
pub const DEEP: &str = "deep";

/// Other queues, which share a tenth of it.
const QUEUES: u64 = 20;

/// Pushes under way at a time.
const PUSHES: usize = 2;

const CLASSES: [(&str, &str, &str); 5] = [
    ("WelcomeEmail", "Net::Timeout", "no answer from the mail server in 30 s"),
    ("ResizeImage", "ImageError", "the image has no pixels: uploads/2026/11/21/9f2c.webp"),
    ("SyncAccount", "HttpError", "503 Service Unavailable"),
    ("Reports::Monthly", "Sancho::Panic", "index out of bounds: the len is 0 but the index is 0"),
    ("ChargeCard", "Stripe::RateLimit", "Too many requests: try again in 12 s"),
];

/// The jobs of one run, by number: first those of the deep queue, then the others.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    many: u64,
    few: u64,
    now: Timestamp,
}

/// Where some jobs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Deep,
    Retries,
    Scheduled,
    Dead,
    Held,
    Others,
}

impl Part {
    const ALL: [Part; 6] = [Part::Deep, Part::Retries, Part::Scheduled, Part::Dead, Part::Held, Part::Others];
}

impl Backlog {
    pub fn of(many: u64) -> Self {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        let now = Timestamp::from_unix_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX));
        Backlog { many, few: many / 10, now }
    }

    /// Jobs of a part.
    pub fn size(&self, part: Part) -> u64 {
        if matches!(part, Part::Deep | Part::Retries) { self.many } else { self.few }
    }

    /// The id of a part's job with this number, counted from the part's first.
    pub fn jid(&self, part: Part, number: u64) -> String {
        let before = Part::ALL.iter().take_while(|it| **it != part).map(|it| self.size(*it)).sum::<u64>();
        // Distinct in the half by which a store may know them, and in the order of their numbers.
        let micros = self.now.as_unix_micros() as u64 - 10_000_000_000 + before + number;
        format!("{micros:016x}{:08x}", (before + number) as u32)
    }

    /// Pushes all of it.
    pub async fn push(&self, client: &Client) -> Result<()> {
        for part in Part::ALL {
            let mut from = 0;
            while from < self.size(part) {
                let mut pushes = Vec::new();
                for _ in 0..PUSHES {
                    let upto = (from + limits::JOBS_PER_PUSH_MAX as u64).min(self.size(part));
                    let jobs = (from..upto).map(|number| self.job(part, number)).collect::<Result<Vec<_>>>()?;
                    let (store, now) = (client.store().clone(), self.now);
                    pushes.push(tokio::spawn(async move { store.push(&jobs, now).await }));
                    from = upto;
                }
                for push in pushes {
                    push.await?.context("failed to fill the store")?;
                }
            }
        }
        Ok(())
    }

    fn job(&self, part: Part, number: u64) -> Result<NewJob> {
        let jid = self.jid(part, number);
        let (class, error_class, message) = CLASSES[usize::try_from(number * 7 / 3)? % CLASSES.len()];
        let queue = match part {
            Part::Others => format!("queue-{:02}", number % QUEUES),
            _ => DEEP.to_owned(),
        };
        let pushed = self.now.before(Duration::from_millis(self.size(part) - number));
        let mut payload = json!({
            "class": class, "args": [number, "eu", {"plan": "pro", "seats": number % 90}], "jid": jid, "queue": queue,
            "retry": 25, "created_at": pushed.as_unix_secs_f64(), "enqueued_at": pushed.as_unix_secs_f64(),
        });
        if matches!(part, Part::Retries | Part::Dead) {
            payload["error_class"] = json!(error_class);
            payload["error_message"] = json!(message);
            payload["failed_at"] = json!(pushed.as_unix_secs_f64());
            payload["retry_count"] = json!(number % 20);
        }
        // What the filters look for: the very last, and one of a thousand.
        if number + 1 == self.size(part) {
            payload["tags"] = json!(["needle"]);
        } else if number % 1_000 == 500 {
            payload["tags"] = json!(["rare"]);
        }
        // Due long after the run, so that nobody moves them meanwhile; in the order of their numbers.
        let at = self.now + Duration::from_secs(86_400) + Duration::from_millis(number);
        let place = match part {
            Part::Deep | Part::Others => Place::Queue { queue: QueueName::new(queue)?, end: End::Back },
            Part::Retries => Place::Retries { at },
            Part::Scheduled => Place::Scheduled { at },
            Part::Dead => Place::Dead,
            Part::Held => Place::Held { reason: "the class is paused".to_owned() },
        };
        Ok(NewJob {
            jid: Jid::new(jid)?,
            place,
            key: None,
            on_conflict: OnConflict::Keep,
            pushed_by: None,
            payload: Payload::from_bytes(payload.to_string().into_bytes()),
        })
    }
}
