//! Signals of the operating system, and what each asks for.

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Take no more jobs (TSTP).
    Quiet,
    /// Log what runs (TTIN; INFO where the system has it).
    Dump,
    /// Stop (TERM).
    Stop,
    /// Stop, from a keyboard (INT); the second time, stop now.
    Interrupt,
    /// Open the files of the log again (USR2).
    Reopen,
    /// The terminal is gone, or a new release is there (HUP): a supervisor replaces its processes, any other stops.
    Hangup,
}

#[cfg(not(unix))]
pub(crate) use elsewhere::Signals;
#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::process::Signal as Number;
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::Signal;

    /// The signals of this process, from now on.
    pub(crate) struct Signals {
        term: Stream,
        int: Stream,
        tstp: Stream,
        ttin: Stream,
        usr2: Stream,
        /// Absent where the process was started to outlive its terminal, as `nohup` does.
        hup: Option<Stream>,
        /// Absent where the system has no such signal.
        info: Option<Stream>,
    }

    impl Signals {
        /// Listens from now on.
        ///
        /// # Errors
        /// When the system does not allow it.
        pub(crate) fn listen() -> io::Result<Self> {
            let is_nohup = super::is_ignored(Number::HUP.as_raw());
            Ok(Signals {
                term: signal(SignalKind::terminate())?,
                int: signal(SignalKind::interrupt())?,
                tstp: signal(SignalKind::from_raw(Number::TSTP.as_raw()))?,
                ttin: signal(SignalKind::from_raw(Number::TTIN.as_raw()))?,
                usr2: signal(SignalKind::user_defined2())?,
                hup: (!is_nohup).then(|| signal(SignalKind::hangup())).transpose()?,
                info: info()?,
            })
        }

        /// The next signal.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.term.recv() => Signal::Stop,
                _ = self.int.recv() => Signal::Interrupt,
                _ = self.tstp.recv() => Signal::Quiet,
                _ = self.ttin.recv() => Signal::Dump,
                _ = self.usr2.recv() => Signal::Reopen,
                () = received(&mut self.hup) => Signal::Hangup,
                () = received(&mut self.info) => Signal::Dump,
            }
        }
    }

    async fn received(stream: &mut Option<Stream>) {
        match stream {
            Some(stream) => _ = stream.recv().await,
            None => std::future::pending().await,
        }
    }

    #[cfg(any(target_os = "macos", target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"))]
    fn info() -> io::Result<Option<Stream>> {
        signal(SignalKind::info()).map(Some)
    }

    #[cfg(not(any(target_os = "macos", target_os = "freebsd", target_os = "netbsd", target_os = "openbsd")))]
    fn info() -> io::Result<Option<Stream>> {
        Ok(None)
    }
}

/// Whether whoever started this process had it ignore a signal; never where the system does not tell.
#[cfg(unix)]
fn is_ignored(number: i32) -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, number))
}

/// The mask has a bit for each signal; the first is signal 1.
#[cfg(unix)]
fn ignores(status: &str, number: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(number - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use super::Signal;

    /// The signals of this process.
    pub(crate) struct Signals {}

    impl Signals {
        /// Listens from now on.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Signals {})
        }

        /// The next signal: only Control-C elsewhere.
        pub(crate) async fn next(&mut self) -> Signal {
            _ = tokio::signal::ctrl_c().await;
            Signal::Interrupt
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_signal_is_found_in_the_mask() {
        let status = "Name:\tsancho\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\tffffffffffffffff\n";
        assert!(ignores(status, 1), "HUP");
        assert!(ignores(status, 13), "PIPE");
        assert!(!ignores(status, 2) && !ignores(status, 15) && !ignores(status, 64));
        assert!(!ignores("", 1) && !ignores("SigIgn:\tx", 1) && !ignores(status, 0));
    }
}
