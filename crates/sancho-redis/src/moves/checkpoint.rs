//! Keeping what running jobs want kept.

use sancho_core::{Checkpoint, Kept, StoreResult};

use crate::index::Names;
use crate::note::Note;
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;

/// How long a checkpoint is kept, in seconds: longer than a job that retries waits between two tries, and bounded,
/// since another program may delete the job.
const KEPT_SECONDS: u64 = 30 * 24 * 60 * 60;

impl RedisStore {
    pub(crate) async fn keep_checkpoints(&self, checkpoints: &[Checkpoint]) -> StoreResult<Vec<Kept>> {
        let mut args = Args::new();
        args.number(KEPT_SECONDS).number(checkpoints.len());
        for checkpoint in checkpoints {
            let receipt = &checkpoint.receipt;
            let names = match Note::of(receipt) {
                Some(note) => {
                    // Before it is sent: its outcome may be unknown, and then it may be there.
                    note.mark_kept();
                    note.names()
                }
                None => self.names_in_flight("checkpoint", receipt).await?,
            };
            let Names { jid, .. } = names;
            args.put(receipt.incarnation().as_str()).number(receipt.number()).put(jid).put(&checkpoint.bytes);
        }
        let answers = self.inner.connection.run("checkpoint", &self.inner.scripts.checkpoint, &args).await?;
        let kept = |answer| if reply::int(answer) == 1 { Kept::Kept } else { Kept::Lost };
        Ok(reply::list(answers).into_iter().map(kept).collect())
    }
}
