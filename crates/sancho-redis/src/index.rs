//! The keys' index, seen from Rust: what a script could not prove is searched for here.

use sancho_core::{Payload, StoreResult};

use crate::row::Seen;
use crate::script::Args;
use crate::store::RedisStore;

/// A job's own names; empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) jid: String,
    pub(crate) key: String,
}

impl Names {
    /// The names that stand in a payload; none where it cannot be read.
    pub(crate) fn of(payload: &Payload) -> Self {
        let Ok(envelope) = payload.envelope() else { return Names::default() };
        Names {
            jid: envelope.jid().map(|jid| jid.into_owned()).unwrap_or_default(),
            key: envelope.key().map(|key| key.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

/// An entry that a script could not prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unproved {
    pub(crate) key: String,
    /// The job that the index names.
    pub(crate) jid: String,
}

/// Where the job of an unproved entry is.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    of: Unproved,
    seen: Option<Seen>,
}

impl Proof {
    /// Adds proofs and, before them, their count.
    pub(crate) fn put_all(proofs: &[Proof], args: &mut Args) {
        args.number(proofs.len());
        for proof in proofs {
            args.put(&proof.of.key).put(&proof.of.jid);
            match &proof.seen {
                Some(seen) => args.put(&seen.letter).put(&seen.place).put(seen.payload().as_bytes()),
                None => args.put("-").put("").put(""),
            };
        }
    }
}

impl RedisStore {
    pub(crate) async fn prove(&self, op: &'static str, unproved: &[Unproved]) -> StoreResult<Vec<Proof>> {
        let mut proofs = Vec::new();
        for of in unproved {
            let seen = self.locate(op, &of.jid, "").await?.filter(|seen| seen.letter != "D");
            proofs.push(Proof { of: of.clone(), seen });
        }
        Ok(proofs)
    }
}
