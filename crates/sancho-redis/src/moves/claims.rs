//! Claims out of a script's answer, with what their jobs kept.

use redis::{Value, cmd};
use sancho_core::{Claim, ErrorKind, Incarnation, Payload, QueueName, Receipt, StoreError, StoreResult};

use crate::note::Note;
use crate::reply;
use crate::row::cut;
use crate::store::RedisStore;
use crate::wire::keys;

/// A claim with its note.
pub(super) fn claim(holder: &Incarnation, number: u64, queue: QueueName, payload: Payload) -> Claim {
    let note = Note::new(queue.clone(), payload.clone());
    let receipt = Receipt::mint(holder.clone(), number, 0).with_note(note);
    // The payload says when it came to its queue; nothing is kept beside it.
    Claim::new(receipt, queue, payload, None)
}

/// Claims out of numbers and values of a flight hash. They may have been told before, and settled by another receipt.
pub(super) fn of_flight(holder: &Incarnation, flat: impl IntoIterator<Item = Value>) -> Vec<Claim> {
    let (mut claims, mut flat) = (Vec::new(), flat.into_iter());
    while let (Some(number), Some(value)) = (flat.next(), flat.next()) {
        let value = reply::bytes(value).unwrap_or_default();
        let (_, queue, payload) = cut(&value);
        let number = reply::text(number).parse().unwrap_or(0);
        let claim = claim(holder, number, queue, Payload::from_bytes(payload));
        Note::of(&claim.receipt).map(Note::mark_sent);
        claims.push(claim);
    }
    claims
}

impl RedisStore {
    /// Gives claims what their jobs' earlier runs kept.
    ///
    /// # Errors
    /// As one of unknown outcome whatever it is: the claims are made already, and are only told by repeating the call.
    pub(super) async fn add_checkpoints(&self, op: &'static str, claims: &mut [Claim]) -> StoreResult<()> {
        let mut get = cmd("MGET");
        let mut asked = Vec::new();
        for claim in claims {
            let jid = Note::of(&claim.receipt).map(|note| note.names().jid).unwrap_or_default();
            if !jid.is_empty() {
                get.arg(keys::kept(&jid));
                asked.push(claim);
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let unknown = |error: StoreError| StoreError::new(op, ErrorKind::OutcomeUnknown, error.source);
        let kept = reply::list(self.inner.connection.ask(op, &get).await.map_err(unknown)?);
        for (claim, kept) in asked.into_iter().zip(kept) {
            claim.checkpoint = reply::bytes(kept).map(Vec::into_boxed_slice);
            if let (Some(_), Some(note)) = (&claim.checkpoint, Note::of(&claim.receipt)) {
                note.mark_kept();
            }
        }
        Ok(())
    }
}
