//! One connection for moves, and what its errors mean.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind as RedisKind, RedisError, Script, ServerErrorKind, Value};
use sancho_core::{ErrorKind, StoreError, StoreResult};

use crate::script::Args;

/// How long a move may take before its outcome counts as unknown.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that many calls share.
#[derive(Clone, Debug)]
pub(crate) struct Connection(MultiplexedConnection);

impl Connection {
    pub(crate) async fn open(client: &Client) -> StoreResult<Self> {
        // A move of thousands of jobs takes longer than the half second that the library waits by itself.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_TIMEOUT));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await;
        connection.map(Connection).map_err(|error| failed("connect", error))
    }

    /// Runs a script; it is loaded where Redis does not have it.
    pub(crate) async fn run(&self, op: &'static str, script: &Script, args: &Args) -> StoreResult<Value> {
        let mut connection = self.0.clone();
        let hash = script.get_hash();
        let mut call = Cmd::with_capacity(args.len() + 3, args.size() + hash.len() + 16);
        call.arg("EVALSHA").arg(hash).arg(0);
        for arg in args.iter() {
            call.arg(arg);
        }
        let answer = call.query_async(&mut connection).await;
        match answer {
            Err(error) if error.kind() == RedisKind::Server(ServerErrorKind::NoScript) => {}
            answer => return answer.map_err(|error| failed(op, error)),
        }
        script.load_async(&mut connection).await.map_err(|error| failed(op, error))?;
        call.query_async(&mut connection).await.map_err(|error| failed(op, error))
    }

    /// Runs a command.
    pub(crate) async fn ask(&self, op: &'static str, command: &Cmd) -> StoreResult<Value> {
        let mut connection = self.0.clone();
        command.query_async(&mut connection).await.map_err(|error| failed(op, error))
    }
}

/// What an error of Redis means for the caller.
pub(crate) fn failed(op: &'static str, error: RedisError) -> StoreError {
    let text = error.to_string();
    let kind = if error.is_connection_refusal() || text.contains("LOADING") || text.contains("READONLY") {
        ErrorKind::Unavailable
    } else if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
        ErrorKind::OutcomeUnknown
    } else if text.contains("OOM") {
        ErrorKind::Full
    } else if text.contains("WRONGTYPE") {
        ErrorKind::Corrupt
    } else if matches!(error.kind(), RedisKind::AuthenticationFailed | RedisKind::InvalidClientConfig) {
        ErrorKind::Invalid
    } else {
        ErrorKind::Internal
    };
    StoreError::new(op, kind, error)
}
