//! What ties a process to its supervisor: one socket, which is the process's standard input when it starts.
//!
//! The process tells by it that it serves. The supervisor's end closes when the supervisor ends, in whatever way, and
//! the process then stops as if it had been asked to.

/// The variable that says which of the processes this is. It counts only beside the socket: a program that a job
/// starts inherits the variable, and never the socket.
pub(super) const VARIABLE: &str = "SANCHO_CHILD";

/// What a process tells once it serves.
pub(super) const READY: u8 = b'R';

#[cfg(unix)]
pub(crate) use unix::Leash;

#[cfg(unix)]
mod unix {
    use std::io::{self, Write};
    use std::os::unix::net::UnixStream as Socket;

    use rustix::fs::{FileType, fstat};
    use rustix::stdio::{dup2_stdin, stdin};
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    use super::{READY, VARIABLE};

    /// A process's end of the leash.
    #[derive(Debug)]
    pub(crate) struct Leash(io::Result<Socket>);

    /// Takes the socket from where programs would inherit it.
    fn held() -> io::Result<Socket> {
        let socket = rustix::io::fcntl_dupfd_cloexec(stdin(), 3)?;
        dup2_stdin(std::fs::File::open("/dev/null")?)?;
        Ok(Socket::from(socket))
    }

    impl Leash {
        /// Takes the leash, if a supervisor started this process. Standard input is empty from then on.
        pub(crate) fn take() -> Option<Self> {
            std::env::var_os(VARIABLE)?;
            let stat = fstat(stdin()).ok()?;
            if FileType::from_raw_mode(stat.st_mode) != FileType::Socket {
                return None;
            }
            // One that cannot be held is still a leash: this process is not to supervise others.
            Some(Leash(held()))
        }

        /// Which of the processes this is, counted from zero.
        pub(crate) fn seat(&self) -> u16 {
            std::env::var(VARIABLE).ok().and_then(|seat| seat.parse().ok()).unwrap_or(0)
        }

        /// Tells the supervisor that the process serves. One that is gone is noticed by [`Leash::let_go`].
        pub(crate) fn tell_ready(&self) {
            _ = self.0.as_ref().map(|mut socket| socket.write_all(&[READY]));
        }

        /// Resolves when the supervisor is gone.
        pub(crate) async fn let_go(&self) {
            match self.listening() {
                // The supervisor says nothing: what comes is the end.
                Ok(mut socket) => while socket.read_u8().await.is_ok() {},
                Err(error) => {
                    tracing::error!(%error, "failed to listen to the supervisor: its end will not be noticed");
                    std::future::pending::<()>().await;
                }
            }
        }

        fn listening(&self) -> io::Result<UnixStream> {
            let socket =
                self.0.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()))?.try_clone()?;
            socket.set_nonblocking(true)?;
            UnixStream::from_std(socket)
        }
    }
}

/// Elsewhere nobody supervises.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) enum Leash {}

#[cfg(not(unix))]
impl Leash {
    pub(crate) fn take() -> Option<Self> {
        None
    }

    pub(crate) fn seat(&self) -> u16 {
        match *self {}
    }

    pub(crate) fn tell_ready(&self) {
        match *self {}
    }

    pub(crate) async fn let_go(&self) {
        match *self {}
    }
}
