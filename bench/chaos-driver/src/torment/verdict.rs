//! What a torment comes to.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, Result};
use sancho::core::{Direction, Filter, Set, Stats};
use sancho::{Client, JobRow};

use super::job::{KEYS, TormentJob, key_of};
use super::number::Number;
use super::schedule::Kind;
use super::troupe::Troupe;

/// How many jobs of a complaint are named.
const NAMED_MAX: usize = 10;

/// Jobs of a page of the dead set.
const PAGE: usize = 500;

/// What was asked for, and what was made of it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) store: String,
    pub(super) seed: u64,
    pub(super) took: Duration,
    /// How often each fault was made.
    pub(super) faults: BTreeMap<Kind, u64>,
    /// Faults that were not made at all, by the reason.
    pub(super) not_run: BTreeMap<String, Vec<Kind>>,
}

/// What the store holds at the end.
#[derive(Debug)]
pub(super) struct Found {
    stats: Stats,
    dead: HashMap<Number, Dead>,
    /// Keys that a job still holds.
    keys: Vec<u64>,
    /// What is wrong with the store itself.
    pub(super) complaints: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Dead {
    /// How many of its tries have failed.
    failures: u64,
    /// How often it was orphaned.
    orphaned: usize,
}

impl Found {
    /// Looks at the store, once nobody works on it any more.
    pub(super) async fn look(client: &Client, complaints: Vec<String>) -> Result<Self> {
        let inspect = client.inspect();
        let stats = inspect.stats(client.clock().now()).await.context("failed to look at the store")?;
        let (mut dead, mut cursor) = (HashMap::new(), None);
        loop {
            let page = inspect.page(&Set::Dead, &Filter::all(), Direction::Forward, cursor.as_ref(), PAGE).await?;
            for row in &page.rows {
                let (number, read) =
                    read_dead(row).with_context(|| format!("the dead job {} is none of ours", row.jid))?;
                dead.insert(number, read);
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut keys = Vec::new();
        for key in 0..KEYS {
            if inspect.find_key(&key_of(key)?).await?.is_some() {
                keys.push(key);
            }
        }
        Ok(Found { stats, dead, keys, complaints })
    }

    /// Jobs that are still to be performed.
    pub(super) fn waiting(stats: &Stats) -> u64 {
        stats.enqueued + stats.busy + stats.scheduled + stats.retries + stats.held
    }
}

fn read_dead(row: &JobRow) -> Option<(Number, Dead)> {
    let number = Number::of(&row.jid)?;
    let payload: serde_json::Value = serde_json::from_str(&row.payload.to_text_lossy()).ok()?;
    let failures = payload.get("retry_count").and_then(|count| count.as_u64()).map_or(0, |count| count + 1);
    let orphaned = payload.get("orphaned_at").and_then(|times| times.as_array()).map_or(0, Vec::len);
    Some((number, Dead { failures, orphaned }))
}

/// The last line, and what is wrong.
pub(super) fn judge(troupe: &Troupe, made: &Made, found: &Found) -> (String, Vec<String>) {
    let account = &troupe.account;
    let mut complaints = found.complaints.clone();
    let mut require = |holds: bool, complaint: String| {
        if !holds {
            complaints.push(complaint);
        }
    };
    let lost: Vec<Number> = account.missing().into_iter().filter(|number| !found.dead.contains_key(number)).collect();
    require(lost.is_empty(), format!("lost, by number (the first {NAMED_MAX}): {}", names(&lost)));
    let Stats { enqueued, busy, scheduled, retries, held, .. } = found.stats;
    let left = format!("{enqueued} enqueued, {busy} busy, {scheduled} scheduled, {retries} retries, {held} held");
    require(Found::waiting(&found.stats) == 0, format!("the store still holds jobs: {left}"));
    require(found.keys.is_empty(), format!("keys are taken that no job holds: {:?}", found.keys));
    for (number, dead) in &found.dead {
        let is_poison = dead.orphaned >= sancho::core::limits::ORPHANED_MAX;
        require(is_poison, format!("job {number} is dead though it was orphaned {} times", dead.orphaned));
    }
    let (processed, failed) = tally(troupe, made.seed, found);
    let Stats { processed: counted, failed: counted_failed, .. } = found.stats;
    let unsure = account.maybe_replaced_after_all();
    require(
        counted_failed == failed && (processed.saturating_sub(unsure)..=processed).contains(&counted),
        format!(
            "the store counted {counted} processed and {counted_failed} failed; by the ledgers it is {processed} (of \
             which {unsure} are unsure) and {failed}"
        ),
    );

    let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
    let twice = account.twice();
    for (number, all) in &twice {
        match troupe.fates.causes(account, *number, all) {
            Ok(named) => named.iter().for_each(|cause| *causes.entry(cause.name()).or_default() += 1),
            Err(complaint) => require(false, complaint),
        }
    }
    let faults: u64 = made.faults.values().sum();
    let mut line = format!(
        "chaos: store {} seed {} minutes {:.1} faults {faults}{} pushed {} performed {} lost {} twice {}{} replaced {} \
         dead {} scheduled {} longest-recovery {:.1} s",
        made.store,
        made.seed,
        made.took.as_secs_f64() / 60.0,
        listed(made.faults.iter().map(|(kind, count)| (kind.name(), *count))),
        account.pushed,
        account.performed,
        lost.len(),
        twice.len(),
        listed(causes.iter().map(|(cause, count)| (*cause, *count))),
        account.replaced,
        found.dead.len(),
        scheduled,
        account.recovery.longest(),
    );
    for (reason, kinds) in &made.not_run {
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        // A string takes everything.
        _ = write!(line, "; not run, {reason}: {}", kinds.join(" "));
    }
    (line, complaints)
}

/// What the store's counters have to say, by the ledgers: each job that is gone was settled once as done, and once for
/// each try that was to fail; a dead job for each try that failed, and once more as failed when it was buried.
fn tally(troupe: &Troupe, seed: u64, found: &Found) -> (u64, u64) {
    let gone = troupe.account.all_done().filter(|number| !found.dead.contains_key(number));
    let (mut processed, mut failed) = (0, 0);
    for number in gone {
        let fails = u64::from(TormentJob::new(seed, number, false).failures);
        processed += 1 + fails;
        failed += fails;
    }
    for dead in found.dead.values() {
        processed += dead.failures;
        failed += dead.failures + 1;
    }
    (processed, failed)
}

fn listed<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let words: Vec<String> = counts.map(|(name, count)| format!("{name} {count}")).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

fn names(numbers: &[Number]) -> String {
    let named: Vec<String> = numbers.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    named.join(" ")
}
