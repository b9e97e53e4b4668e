//! `sancho web`: serves the pages and the JSON API of a store.

mod serving;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use sancho::Client;
use sancho_web::{Access, Credentials, Web, check_bind};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::output::Output;
use serving::Bounds;

/// The variable that holds credentials when no file does.
const VARIABLE: &str = "SANCHO_WEB_AUTH";

#[derive(Debug, Args)]
pub(crate) struct Pages {
    /// Where to listen; port 0 takes a free one, which the first line says. An address that other machines reach needs
    /// credentials
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7420")]
    bind: SocketAddr,

    /// A file of credentials, one a line: `operator basic NAME PASSWORD` or `viewer bearer NAME TOKEN`, as those may act
    /// or look [default: the lines of $SANCHO_WEB_AUTH; without them, this machine alone comes in, as operator]
    #[arg(long, value_name = "FILE")]
    auth_file: Option<PathBuf>,

    /// An origin under which people see the pages through a proxy, such as `https://jobs.example.com`; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    trust_origin: Vec<String>,

    /// A proxy, or a network of them such as 10.0.0.0/8, that is believed when X-Forwarded-For says for whom it asks:
    /// whoever tries wrong credentials through it waits alone; may be repeated
    #[arg(long, value_name = "ADDR")]
    trust_proxy: Vec<String>,
}

/// The same, as it was checked.
#[derive(Debug)]
pub(crate) struct Checked {
    bind: SocketAddr,
    access: Access,
    origins: Vec<String>,
    proxies: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Listening {
    /// Where, with the port that was taken.
    listening: String,
}

impl Pages {
    /// Checks what can be checked without a store.
    pub(super) fn checked(self) -> Result<Checked, Exit> {
        let access = access(self.auth_file.as_deref())?;
        check_bind(self.bind, &access).map_err(|invalid| {
            Exit::usage(format!("{invalid}; credentials stand in --auth-file FILE or in {VARIABLE}"))
        })?;
        Ok(Checked { bind: self.bind, access, origins: self.trust_origin, proxies: self.trust_proxy })
    }
}

/// Serves the pages until Ctrl-C or TERM.
pub(super) async fn run(client: &Client, wanted: Checked, mut output: Output) -> Result<(), Exit> {
    let Checked { bind, access, origins, proxies } = wanted;
    let mut web = Web::of(client.clone()).access(access);
    for origin in &origins {
        web = web.trust_origin(origin).map_err(Exit::usage)?;
    }
    for proxy in &proxies {
        web = web.trust_proxy(proxy).map_err(Exit::usage)?;
    }
    let stop = told_to_stop()?;
    let failed = |error: std::io::Error| Exit::failed(format!("failed to listen on {bind}: {error}"));
    let listener = TcpListener::bind(bind).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    output.either(&Listening { listening: format!("http://{address}") }, || {
        format!("the pages are at http://{address} until Ctrl-C")
    })?;
    output.finish()?;
    let hub = web.hub();
    let stopped = async move {
        stop.await;
        // Those who watch are no reason to wait.
        hub.end();
    };
    serving::serve(listener, sancho_web::router(web), Bounds::default(), stopped).await;
    Ok(())
}

/// Who is let in: those whom the file or the variable names; else this machine alone.
fn access(file: Option<&Path>) -> Result<Access, Exit> {
    let (origin, lines) = match file {
        Some(file) => {
            let lines = std::fs::read_to_string(file)
                .map_err(|error| Exit::usage(format!("failed to read {}: {error}", file.display())))?;
            (file.display().to_string(), lines)
        }
        None => match std::env::var(VARIABLE) {
            Ok(lines) => (VARIABLE.to_owned(), lines),
            Err(std::env::VarError::NotPresent) => return Ok(Access::this_machine()),
            Err(std::env::VarError::NotUnicode(_)) => return Err(Exit::usage(format!("{VARIABLE} is not UTF-8"))),
        },
    };
    let mut all = Vec::new();
    for (number, line) in lines.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let credentials = Credentials::from_line(line);
        all.push(credentials.map_err(|wrong| Exit::usage(format!("{origin}, line {}: {wrong}", number + 1)))?);
    }
    Access::credentials(all).map_err(|wrong| Exit::usage(format!("{origin}: {wrong}")))
}

/// Resolves at Ctrl-C or TERM; listens from now on.
fn told_to_stop() -> Result<impl Future<Output = ()>, Exit> {
    let listen = |kind| signal(kind).map_err(|error| Exit::failed(format!("failed to listen to signals: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(bind: &str, auth_file: Option<PathBuf>) -> Result<Checked, String> {
        let pages = Pages {
            bind: bind.parse().expect("an address"),
            auth_file,
            trust_origin: Vec::new(),
            trust_proxy: Vec::new(),
        };
        pages.checked().map_err(|exit| format!("{exit:?}"))
    }

    #[test]
    fn another_address_needs_credentials() {
        let refusal = pages("0.0.0.0:0", None).expect_err("nobody is asked");
        assert!(refusal.contains("--auth-file"), "{refusal}");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "# who\n\noperator basic ann correct-horse-battery\n").expect("it is written");
        assert!(pages("0.0.0.0:0", Some(file.path().to_owned())).is_ok());
        std::fs::write(file.path(), "# nobody\n").expect("it is written");
        assert!(pages("127.0.0.1:0", Some(file.path().to_owned())).is_err(), "a file that lets nobody in is a slip");
        std::fs::write(file.path(), "\nking basic ann hunter2hunter2\n").expect("it is written");
        let slip = pages("127.0.0.1:0", Some(file.path().to_owned())).expect_err("a slip");
        assert!(slip.contains("line 2") && !slip.contains("hunter2"), "{slip}");
    }
}
