//! One sample job: what it is follows from its number alone.

use std::time::Duration;

use sancho::Client;
use sancho_core::{Invalid, Members, NewJob, Place, QueueName, Timestamp};

use super::TAG;

/// A kind of job, as an application might have it.
struct Kind {
    class: &'static str,
    queue: &'static str,
    /// What went wrong, when it fails.
    error: (&'static str, &'static str),
}

const KINDS: [Kind; 5] = [
    Kind { class: "WelcomeEmail", queue: "mailers", error: ("Net::Timeout", "no answer from the mail server in 30 s") },
    Kind { class: "ResizeImage", queue: "images", error: ("ImageError", "the image has no pixels") },
    Kind { class: "SyncAccount", queue: "default", error: ("HttpError", "503 Service Unavailable") },
    Kind { class: "MonthlyReport", queue: "low", error: ("Sancho::Panic", "index out of bounds: the len is 0") },
    Kind { class: "MailDigest", queue: "mailers", error: ("Timeout", "the job ran longer than its timeout of 60s") },
];

const REGIONS: [&str; 3] = ["eu", "us", "asia"];

/// How long ago the oldest of them was pushed: so that ages differ.
const OLDEST: u64 = 7 * 24 * 60 * 60;

/// The sample job with this number: of each ten, five in queues, two scheduled, two retries and one dead.
pub(super) fn job(client: &Client, number: u64, now: Timestamp) -> Result<NewJob, Invalid> {
    // A number without a factor in common with ten: kinds and places meet in every combination.
    let kind = &KINDS[usize::try_from(number / 10 + number).unwrap_or(0) % KINDS.len()];
    let region = REGIONS[usize::try_from(number).unwrap_or(0) % REGIONS.len()];
    let pushed_at = now.before(Duration::from_secs(number * 7_919 % OLDEST));
    let due_at = now + Duration::from_secs(60 + number * 613 % 86_400);
    let mut draft = client.draft(kind.class, format!("[{number},\"{region}\"]"));
    draft.queue = QueueName::new(kind.queue)?;
    draft.tags = vec![TAG.to_owned(), region.to_owned()];
    let mut job = draft.into_job(pushed_at, client.wire().time())?;
    match number % 10 {
        0..=4 => {}
        5 | 6 => {
            job.place = Place::Scheduled { at: due_at };
            edit(&mut job, |members| {
                members.remove("enqueued_at");
                Ok(())
            })?;
        }
        7 | 8 => {
            job.place = Place::Retries { at: due_at };
            edit(&mut job, |members| fail(members, client, kind, number % 4, now))?;
        }
        _ => {
            job.place = Place::Dead;
            edit(&mut job, |members| fail(members, client, kind, 25, now))?;
        }
    }
    Ok(job)
}

fn edit(job: &mut NewJob, change: impl FnOnce(&mut Members) -> Result<(), Invalid>) -> Result<(), Invalid> {
    let mut members = job.payload.members().map_err(|error| Invalid::new(error.to_string()))?;
    change(&mut members)?;
    job.payload = members.to_payload();
    Ok(())
}

/// What a payload has when its job has failed.
fn fail(members: &mut Members, client: &Client, kind: &Kind, retry_count: u64, now: Timestamp) -> Result<(), Invalid> {
    let (class, message) = kind.error;
    members.set("error_message", message);
    members.set("error_class", class);
    members.set("retry_count", &retry_count);
    let failed_at = now.before(Duration::from_secs(60 * (retry_count + 1)));
    let written = members.set_raw("failed_at", client.wire().time().write(failed_at));
    written.map_err(|error| Invalid::new(error.to_string()))
}
