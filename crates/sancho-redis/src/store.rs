//! The data plane on Redis.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use redis::cmd;
use sancho_core::{
    Beat, BeatAnswer, BoxFuture, Checkpoint, ClaimRequest, ErrorKind, Exchanged, Incarnation, Interest, Kept, Mark,
    NewJob, Place, Promoted, Pruned, Pushed, QueueName, Retention, Settlement, Store, StoreError, StoreResult,
    TakenOver, Timestamp, Wire,
};

use crate::address::Address;
use crate::connection::{Connection, Opener};
use crate::listed::Listed;
use crate::moves::prune::Sweep;
use crate::moves::push_together::Together;
use crate::reply;
use crate::script::Scripts;
use crate::wake::Wake;
use crate::wire::keys;

/// A store on one Redis database, shared by its clones.
#[derive(Clone, Debug)]
pub struct RedisStore {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) connection: Connection,
    pub(crate) scripts: Scripts,
    pub(crate) wake: Wake,
    /// Where this store's sweeps go on.
    pub(crate) sweep: Mutex<Sweep>,
    pub(crate) wire: Wire,
    /// Pushes on their way, and those that wait to be sent together.
    pub(crate) together: Together,
    /// Where pages of this store have listed jobs.
    pub(crate) listed: Listed,
}

impl RedisStore {
    /// Connects to a Redis.
    ///
    /// - `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, by default port 6379 and database 0
    /// - `rediss://…`, the same by TLS, with the feature `tls`: the system's certificates are trusted, or only the
    ///   authority in `?ca=FILE`; `?cert=FILE&key=FILE` is a certificate of our own. All are PEM files.
    /// - `redis+unix:///PATH[?db=DATABASE&user=USER&pass=PASSWORD]`
    /// - `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DATABASE]`, or `rediss+sentinel://…`: the master of
    ///   that name, as the Sentinels have it, after each failover anew. `?sentinel_user=USER&sentinel_pass=PASSWORD`
    ///   is for the Sentinels themselves.
    /// - `redis`: the variable that `REDIS_PROVIDER` names, else `REDIS_URL`, else `redis://localhost:6379/0`, as
    ///   Sidekiq has it. Nothing else reads these variables.
    ///
    /// Percent signs escape what has a meaning of its own in an address. The store opens its connections again by
    /// itself, whatever becomes of them.
    ///
    /// What is written is read rightly by Sidekiq 6, 7 and 8, but for execution metrics, which stand where the pages of
    /// 8 look for them; with `?wire=7` they stand where those of 7 do. With `?wire=8` times are written into payloads as
    /// 8 alone reads them: [`RedisStore::wire`] is for whoever writes payloads for this store.
    ///
    /// # Errors
    /// `Invalid`: an address that cannot be read (what was given is not repeated), a login that is refused,
    /// certificates that are not trusted. `Unsupported`: a Redis before 7.0, a cluster, or TLS without the feature.
    /// `Unavailable`: a Redis that does not answer.
    pub async fn connect(url: &str) -> StoreResult<Self> {
        let invalid = |error| StoreError::new("connect", ErrorKind::Invalid, error);
        let address = Address::resolve(url, |name| std::env::var(name).ok()).map_err(invalid)?;
        let wire = address.wire;
        let opener = Arc::new(Opener::new(address).map_err(|failure| failure.into_error("connect"))?);
        let connection = Connection::open(Arc::clone(&opener)).await?;
        let inner = Inner {
            connection,
            scripts: Scripts::new(),
            wake: Wake::new(opener),
            sweep: Mutex::default(),
            wire,
            together: Together::default(),
            listed: Listed::default(),
        };
        Ok(RedisStore { inner: Arc::new(inner) })
    }

    /// Which version of Sidekiq reads this Redis, as the address said it.
    ///
    /// The store goes by it where it writes into payloads itself: in `promote`, and where an action sends a job to its
    /// queue. Payloads that are handed to it stay as they are.
    pub fn wire(&self) -> Wire {
        self.inner.wire
    }

    /// What a person should know of this Redis, such as that it throws jobs away when memory is full.
    pub fn warnings(&self) -> Vec<String> {
        self.inner.connection.warnings()
    }

    pub(crate) fn ring_for<'a>(&self, places: impl Iterator<Item = &'a Place>) {
        // Jobs of one call mostly go to one place: its name is made once.
        let mut before = None;
        let names: BTreeSet<String> = places
            .filter(|place| before.replace(*place) != Some(*place))
            .filter_map(|place| match place {
                Place::Queue { queue, .. } => Some(keys::queue(queue.as_str())),
                Place::Scheduled { .. } => Some(keys::SCHEDULE.to_owned()),
                Place::Retries { .. } => Some(keys::RETRY.to_owned()),
                _ => None,
            })
            .collect();
        self.inner.wake.ring(names);
    }
}

/// Jobs that are worth a second exchange while another is under way. With fewer, what an exchange costs by itself, some
/// 30 µs on each side, is more than is won by not waiting.
const WORTH_A_SECOND: usize = 32;

impl Store for RedisStore {
    fn jobs_worth_a_second_exchange(&self) -> usize {
        WORTH_A_SECOND
    }

    fn push<'a>(&'a self, jobs: &'a [NewJob], now: Timestamp) -> BoxFuture<'a, StoreResult<Vec<Pushed>>> {
        Box::pin(self.push_jobs(jobs, now))
    }

    fn exchange<'a>(
        &'a self,
        settlements: &'a [Settlement],
        claim: Option<&'a ClaimRequest>,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Exchanged>> {
        Box::pin(self.exchange_all(settlements, claim, now))
    }

    fn promote(&self, limit: usize, now: Timestamp) -> BoxFuture<'_, StoreResult<Promoted>> {
        Box::pin(self.promote_due(limit, now))
    }

    fn beat<'a>(&'a self, beat: &'a Beat, now: Timestamp) -> BoxFuture<'a, StoreResult<BeatAnswer>> {
        Box::pin(self.beat_once(beat, now))
    }

    fn take_over<'a>(
        &'a self,
        by: &'a Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<TakenOver>> {
        Box::pin(async move {
            let taken = self.take_over_claims(by, first_number, limit, now).await?;
            self.show_no_more(&taken.ended).await;
            Ok(taken)
        })
    }

    fn checkpoint<'a>(
        &'a self,
        checkpoints: &'a [Checkpoint],
        _now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Kept>>> {
        Box::pin(self.keep_checkpoints(checkpoints))
    }

    fn retire<'a>(&'a self, incarnation: &'a Incarnation, _now: Timestamp) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.retire_incarnation(incarnation).await?;
            self.show_no_more(std::slice::from_ref(incarnation)).await;
            Ok(())
        })
    }

    fn prune<'a>(
        &'a self,
        retention: &'a Retention,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Pruned>> {
        Box::pin(self.prune_all(retention, limit, now))
    }

    fn queue_names(&self) -> BoxFuture<'_, StoreResult<Vec<QueueName>>> {
        Box::pin(async move {
            let names = self.inner.connection.ask("queue_names", cmd("SMEMBERS").arg(keys::QUEUES)).await?;
            let mut names: Vec<QueueName> = reply::list(names).into_iter().filter_map(reply::queue_name).collect();
            names.sort();
            Ok(names)
        })
    }

    fn meet_unknown<'a>(
        &'a self,
        met: &'a [(String, QueueName)],
        now: Timestamp,
    ) -> BoxFuture<'a, StoreResult<Vec<Timestamp>>> {
        Box::pin(self.meet(met, now))
    }

    fn mark(&self) -> Mark {
        self.inner.wake.mark()
    }

    fn wait<'a>(&'a self, interest: &'a Interest, after: Mark) -> BoxFuture<'a, ()> {
        Box::pin(self.inner.wake.wait(interest, after))
    }
}
