//! Taking over from processes that died, and saying goodbye.

use sancho_core::{Incarnation, StoreResult, TakenOver, Timestamp};

use super::claims;
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;

impl RedisStore {
    pub(crate) async fn take_over_claims(
        &self,
        by: &Incarnation,
        first_number: u64,
        limit: usize,
        now: Timestamp,
    ) -> StoreResult<TakenOver> {
        let mut args = Args::new();
        args.put(by.as_str()).number(first_number).number(limit).number(now.as_unix_micros());
        let answer = self.inner.connection.run("take_over", &self.inner.scripts.take_over, &args).await?;
        let mut parts = reply::list(answer).into_iter();
        let flat = reply::list(reply::next(&mut parts));
        let ended = reply::list(reply::next(&mut parts)).into_iter().map(reply::text).map(Incarnation::new).collect();
        let mut claims = claims::of_flight(by, flat);
        if reply::int(reply::next(&mut parts)) == 1 && !claims.is_empty() {
            self.add_checkpoints("take_over", &mut claims).await?;
        }
        Ok(TakenOver { claims, ended })
    }

    pub(crate) async fn retire_incarnation(&self, incarnation: &Incarnation) -> StoreResult<()> {
        let mut args = Args::new();
        args.put(incarnation.as_str());
        self.inner.connection.run("retire", &self.inner.scripts.retire, &args).await.map(drop)
    }
}
