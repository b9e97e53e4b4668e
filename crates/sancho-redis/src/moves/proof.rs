//! Running scripts that ask for proofs.
//!
//! A push or a settlement that meets a key whose holder is not where the index has it does nothing, and answers with
//! the holder's jid instead. The job is searched for, and the script runs again with what was found.

use redis::{Script, Value};
use sancho_core::{ErrorKind, StoreError, StoreResult};

use crate::index::{Proof, Unproved};
use crate::reply;
use crate::script::Args;
use crate::store::RedisStore;

/// How many times a script runs for one move: a holder that was found may have moved meanwhile.
const TRIES_MAX: usize = 5;

impl RedisStore {
    /// Runs a script that reads proofs at its end, and searches for the holders of keys that it cannot prove.
    pub(super) async fn run_proving(&self, op: &'static str, script: &Script, mut args: Args) -> StoreResult<Value> {
        let (mut asked, own): (Vec<Unproved>, usize) = (Vec::new(), args.len());
        for _ in 0..TRIES_MAX {
            // What was found before is searched for again: it may have moved since.
            let proofs = if asked.is_empty() { Vec::new() } else { self.prove(op, &asked).await? };
            args.truncate(own);
            Proof::put_all(&proofs, &mut args);
            let answer = self.inner.connection.run(op, script, &args).await?;
            let Some(unproved) = asked_for(&answer) else { return Ok(answer) };
            asked.retain(|one| unproved.iter().all(|other| other.key != one.key));
            asked.extend(unproved);
        }
        let said = "the holder of a key moves faster than it can be found: try again";
        Err(StoreError::new(op, ErrorKind::Unavailable, said))
    }
}

/// The entries that a script could not prove, if that is its answer: `U`, then keys and jids in turns.
fn asked_for(answer: &Value) -> Option<Vec<Unproved>> {
    let Value::Array(parts) = answer else { return None };
    match parts.first() {
        Some(Value::BulkString(first)) if first == b"U" => {}
        _ => return None,
    }
    let parts: Vec<Vec<u8>> = parts[1..].iter().cloned().map(|part| reply::bytes(part).unwrap_or_default()).collect();
    Some(parts.chunks_exact(2).map(|pair| Unproved { key: pair[0].clone(), jid: pair[1].clone() }).collect())
}
