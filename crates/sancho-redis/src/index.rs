//! The keys' index, seen from Rust: what a script could not prove is searched for here.
//!
//! A script believes an entry only where the job's exact bytes stand; Ruby may have moved or rewritten the job since.
//! Then the script names the jid, Rust reads payloads until it finds that jid at their top level, and a second call
//! takes the proof along: where the bytes stand now, or that they stand nowhere. The script proves that again.

use std::collections::HashMap;

use sancho_core::{Jid, Payload, State, StoreResult};

use crate::inspect::search::Needle;
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
            // An id that is none, such as one with a line break, would break the lists of lines that names stand in.
            jid: envelope.jid().and_then(|jid| Jid::new(jid).ok()).map(|jid| jid.to_string()).unwrap_or_default(),
            key: envelope.key().map(|key| key.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

/// An entry that a script could not prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unproved {
    pub(crate) key: Vec<u8>,
    /// The job that the index names, as it stands there: a script compares the bytes.
    pub(crate) jid: Vec<u8>,
}

/// Where the job of an unproved entry is.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    of: Unproved,
    /// `None` where it is nowhere, or dead.
    seen: Option<Seen>,
}

impl Proof {
    /// Adds the proof to a script's arguments: key, jid, letter, place, bytes.
    pub(crate) fn put(&self, args: &mut Args) {
        args.put(&self.of.key).put(&self.of.jid);
        match &self.seen {
            Some(seen) => args.put(seen.spot.letter()).put(seen.spot.place()).put(seen.payload.as_bytes()),
            None => args.put("-").put("").put(""),
        };
    }

    /// Adds proofs and, before them, their count.
    pub(crate) fn put_all(proofs: &[Proof], args: &mut Args) {
        args.number(proofs.len());
        for proof in proofs {
            proof.put(args);
        }
    }
}

impl RedisStore {
    /// Searches for the jobs of entries that a script could not prove: one search for all of them.
    pub(crate) async fn prove(&self, op: &'static str, unproved: &[Unproved]) -> StoreResult<Vec<Proof>> {
        let jid = |of: &Unproved| String::from_utf8_lossy(&of.jid).into_owned();
        let needles = unproved.iter().map(|of| Needle::jid(&jid(of))).collect::<Vec<_>>();
        let found: HashMap<String, Seen> = self.search(op, &needles).await?;
        let proof = |of: &Unproved| Proof {
            // A dead job holds no key.
            seen: found.get(&jid(of)).filter(|seen| seen.spot.state() != State::Dead).cloned(),
            of: of.clone(),
        };
        Ok(unproved.iter().map(proof).collect())
    }
}
