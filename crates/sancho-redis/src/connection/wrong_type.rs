//! Which key it was: Redis says that a key holds another type, and does not say which.

use redis::pipe;
use sancho_core::{ErrorKind, StoreError};

use super::Connection;
use crate::reply;
use crate::wire::keys;

/// Arguments of one call that are looked at.
const ARGUMENTS_MAX: usize = 10_000;

impl Connection {
    /// The same error with the name of the key, where it is one that the call may have met: one of the keys that have
    /// one name, or that the call was given.
    pub(super) async fn with_key(&self, error: StoreError, arguments: impl Iterator<Item = &[u8]>) -> StoreError {
        let said = error.source.to_string();
        // The scripts name the keys that they check themselves.
        if error.kind != ErrorKind::Corrupt || !said.contains("WRONGTYPE Operation") {
            return error;
        }
        let given = arguments.take(ARGUMENTS_MAX).filter_map(|argument| std::str::from_utf8(argument).ok());
        let given = given.filter_map(|key| Some((key, keys::type_of(key)?)));
        let asked: Vec<(&str, &str)> = given.chain(keys::TYPED).collect();
        let mut types = pipe();
        asked.iter().for_each(|(key, _)| _ = types.cmd("TYPE").arg(key));
        let Ok(have) = self.pipe(error.op, &types).await else { return error };
        let have = have.into_iter().map(reply::text);
        let wrong = asked.iter().zip(have).find(|((_, want), have)| have != want && have != "none");
        let Some(((key, want), have)) = wrong else { return error };
        let said = format!("WRONGTYPE {key} holds a {have}, not a {want}: move it away");
        StoreError::new(error.op, error.kind, said)
    }
}
