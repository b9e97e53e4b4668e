//! Pushes of many jobs to the far ends of queues, as nearly all are: by plain LPUSH, and a script that checks afterwards.
//!
//! A script that is given a thousand payloads makes a string of Lua of each, which costs Redis more than to put them into
//! a list. So the payloads go by themselves, in one transaction with a script that records the batches, and takes the
//! jobs out again where one was pushed before: nobody has seen them then.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use redis::{Pipeline, cmd, pipe};
use sancho_core::{End, NewJob, Place, StoreResult, Timestamp};

use super::push::put_records;
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::keys;

/// Jobs that make a transaction worth its while: with fewer of them a script is as quick, and one command.
const JOBS_MIN: usize = 10;

/// Queues of one transaction at most: the script takes them apart one by one.
const QUEUES_MAX: usize = 100;

/// The script that ends the transaction. It goes along as text each time: were it missing where it is named by its hash,
/// the jobs would be pushed and nothing recorded.
static PUSHED: LazyLock<String> = LazyLock::new(|| {
    let text = include_str!("../lua/pushed.lua").lines().filter(|line| !line.trim_start().starts_with("--"));
    std::iter::once("#!lua flags=allow-oom").chain(text).collect::<Vec<_>>().join("\n")
});

/// A push that goes this way.
pub(super) struct Straight(Pipeline);

impl Straight {
    /// Batches without keys, none of them empty, all of one minute; `None` for those that have to go another way.
    pub(super) fn of(batches: &[&[NewJob]], now: Timestamp) -> Option<Self> {
        let jobs = || batches.iter().copied().flatten();
        if jobs().count() < JOBS_MIN {
            return None;
        }
        let mut queues: BTreeMap<&str, Vec<&NewJob>> = BTreeMap::new();
        for job in jobs() {
            let Place::Queue { queue, end: End::Back } = &job.place else { return None };
            queues.entry(queue.as_str()).or_default().push(job);
        }
        if queues.len() > QUEUES_MAX {
            return None;
        }
        let mut transaction = pipe();
        for (queue, jobs) in &queues {
            let bytes: usize = jobs.iter().map(|job| job.payload.as_bytes().len()).sum();
            let mut push = redis::Cmd::with_capacity(jobs.len() + 2, bytes + queue.len() + 16);
            push.arg("LPUSH").arg(keys::queue(queue));
            jobs.iter().for_each(|job| _ = push.arg(job.payload.as_bytes()));
            transaction.add_command(push);
        }
        transaction.add_command(end(batches, &queues, now));
        Some(Straight(transaction))
    }

    /// What the script answers, as that of the other way does: 1 when all were pushed, 0 when the only batch was pushed
    /// before, 2 when each has to come alone. `None` where Redis does nothing at all, be it that its memory is full.
    pub(super) async fn push(mut self, store: &RedisStore) -> StoreResult<Option<i64>> {
        Ok(store.inner.connection.transact("push", &mut self.0).await?.map(reply::int))
    }
}

/// The last command of the transaction.
fn end(batches: &[&[NewJob]], queues: &BTreeMap<&str, Vec<&NewJob>>, now: Timestamp) -> redis::Cmd {
    let firsts = || batches.iter().filter_map(|jobs| jobs.first());
    let mut args = Args::new();
    put_records(&mut args, firsts(), now);
    args.number(batches.len());
    firsts().for_each(|first| _ = args.put(first.jid.as_str()));
    for (queue, jobs) in queues {
        args.put(queue).number(jobs.len());
    }
    let mut end = cmd("EVAL");
    end.arg(&*PUSHED).arg(0);
    args.iter().for_each(|arg| _ = end.arg(arg));
    end
}
