//! What systemd is told: that the program is ready, that it stops, what it does, and that it still lives.
//!
//! The messages are datagrams to the socket that `NOTIFY_SOCKET` names, as `sd_notify(3)` describes them. The crate
//! `sd-notify` is not used: it reads that variable at every message, so that no other socket can be handed to it, and
//! it lets a status break a message apart.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::own_thread;
use super::title::{self, Title};
use crate::RunningServer;

/// The service manager that started the program, if one did. Telling never fails and never waits: a manager that does
/// not listen stops no job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notifier {
    socket: Option<Arc<Socket>>,
    /// How often the manager wants to hear that the program lives, at the least.
    watchdog: Option<Duration>,
}

impl Notifier {
    /// The one that the environment names; without one, telling does nothing.
    pub(crate) fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let Some(address) = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty()) else {
            return Notifier::default();
        };
        Notifier::to(&address, Notifier::watchdog_of(std::process::id(), variable))
    }

    /// How often the manager wants to hear of this process, as the variables say.
    fn watchdog_of(process: u32, variable: impl Fn(&'static str) -> Option<String>) -> Option<Duration> {
        // The watchdog may be meant for another process of the same service.
        let is_ours = variable("WATCHDOG_PID").is_none_or(|pid| pid.parse() == Ok(process));
        let micros = variable("WATCHDOG_USEC").filter(|_| is_ours).and_then(|micros| micros.parse().ok());
        micros.map(Duration::from_micros)
    }

    fn to(address: &std::ffi::OsStr, watchdog: Option<Duration>) -> Self {
        match Socket::connect(address) {
            Ok(socket) => {
                Notifier { socket: Some(Arc::new(socket)), watchdog: watchdog.filter(|span| !span.is_zero()) }
            }
            Err(error) => {
                tracing::warn!(%error, ?address, "the socket of NOTIFY_SOCKET cannot be reached: systemd is not told");
                Notifier::default()
            }
        }
    }

    /// The server takes jobs.
    pub(crate) fn ready(&self) {
        self.tell("READY=1");
    }

    /// The program reads something anew, such as where its log goes; [`Notifier::ready`] says that it has.
    pub(crate) fn reloading(&self) {
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()));
    }

    /// The server stops.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Tells what the server does, and that it lives, until it has stopped: from a thread of its own, so that jobs which
    /// keep every thread of the program busy do not look like a program that hangs.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn attend(&self, server: RunningServer, tag: String) -> io::Result<()> {
        if self.socket.is_none() {
            return Ok(());
        }
        let notifier = self.clone();
        own_thread::run("sancho-systemd", async move { notifier.tell_on(&server, &tag).await })
    }

    /// Tells that the program supervises so many processes, and that it lives for as long as its runtime turns: it
    /// performs no jobs itself, and so has nothing that could keep its runtime busy.
    pub(crate) fn attend_supervisor(&self, tag: &str, processes: usize) {
        self.tell(&format!("STATUS={}", title::of_supervisor(tag, processes)));
        let Some(span) = self.watchdog else { return };
        let notifier = self.clone();
        tokio::spawn(async move {
            loop {
                notifier.tell("WATCHDOG=1");
                tokio::time::sleep(span / 2).await;
            }
        });
    }

    async fn tell_on(&self, server: &RunningServer, tag: &str) {
        let every = self.watchdog.map_or(title::EVERY, |span| (span / 2).min(title::EVERY));
        let (mut told, mut told_stopping) = (String::new(), false);
        let mut stopped = std::pin::pin!(server.stopped());
        loop {
            let title = Title::of(server);
            // A signal is told of where it is heard; the store or the application may stop a server, too.
            if title.is_stopping() && !std::mem::replace(&mut told_stopping, true) {
                self.stopping();
            }
            let status = title.whole(tag);
            if let Some(news) = self.news(&told, &status, server.heart_late()) {
                self.tell(&news);
            }
            told = status;
            tokio::select! {
                biased;
                () = &mut stopped => break,
                () = tokio::time::sleep(every) => {}
            }
        }
        if !told_stopping {
            self.stopping();
        }
    }

    /// What there is to tell: another status than was told, and that the program lives, unless its heart is late.
    fn news(&self, told: &str, status: &str, heart_late: Option<Duration>) -> Option<String> {
        let news = [
            (status != told).then(|| format!("STATUS={status}")),
            (self.watchdog.is_some() && heart_late.is_none()).then(|| "WATCHDOG=1".to_owned()),
        ];
        let news: Vec<String> = news.into_iter().flatten().collect();
        (!news.is_empty()).then(|| news.join("\n"))
    }

    fn tell(&self, message: &str) {
        if let Some(socket) = &self.socket {
            socket.send(message);
        }
    }
}

/// Microseconds of the clock that systemd compares a reload with.
#[cfg(unix)]
fn monotonic_micros() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let micros = time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000);
    u64::try_from(micros).unwrap_or(0)
}

#[cfg(not(unix))]
fn monotonic_micros() -> u64 {
    0
}

#[cfg(unix)]
#[derive(Debug)]
struct Socket(std::os::unix::net::UnixDatagram);

#[cfg(unix)]
impl Socket {
    /// A path, or a name that begins with `@`: on Linux, one without a file.
    fn connect(address: &std::ffi::OsStr) -> io::Result<Self> {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let address = match address.as_bytes().strip_prefix(b"@") {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Some(name) => {
                use std::os::linux::net::SocketAddrExt;
                SocketAddr::from_abstract_name(name)?
            }
            _ => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        socket.set_nonblocking(true)?;
        Ok(Socket(socket))
    }

    fn send(&self, message: &str) {
        if let Err(error) = self.0.send(message.as_bytes()) {
            tracing::debug!(%error, "systemd could not be told");
        }
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Socket;

#[cfg(not(unix))]
impl Socket {
    fn connect(_: &std::ffi::OsStr) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn send(&self, _: &str) {}
}

#[cfg(all(test, unix))]
mod tests {
    use serde::{Deserialize, Serialize};
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::testing::{ManualClock, SeededEntropy};
    use crate::{Client, Context, Job, JobResult, Perform, Server};

    #[derive(Job, Serialize, Deserialize)]
    struct Nothing {}

    impl Perform<()> for Nothing {
        async fn perform(self, _: &Context<()>) -> JobResult {
            Ok(())
        }
    }

    fn heard(socket: &UnixDatagram) -> Vec<String> {
        let mut bytes = [0; 512];
        let length = socket.recv(&mut bytes).expect("a message within the socket's time");
        String::from_utf8_lossy(&bytes[..length]).lines().map(str::to_owned).collect()
    }

    /// Waits for a message with this line; fails when none has come for ten seconds.
    fn wait_for(socket: &UnixDatagram, line: &str) {
        while !heard(socket).iter().any(|have| have == line) {}
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn systemd_hears_that_the_server_is_ready_what_it_does_that_it_lives_and_that_it_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let notifier = Notifier::to(path.as_os_str(), Some(Duration::from_millis(50)));

        let store = Arc::new(sancho_core::model::ModelStore::new());
        let clock = ManualClock::default();
        let client = Client::with_parts(
            Arc::clone(&store) as Arc<dyn crate::Store>,
            store,
            Arc::new(clock.clone()),
            Arc::new(SeededEntropy::new(1)),
        );
        let server = Server::new(client, ()).register::<Nothing>().start().await.unwrap();
        notifier.ready();
        assert_eq!(heard(&socket), ["READY=1"]);
        notifier.attend(server.clone(), "shop".to_owned()).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let first = heard(&socket);
        assert!(first[0].starts_with(&format!("STATUS=sancho {version} shop [0 of ")), "{first:?}");
        assert_eq!(first[1], "WATCHDOG=1");
        for _ in 0..3 {
            wait_for(&socket, "WATCHDOG=1");
        }
        notifier.reloading();
        wait_for(&socket, "RELOADING=1");
        notifier.ready();
        wait_for(&socket, "READY=1");
        server.stop().await;
        wait_for(&socket, "STOPPING=1");
    }

    #[test]
    fn the_watchdog_of_another_process_is_not_ours() {
        for (pid, usec, watchdog) in [
            (Some("7"), Some("30000000"), Some(Duration::from_secs(30))),
            (None, Some("30000000"), Some(Duration::from_secs(30))),
            (Some("8"), Some("30000000"), None),
            (Some("7"), None, None),
            (Some("7"), Some("often"), None),
        ] {
            let variable = |name: &str| if name == "WATCHDOG_PID" { pid } else { usec }.map(str::to_owned);
            assert_eq!(Notifier::watchdog_of(7, variable), watchdog, "{pid:?} {usec:?}");
        }
    }

    #[test]
    fn a_heart_that_is_late_is_not_said_to_live() {
        let (patient, strict) = (Notifier::default(), Duration::from_secs(30));
        let strict = Notifier { watchdog: Some(strict), ..Notifier::default() };
        let late = Some(Duration::from_secs(31));
        assert_eq!(strict.news("a", "b", None).as_deref(), Some("STATUS=b\nWATCHDOG=1"));
        assert_eq!(strict.news("b", "b", None).as_deref(), Some("WATCHDOG=1"));
        assert_eq!(strict.news("b", "b", late), None);
        assert_eq!(patient.news("b", "b", None), None, "nobody asked");
    }

    #[test]
    fn without_a_manager_telling_does_nothing_and_a_wrong_address_is_no_failure() {
        Notifier::default().ready();
        Notifier::to("/nowhere/at/all".as_ref(), None).stopping();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_without_a_file_is_reached_too() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("sancho-notify-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Notifier::to(format!("@{name}").as_ref(), None).ready();
        assert_eq!(heard(&socket), ["READY=1"]);
    }
}
