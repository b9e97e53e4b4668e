//! Sockets: TCP, TLS and unix.

use std::io;
use std::path::Path;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::meaning::Failure;
use crate::address::{Host, TlsFiles};

/// Bytes to and from somebody.
pub(super) type Socket = Pin<Box<dyn Bytes>>;

pub(super) trait Bytes: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Bytes for T {}

/// Connects sockets.
#[derive(Debug)]
pub(super) struct Dialer {
    #[cfg(feature = "tls")]
    tls: Option<super::tls::Tls>,
}

impl Dialer {
    #[cfg(feature = "tls")]
    pub(super) fn new(files: Option<&TlsFiles>) -> Result<Self, Failure> {
        Ok(Dialer { tls: files.map(super::tls::Tls::read).transpose()? })
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn new(files: Option<&TlsFiles>) -> Result<Self, Failure> {
        match files {
            None => Ok(Dialer {}),
            Some(_) => Err(Failure::new(
                sancho_core::ErrorKind::Unsupported,
                "this program was built without TLS for Redis: enable the feature `redis-tls` of the crate `sancho` \
                 (`tls` of `sancho-redis`), or use redis:// where the network is trusted",
            )),
        }
    }

    pub(super) async fn host(&self, host: &Host) -> Result<Socket, Failure> {
        let plain = tcp(host).await.map_err(|error| Failure::of_socket(&error, host))?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.wrap(plain, host).await;
        }
        Ok(Box::pin(plain))
    }

    #[cfg(unix)]
    pub(super) async fn unix(&self, path: &Path) -> io::Result<Socket> {
        Ok(Box::pin(tokio::net::UnixStream::connect(path).await?))
    }

    #[cfg(not(unix))]
    pub(super) async fn unix(&self, _: &Path) -> io::Result<Socket> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no unix sockets"))
    }
}

async fn tcp(host: &Host) -> io::Result<TcpStream> {
    let socket = TcpStream::connect((host.name.as_str(), host.port)).await?;
    // A move is one small request: it must not wait for company.
    socket.set_nodelay(true)?;
    Ok(socket)
}
