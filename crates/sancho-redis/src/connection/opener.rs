//! Opens sockets: to the host or file that the address names, or to whom the Sentinels name.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, PushInfo, RedisConnectionInfo};
use sancho_core::ErrorKind;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::dial::Dialer;
use super::greeting;
use super::link::Link;
use super::meaning::Failure;
use super::sentinel::Sentinels;
use crate::address::{Address, Host, Login, Target};

/// How long opening may take altogether, greeting included: longer than a lost packet, shorter than a lease.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens sockets to one address.
#[derive(Debug)]
pub(crate) struct Opener {
    address: Address,
    dialer: Dialer,
    sentinels: Option<Sentinels>,
}

impl Opener {
    /// Reads the certificates that the address names.
    ///
    /// # Errors
    /// A certificate that cannot be read; TLS in a build that has none.
    pub(crate) fn new(address: Address) -> Result<Self, Failure> {
        let dialer = Dialer::new(address.tls.as_ref())?;
        let sentinels = match &address.target {
            Target::Sentinel { hosts, master, login } => {
                Some(Sentinels::new(hosts.clone(), master.clone(), login.clone()))
            }
            Target::Host(_) | Target::Unix(_) => None,
        };
        Ok(Opener { address, dialer, sentinels })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Opens a socket, introduces itself and looks who is there. What Redis says unasked goes to `push`.
    pub(crate) async fn open(&self, push: Option<UnboundedSender<PushInfo>>) -> Result<Link, Failure> {
        match timeout(OPEN_TIMEOUT, self.open_at_leisure(push)).await {
            Ok(opened) => opened,
            Err(_) => {
                self.try_another_sentinel();
                Err(Failure::timed_out(OPEN_TIMEOUT, self).of_nothing_done())
            }
        }
    }

    async fn open_at_leisure(&self, push: Option<UnboundedSender<PushInfo>>) -> Result<Link, Failure> {
        let opened = match &self.address.target {
            Target::Host(host) => self.open_host(host, push).await,
            Target::Unix(path) => {
                let socket = self.dialer.unix(path).await;
                self.greet(socket.map_err(|error| Failure::of_socket(&error, &self.address))?, push).await
            }
            Target::Sentinel { .. } => {
                let Some(sentinels) = &self.sentinels else {
                    return Err(Failure::new(ErrorKind::Internal, "an address with Sentinels has none"));
                };
                let master = sentinels.master(&self.dialer).await?;
                self.open_host(&master, push).await
            }
        };
        if opened.is_err() {
            self.try_another_sentinel();
        }
        opened
    }

    async fn open_host(&self, host: &Host, push: Option<UnboundedSender<PushInfo>>) -> Result<Link, Failure> {
        let socket = self.dialer.host(host).await?;
        self.greet(socket, push).await
    }

    async fn greet(
        &self,
        socket: super::dial::Socket,
        push: Option<UnboundedSender<PushInfo>>,
    ) -> Result<Link, Failure> {
        // The database is selected by the greeting, which passes on what Redis says to it.
        let info = login_of(self.address.login.as_ref()).set_protocol(ProtocolVersion::RESP3);
        // Calls have their own time, and some have none: a wait for a push message.
        let mut config = AsyncConnectionConfig::new().set_response_timeout(None);
        if let Some(push) = push {
            config = config.set_push_sender(push);
        }
        let opened = MultiplexedConnection::new_with_config(&info, socket, config).await;
        let (connection, driver) = opened.map_err(|error| Failure::of_open(error, self))?;
        let mut link = Link::start(connection, driver);
        let warnings = greeting::greet(&mut link.connection(), self).await?;
        link.warn(warnings);
        Ok(link)
    }

    /// A Sentinel that is cut off, or late, may name the same lost master for ever.
    fn try_another_sentinel(&self) {
        if let Some(sentinels) = &self.sentinels {
            sentinels.begin_with_the_next();
        }
    }
}

/// How a login is told to Redis, without the library's own name.
pub(super) fn login_of(login: Option<&Login>) -> RedisConnectionInfo {
    let info = RedisConnectionInfo::default().set_skip_set_lib_name();
    match login {
        None => info,
        Some(Login { user: None, password }) => info.set_password(password),
        Some(Login { user: Some(user), password }) => info.set_username(user).set_password(password),
    }
}
