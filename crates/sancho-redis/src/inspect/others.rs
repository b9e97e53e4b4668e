//! What processes of other programs run, as each tells at its beats where Sidekiq's pages read it.
//!
//! Nothing is known of these jobs but what stands there: no key and no set of ours has them, nobody here can take them,
//! and one that has ended is listed until its process beats again.

use sancho_core::{StoreResult, limits};

use crate::reply;
use crate::row::Seen;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::work;

/// Processes whose running jobs are read in one round trip.
const PROCESSES_PER_READ: usize = 100;

/// Running jobs of one process that are read at most: a hash that holds more is no process's.
const JOBS_PER_PROCESS_MAX: usize = 1_000;

impl RedisStore {
    /// Every job that runs there, in no particular order.
    pub(super) async fn run_by_others(&self, op: &'static str) -> StoreResult<Vec<Seen>> {
        let mut args = Args::new();
        args.number(limits::OTHER_PROCESSES_LOOKED_AT_MAX);
        let names = self.inner.connection.run(op, &self.inner.scripts.others, &args).await?;
        let names: Vec<String> = reply::list(names).into_iter().map(reply::text).collect();
        let mut found = Vec::new();
        for some in names.chunks(PROCESSES_PER_READ) {
            let mut reads = redis::pipe();
            for hash in some.iter().flat_map(|who| [work::hash(who), work::old_hash(who)]) {
                reads.cmd("HSCAN").arg(hash).arg(0).arg("COUNT").arg(JOBS_PER_PROCESS_MAX);
            }
            let mut replies = self.inner.connection.pipe_reads(op, &reads).await?.into_iter();
            for who in some {
                let (new, old) = (entries(reply::next(&mut replies)), entries(reply::next(&mut replies)));
                // Older versions have the one, newer ones the other, and some both, with the same in them.
                let told = if new.is_empty() { old } else { new };
                found.extend(told.iter().filter_map(|(thread, entry)| Seen::elsewhere(who, thread, entry)));
            }
            if found.len() >= limits::JOBS_PER_SCAN_MAX {
                found.truncate(limits::JOBS_PER_SCAN_MAX);
                break;
            }
        }
        Ok(found)
    }

    /// The job with this id among them.
    pub(super) async fn locate_elsewhere(&self, op: &'static str, jid: &str) -> StoreResult<Option<Seen>> {
        let all = self.run_by_others(op).await?;
        Ok(all.into_iter().find(|seen| seen.row().jid.as_str() == jid))
    }
}

/// Fields and values of an answer to HSCAN.
fn entries(answer: redis::Value) -> Vec<(String, Vec<u8>)> {
    let mut flat = reply::list(answer).into_iter().nth(1).map(reply::list).unwrap_or_default().into_iter();
    let mut entries = Vec::new();
    while let (Some(thread), Some(entry)) = (flat.next(), flat.next()) {
        entries.push((reply::text(thread), reply::bytes(entry).unwrap_or_default()));
    }
    entries
}
