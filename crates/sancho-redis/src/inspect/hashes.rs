//! What many hashes say: whole ones, or the same fields of each.
//!
//! Plain commands in pipelines, and no script: as tables of Lua the same answers take Redis several times as long.

use redis::{Pipeline, pipe};
use sancho_core::StoreResult;

use crate::reply;
use crate::store::RedisStore;

/// Hashes that one pipeline reads: of a hundred classes each some milliseconds, with other programs' commands between.
const HASHES_PER_READ: usize = 50;

impl RedisStore {
    /// All that each hash says, as fields and values in turns; empty for what is not there, or holds another type. Of
    /// one with more than `most` fields it is about so many: a hash of somebody's own making holds nobody up.
    pub(crate) async fn whole_hashes(
        &self,
        op: &'static str,
        most: usize,
        keys: &[String],
    ) -> StoreResult<Vec<Vec<String>>> {
        let mut all = Vec::with_capacity(keys.len());
        for some in keys.chunks(HASHES_PER_READ) {
            let lengths = self.of_each(op, some, |pipeline, key| pipeline.cmd("HLEN").arg(key)).await?;
            let lengths: Vec<usize> =
                lengths.into_iter().map(|length| usize::try_from(reply::int(length)).unwrap_or(0)).collect();
            let there: Vec<(&String, usize)> =
                some.iter().zip(lengths.iter().copied()).filter(|(_, length)| *length > 0).collect();
            let mut read = self
                .of_each(op, &there, |pipeline, (key, length)| match *length <= most {
                    true => pipeline.cmd("HGETALL").arg(key),
                    false => pipeline.cmd("HSCAN").arg(key).arg(0).arg("COUNT").arg(most),
                })
                .await?
                .into_iter();
            all.extend(lengths.into_iter().map(|length| {
                let Some(answer) = (length > 0).then(|| read.next()).flatten() else { return Vec::new() };
                let whole =
                    if length <= most { answer } else { reply::list(answer).pop().unwrap_or(redis::Value::Nil) };
                reply::list(whole).into_iter().map(reply::text).collect()
            }));
        }
        Ok(all)
    }

    /// These fields of each hash, as fields and values in turns; an empty value for what is not there.
    pub(crate) async fn fields_of_hashes(
        &self,
        op: &'static str,
        fields: &[&str],
        keys: &[String],
    ) -> StoreResult<Vec<Vec<String>>> {
        let mut all = Vec::with_capacity(keys.len());
        for some in keys.chunks(HASHES_PER_READ) {
            let read = self.of_each(op, some, |pipeline, key| pipeline.cmd("HMGET").arg(key).arg(fields)).await?;
            all.extend(read.into_iter().map(|values| {
                let values = reply::list(values).into_iter().map(reply::text);
                fields.iter().zip(values).flat_map(|(field, value)| [(*field).to_owned(), value]).collect()
            }));
        }
        Ok(all)
    }

    /// One reading command for each, in one round trip.
    async fn of_each<T>(
        &self,
        op: &'static str,
        items: &[T],
        command: impl for<'a> Fn(&'a mut Pipeline, &T) -> &'a mut Pipeline,
    ) -> StoreResult<Vec<redis::Value>> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let mut commands = pipe();
        for item in items {
            command(&mut commands, item);
        }
        self.inner.connection.pipe_reads(op, &commands).await
    }
}
