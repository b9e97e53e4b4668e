//! Asks Sentinels who the master is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, cmd};
use sancho_core::ErrorKind;
use tokio::time::timeout;

use super::dial::Dialer;
use super::link::Link;
use super::meaning::Failure;
use super::opener::login_of;
use crate::address::{Host, Login};

/// How long one Sentinel may take: there are others, and they have nothing else to do.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// The Sentinels of one master.
#[derive(Debug)]
pub(super) struct Sentinels {
    hosts: Vec<Host>,
    master: String,
    login: Option<Login>,
    /// Which of them is asked first.
    first: AtomicUsize,
}

impl Sentinels {
    pub(super) fn new(hosts: Vec<Host>, master: String, login: Option<Login>) -> Self {
        Sentinels { hosts, master, login, first: AtomicUsize::new(0) }
    }

    /// Whom the first Sentinel that knows names.
    ///
    /// # Errors
    /// `Unavailable` when none answers; `Invalid` when those that answer do not know the name.
    pub(super) async fn master(&self, dialer: &Dialer) -> Result<Host, Failure> {
        let mut refusals = Vec::new();
        let mut kind = ErrorKind::Invalid;
        let first = self.first.load(Ordering::Relaxed);
        for turn in 0..self.hosts.len() {
            let sentinel = &self.hosts[(first + turn) % self.hosts.len()];
            match timeout(ANSWER_TIMEOUT, self.ask(dialer, sentinel)).await {
                Ok(Ok(Some(master))) => return Ok(master),
                Ok(Ok(None)) => refusals.push(format!("{sentinel} does not know the name")),
                Ok(Err(failure)) => {
                    kind = failure.kind;
                    refusals.push(failure.text);
                }
                Err(_) => {
                    kind = ErrorKind::Unavailable;
                    refusals.push(format!("{sentinel} does not answer"));
                }
            }
        }
        Err(Failure::new(kind, format!("no Sentinel names the master {:?}: {}", self.master, refusals.join("; "))))
    }

    pub(super) fn begin_with_the_next(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }

    async fn ask(&self, dialer: &Dialer, sentinel: &Host) -> Result<Option<Host>, Failure> {
        let away = |error: redis::RedisError| {
            let kind = match error.code() {
                Some("NOAUTH" | "WRONGPASS" | "NOPERM") => ErrorKind::Invalid,
                _ if error.kind() == redis::ErrorKind::AuthenticationFailed => ErrorKind::Invalid,
                _ => ErrorKind::Unavailable,
            };
            Failure::new(kind, format!("the Sentinel {sentinel} says no: {error}"))
        };
        let socket = dialer.host(sentinel).await?;
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        // In the old protocol, which every Sentinel speaks.
        let opened = MultiplexedConnection::new_with_config(&login_of(self.login.as_ref()), socket, config).await;
        let (connection, driver) = opened.map_err(away)?;
        let link = Link::start(connection, driver);
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master);
        let answer: Option<(String, u16)> = question.query_async(&mut link.connection()).await.map_err(away)?;
        Ok(answer.map(|(name, port)| Host { name, port }))
    }
}
