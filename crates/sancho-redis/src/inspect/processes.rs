//! Processes as people look at them, and what they are told from outside.
//!
//! Ours live by their leases. Those of other programs, which know no leases, live for as long as they tell of
//! themselves where Sidekiq's processes do: they are shown and counted too, named `sidekiq` and their version.

use sancho_core::{ErrorKind, Incarnation, Order, ProcessRow, StoreError, StoreResult, Timestamp};

use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;
use crate::wire::{keys, process, signal};

impl RedisStore {
    /// Every living process, sorted by identity.
    pub(crate) async fn process_rows(&self, now: Timestamp) -> StoreResult<Vec<ProcessRow>> {
        let mut args = Args::new();
        args.number(now.as_unix_micros());
        let flat = self.inner.connection.run("processes", &self.inner.scripts.processes, &args).await?;
        let mut flat = reply::list(flat).into_iter();
        let mut rows = Vec::new();
        while let (Some(who), Some(fields)) = (flat.next(), flat.next()) {
            let mut texts = reply::list(fields).into_iter().map(reply::text);
            let pairs = std::iter::from_fn(|| Some((texts.next()?, texts.next()?)));
            rows.push(process::row(&reply::text(who), &pairs.collect()));
        }
        rows.sort_by(|a, b| a.info.incarnation.cmp(&b.info.incarnation));
        Ok(rows)
    }

    /// Leaves an order: one of ours hears it where it waits, a process of Sidekiq at its next beat. Sidekiq can be
    /// told to be quiet, to stop and to dump, and nothing else; one that is embedded in an application does not listen.
    pub(crate) async fn leave_order(&self, who: &Incarnation, order: &Order, now: Timestamp) -> StoreResult<()> {
        let unsupported = |said: String| StoreError::new("order", ErrorKind::Unsupported, said);
        let word = signal::text(order).map_err(|invalid| StoreError::new("order", ErrorKind::Invalid, invalid))?;
        let mut args = Args::new();
        args.put(who.as_str()).number(now.as_unix_micros()).put(word).put(signal::name(order).unwrap_or_default());
        let left = self.inner.connection.run("order", &self.inner.scripts.order, &args).await?;
        match reply::int(left) {
            1 => {
                self.inner.wake.ring([keys::orders(who), signal::signals(who.as_str())]);
                Ok(())
            }
            0 => Err(StoreError::new("order", ErrorKind::NotFound, format!("no process {who} lives"))),
            _ => {
                Err(unsupported(format!("{who} is a process of Sidekiq, which can only be told quiet, stop and dump")))
            }
        }
    }
}
