//! Where a Redis is, and as whom to go there: `redis://`, `rediss://`, `redis+unix://` and `redis+sentinel://`.
//!
//! Reading an address does no I/O. An address holds a password, and one that cannot be read may hold it anywhere:
//! no error repeats a part of what was given, and what is shown of an address is its [`Display`](fmt::Display).

mod query;

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use sancho_core::{Invalid, Wire};

use query::Query;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// An address, as it was given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) target: Target,
    pub(crate) login: Option<Login>,
    pub(crate) database: u32,
    /// How TLS is spoken; `None` where it is not.
    pub(crate) tls: Option<TlsFiles>,
    /// Which of Sidekiq's versions read what we write.
    pub(crate) wire: Wire,
}

/// What is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Host(Host),
    Unix(PathBuf),
    /// Whoever the Sentinels say is the master of this name.
    Sentinel {
        hosts: Vec<Host>,
        master: String,
        login: Option<Login>,
    },
}

/// A host's name or IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) port: u16,
}

/// Whom Redis is told that we are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// `None` is Redis' user `default`.
    pub(crate) user: Option<String>,
    pub(crate) password: String,
}

/// Certificates beside those of the system, as PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The only authority to trust, instead of the system's.
    pub(crate) authority: Option<PathBuf>,
    /// Our own certificate and its key.
    pub(crate) own: Option<(PathBuf, PathBuf)>,
}

impl Address {
    /// Reads an address, or the bare word `redis`, which stands for the one that the environment names.
    ///
    /// As Sidekiq does: the variable whose *name* `REDIS_PROVIDER` holds, else `REDIS_URL`, else
    /// `redis://localhost:6379/0`.
    ///
    /// # Errors
    /// What is wrong with the address, and what would be right; nothing of the address itself.
    pub(crate) fn resolve(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Invalid> {
        if text != "redis" {
            return Self::parse(text);
        }
        let provider = variable("REDIS_PROVIDER").filter(|name| !name.is_empty());
        if provider.as_ref().is_some_and(|name| name.contains(':')) {
            return Err(Invalid::new(
                "REDIS_PROVIDER holds an address, but must hold the name of the variable that holds it: \
                 set REDIS_URL to the address instead",
            ));
        }
        let (name, named) = match provider.and_then(|name| variable(&name).map(|value| (name, value))) {
            Some(found) => found,
            None => ("REDIS_URL".to_owned(), variable("REDIS_URL").unwrap_or_default()),
        };
        let address = if named.is_empty() { "redis://localhost:6379/0" } else { &named };
        Self::parse(address).map_err(|error| Invalid::new(format!("the variable {name}: {error}")))
    }

    /// Reads an address.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| Invalid::new(FORMS))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut query = Query::parse(query)?;
        let (mut address, tls) = match scheme {
            "redis" => (one_host(place)?, false),
            "rediss" => (one_host(place)?, true),
            "redis+unix" => (socket(place, &mut query)?, false),
            "redis+sentinel" => (sentinel(place, &mut query)?, false),
            "rediss+sentinel" => (sentinel(place, &mut query)?, true),
            _ => return Err(Invalid::new(FORMS)),
        };
        if tls {
            address.tls = Some(tls_files(&mut query)?);
        }
        if let Some(version) = query.take("wire") {
            address.wire = wire(&version)?;
        }
        query.finish()?;
        Ok(address)
    }

    /// The user that Redis is told.
    pub(crate) fn user(&self) -> &str {
        self.login.as_ref().and_then(|login| login.user.as_deref()).unwrap_or("default")
    }
}

const FORMS: &str = "it is none of redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss://… (with TLS), \
    redis+unix:///PATH[?db=DATABASE] and redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DATABASE]";

fn one_host(place: &str) -> Result<Address, Invalid> {
    let (login, hosts, path) = parts(place)?;
    let [host] = hosts_of(hosts, PORT)?.try_into().map_err(|_| {
        Invalid::new("it names several hosts: only redis+sentinel:// does; a comma in a password is written %2C")
    })?;
    Ok(Address { target: Target::Host(host), login, database: database(path)?, tls: None, wire: Wire::default() })
}

fn socket(place: &str, query: &mut Query) -> Result<Address, Invalid> {
    if !place.starts_with('/') {
        return Err(Invalid::new(
            "a unix socket is named by its absolute path, with three slashes: redis+unix:///PATH",
        ));
    }
    let login = login(query.take("user"), query.take("pass"), "pass")?;
    let database = database(&query.take("db").unwrap_or_default())?;
    Ok(Address { target: Target::Unix(decoded(place)?.into()), login, database, tls: None, wire: Wire::default() })
}

fn sentinel(place: &str, query: &mut Query) -> Result<Address, Invalid> {
    let (login_of_redis, hosts, path) = parts(place)?;
    let hosts = hosts_of(hosts, SENTINEL_PORT)?;
    let (master, path) = path.split_once('/').unwrap_or((path, ""));
    if master.is_empty() {
        return Err(Invalid::new(
            "it names no master: write its name, as Sentinel has it, behind the hosts: …/mymaster/0",
        ));
    }
    let login = login(query.take("sentinel_user"), query.take("sentinel_pass"), "sentinel_pass")?;
    let target = Target::Sentinel { hosts, master: decoded(master)?, login };
    Ok(Address { target, login: login_of_redis, database: database(path)?, tls: None, wire: Wire::default() })
}

/// `[USER:PASSWORD@]HOSTS[/PATH]`.
fn parts(place: &str) -> Result<(Option<Login>, &str, &str), Invalid> {
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let Some((info, hosts)) = authority.rsplit_once('@') else {
        // A password with a slash of its own ends up in the path.
        return if path.contains('@') { Err(Invalid::new(ESCAPES)) } else { Ok((None, authority, path)) };
    };
    let (user, password) = match info.split_once(':') {
        Some((user, password)) => (user, Some(decoded(password)?)),
        None => (info, None),
    };
    Ok((login(Some(decoded(user)?), password, "USER:PASSWORD@")?, hosts, path))
}

const ESCAPES: &str =
    "it has an @ where none can be: in a user or password, write / as %2F, @ as %40, ? as %3F, : as %3A";

fn login(user: Option<String>, password: Option<String>, place: &str) -> Result<Option<Login>, Invalid> {
    let user = user.filter(|user| !user.is_empty());
    match (user, password.filter(|password| !password.is_empty())) {
        (user, Some(password)) => Ok(Some(Login { user, password })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Invalid::new(format!("it names a user without a password: give one by {place}"))),
    }
}

fn hosts_of(text: &str, default_port: u16) -> Result<Vec<Host>, Invalid> {
    text.split(',').map(|host| self::host(host, default_port)).collect()
}

fn host(text: &str, default_port: u16) -> Result<Host, Invalid> {
    let (name, port) = match text.strip_prefix('[') {
        Some(six) => {
            let (name, port) = six.split_once(']').ok_or_else(|| Invalid::new("an IPv6 address ends with ]"))?;
            if name.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(Invalid::new("what stands in [ ] is no IPv6 address"));
            }
            (name, port)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    if name.is_empty() {
        return Err(Invalid::new("it names no host: write one, such as redis://localhost"));
    }
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port != 0),
        None if port.is_empty() => Some(default_port),
        None => None,
    };
    let port =
        port.ok_or_else(|| Invalid::new("the port is no number from 1 to 65535; an IPv6 address stands in [ ]"))?;
    Ok(Host { name: decoded(name)?, port })
}

fn database(path: &str) -> Result<u32, Invalid> {
    let number = path.strip_suffix('/').unwrap_or(path);
    if number.is_empty() {
        return Ok(0);
    }
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| digits).ok_or_else(|| Invalid::new("the database is no number, such as /0"))
}

fn wire(version: &str) -> Result<Wire, Invalid> {
    match version {
        "7" => Ok(Wire::Seven),
        "8" => Ok(Wire::Eight),
        _ => Err(Invalid::new(
            "an address says wire=7 or wire=8, the version of Sidekiq that reads what is written; without it payloads \
             are such that both read them",
        )),
    }
}

fn tls_files(query: &mut Query) -> Result<TlsFiles, Invalid> {
    let own = match (query.take("cert"), query.take("key")) {
        (Some(cert), Some(key)) => Some((cert.into(), key.into())),
        (None, None) => None,
        _ => return Err(Invalid::new("a client's certificate needs both cert=FILE and key=FILE")),
    };
    Ok(TlsFiles { authority: query.take("ca").map(PathBuf::from), own })
}

/// What percent signs stand for.
fn decoded(text: &str) -> Result<String, Invalid> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| Invalid::new("what its percent signs stand for is not UTF-8"))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.tls.is_some() { "s" } else { "" };
        let database = self.database;
        match &self.target {
            Target::Host(host) => write!(f, "redis{s}://{host}/{database}"),
            Target::Unix(path) => write!(f, "redis+unix://{}?db={database}", path.display()),
            Target::Sentinel { hosts, master, .. } => {
                let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
                write!(f, "redis{s}+sentinel://{}/{master}/{database}", hosts.join(","))
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

#[cfg(test)]
mod tests;
