//! The connection for moves: opened when it is needed, dropped when it is doubted, and what its errors mean.
//!
//! Each runtime has a socket of its own: a heart that beats on a thread of its own is not held up by jobs that
//! do not yield, and a runtime that ends takes no other's socket along. After a loss the next call opens again.
//! Opens are gated by a back-off, and a call that meets a shut gate fails at once: moves never sleep. Time is
//! tokio's, since it measures the socket and never a job.

mod dial;
mod gate;
mod greeting;
mod link;
mod meaning;
mod opener;
mod sentinel;
#[cfg(feature = "tls")]
mod tls;
mod wrong_type;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Arg, Cmd, Pipeline, RedisResult, Script, Value};
use sancho_core::{ErrorKind, StoreResult};
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, timeout};

use crate::script::Args;
use gate::Gate;
use meaning::Next;

pub(crate) use greeting::eviction;
pub(crate) use link::Link;
pub(crate) use meaning::Failure;
pub(crate) use opener::Opener;

/// How long a move may take before its outcome counts as unknown. A move of thousands of jobs takes a while.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that many calls share.
#[derive(Clone, Debug)]
pub(crate) struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    opener: Arc<Opener>,
    slots: Mutex<Vec<Arc<Slot>>>,
    gate: Mutex<Gate>,
}

/// One runtime's place for a socket.
#[derive(Debug)]
struct Slot {
    runtime: Id,
    link: Mutex<Option<Arc<Link>>>,
    /// Whoever opens holds it: the others wait for what comes of it.
    opening: tokio::sync::Mutex<()>,
}

impl Connection {
    /// Opens the first socket, so that what is wrong with an address is said at once.
    pub(crate) async fn open(opener: Arc<Opener>) -> StoreResult<Self> {
        let shared = Shared { opener, slots: Mutex::default(), gate: Mutex::default() };
        let connection = Connection(Arc::new(shared));
        connection.link().await.map_err(|failure| failure.into_error("connect"))?;
        Ok(connection)
    }

    /// Runs a script; it is loaded where Redis does not have it.
    pub(crate) async fn run(&self, op: &'static str, script: &Script, args: &Args) -> StoreResult<Value> {
        match self.run_script(op, script, args).await {
            Err(error) => Err(self.with_key(error, args.iter()).await),
            answer => answer,
        }
    }

    async fn run_script(&self, op: &'static str, script: &Script, args: &Args) -> StoreResult<Value> {
        let hash = script.get_hash();
        let mut call = Cmd::with_capacity(args.len() + 3, args.size() + hash.len() + 16);
        call.arg("EVALSHA").arg(hash).arg(0);
        for arg in args.iter() {
            call.arg(arg);
        }
        let link = self.link().await.map_err(|failure| failure.into_error(op))?;
        match self.ask_at(&link, &call).await {
            Err(failure) if failure.next == Next::Load => {}
            answer => return answer.map_err(|failure| failure.into_error(op)),
        }
        // Nothing was done, whatever comes of loading.
        let load = async |connection: &mut MultiplexedConnection| script.load_async(connection).await;
        let loaded = self.call(&link, load).await;
        loaded.map_err(|failure| failure.of_nothing_done().into_error(op))?;
        self.ask_at(&link, &call).await.map_err(|failure| failure.into_error(op))
    }

    /// Runs a command.
    pub(crate) async fn ask(&self, op: &'static str, command: &Cmd) -> StoreResult<Value> {
        let link = self.link().await.map_err(|failure| failure.into_error(op))?;
        match self.ask_at(&link, command).await {
            Err(failure) => Err(self.with_key(failure.into_error(op), arguments(command)).await),
            Ok(answer) => Ok(answer),
        }
    }

    /// Runs commands in one round trip, all of them, and answers with their replies in order.
    ///
    /// # Errors
    /// What the first command that failed says: others may have been performed, those behind it too.
    pub(crate) async fn pipe(&self, op: &'static str, commands: &Pipeline) -> StoreResult<Vec<Value>> {
        self.pipe_and(op, commands, |reply| reply).await
    }

    /// The same for reads, where a key of the wrong type answers with nothing: one broken key hides no other.
    pub(crate) async fn pipe_reads(&self, op: &'static str, commands: &Pipeline) -> StoreResult<Vec<Value>> {
        let nothing = |reply: RedisResult<Value>| match reply {
            Err(error) if error.code() == Some("WRONGTYPE") => Ok(Value::Nil),
            reply => reply,
        };
        self.pipe_and(op, commands, nothing).await
    }

    /// Runs commands as one transaction, and answers with the reply to the last; `None` where Redis refuses one of them
    /// beforehand, and so does nothing. Why it does is not said: whoever asks goes another way, and hears it there.
    ///
    /// # Errors
    /// What the last command says, whatever came of the others.
    pub(crate) async fn transact(&self, op: &'static str, commands: &mut Pipeline) -> StoreResult<Option<Value>> {
        let link = self.link().await.map_err(|failure| failure.into_error(op))?;
        commands.atomic().ignore_errors();
        let answer = self.call(&link, async |connection: &mut MultiplexedConnection| {
            match commands.query_async::<Vec<RedisResult<Value>>>(connection).await {
                Err(error) if error.code() == Some("EXECABORT") => Ok(None),
                replies => replies?.pop().unwrap_or(Ok(Value::Nil)).map(Some),
            }
        });
        answer.await.map_err(|failure| failure.into_error(op))
    }

    async fn pipe_and(
        &self,
        op: &'static str,
        commands: &Pipeline,
        read: impl Fn(RedisResult<Value>) -> RedisResult<Value>,
    ) -> StoreResult<Vec<Value>> {
        let mut commands = commands.clone();
        commands.ignore_errors();
        let link = self.link().await.map_err(|failure| failure.into_error(op))?;
        let replies = self.call(&link, async |connection: &mut MultiplexedConnection| {
            commands.query_async::<Vec<RedisResult<Value>>>(connection).await?.into_iter().map(&read).collect()
        });
        replies.await.map_err(|failure| failure.into_error(op))
    }

    /// What a person should know of this Redis.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let slots = lock(&self.0.slots);
        let link = slots.iter().rev().find_map(|slot| lock(&slot.link).clone());
        link.map(|link| link.warnings().to_vec()).unwrap_or_default()
    }

    async fn ask_at(&self, link: &Arc<Link>, command: &Cmd) -> Result<Value, Failure> {
        self.call(link, async |connection: &mut MultiplexedConnection| command.query_async(connection).await).await
    }

    /// Makes one call, and drops the socket if what comes of it casts doubt on it.
    async fn call<T>(
        &self,
        link: &Arc<Link>,
        send: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Failure> {
        let mut connection = link.connection();
        let failure = match timeout(RESPONSE_TIMEOUT, send(&mut connection)).await {
            Ok(Ok(answer)) => {
                link.answered();
                return Ok(answer);
            }
            Ok(Err(error)) => Failure::of_call(error, &self.0.opener),
            Err(_) => Failure::timed_out(RESPONSE_TIMEOUT, &self.0.opener),
        };
        if failure.next == Next::Reopen {
            self.condemn(link, &failure);
        }
        Err(failure)
    }

    /// This runtime's socket; opened if it has none that lives.
    async fn link(&self) -> Result<Arc<Link>, Failure> {
        let slot = self.slot()?;
        if let Some(link) = slot.living() {
            return Ok(link);
        }
        let _opening = slot.opening.lock().await;
        if let Some(link) = slot.living() {
            return Ok(link);
        }
        lock(&self.0.gate).check(Instant::now())?;
        let opened = self.0.opener.open(None).await;
        match opened {
            Ok(link) => {
                let link = Arc::new(link);
                *lock(&slot.link) = Some(Arc::clone(&link));
                Ok(link)
            }
            Err(failure) => {
                lock(&self.0.gate).failed(Instant::now(), &failure);
                Err(failure)
            }
        }
    }

    fn slot(&self) -> Result<Arc<Slot>, Failure> {
        let runtime = Handle::try_current().map_err(|error| Failure::new(ErrorKind::Internal, error.to_string()))?.id();
        let mut slots = lock(&self.0.slots);
        if let Some(slot) = slots.iter().find(|slot| slot.runtime == runtime) {
            return Ok(Arc::clone(slot));
        }
        // Runtimes that have ended leave dead sockets behind.
        slots.retain(|slot| slot.living().is_some());
        let slot = Arc::new(Slot { runtime, link: Mutex::default(), opening: tokio::sync::Mutex::default() });
        slots.push(Arc::clone(&slot));
        Ok(slot)
    }

    /// Drops a socket: new calls open another, those under way on it end by themselves.
    fn condemn(&self, link: &Arc<Link>, failure: &Failure) {
        link.condemn();
        // A line that was cut may be sound the next moment. One who says no to writes may well answer reads.
        let was_cut = failure.kind == ErrorKind::OutcomeUnknown;
        let mut gate = lock(&self.0.gate);
        if link.was_steady() || was_cut && link.has_answered() {
            gate.passed();
        } else {
            gate.failed(Instant::now(), failure);
        }
    }
}

impl Slot {
    fn living(&self) -> Option<Arc<Link>> {
        lock(&self.link).clone().filter(|link| link.is_alive())
    }
}

fn arguments(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    command.args_iter().filter_map(|argument| if let Arg::Simple(bytes) = argument { Some(bytes) } else { None })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds the lock")
}
