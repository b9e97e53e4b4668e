//! The first words on a socket: who is there, whether it will do, and what a person should know of it.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value, pipe};
use sancho_core::ErrorKind;

use super::meaning::Failure;
use super::opener::Opener;
use crate::address::Target;
use crate::reply;
use crate::wire::keys;

/// The oldest Redis that will do: scripts say there by `#!lua` what may pass when memory is full.
const OLDEST: (u32, u32) = (7, 0);

/// The newest form of our own keys that this build shares with others.
const FORM: u32 = 1;

/// How connections are called in `CLIENT LIST`.
const NAME: &str = "sancho";

/// Introduces us, selects the database, and answers with what a person should know.
///
/// # Errors
/// `Unsupported`: it is older than 7.0, a cluster or a Sentinel, or a newer build keeps jobs there in a form of its own.
/// `Unavailable`: it is no master, though a Sentinel
/// said so. `Invalid`: it refuses the database or the login.
pub(super) async fn greet(connection: &mut MultiplexedConnection, opener: &Opener) -> Result<Vec<String>, Failure> {
    let address = opener.address();
    let mut words = pipe();
    words.cmd("HELLO").cmd("SELECT").arg(address.database).cmd("CLIENT").arg("SETNAME").arg(NAME);
    // Managed services forbid CONFIG, and some users INFO: what it says is asked for, not needed.
    words.cmd("INFO").arg("server").cmd("INFO").arg("memory").cmd("GET").arg(keys::FORM).ignore_errors();
    let replies = words.query_async::<Vec<RedisResult<Value>>>(connection).await;
    let mut replies = replies.map_err(|error| Failure::of_open(error, opener))?.into_iter();
    let mut next = || replies.next().unwrap_or(Ok(Value::Nil));
    let hello = next().map_err(|error| Failure::of_open(error, opener))?;
    let selected = next();
    let _name = next();
    let about = About::read(hello, next(), next());
    about.check(opener)?;
    selected.map_err(|error| refused_database(error, opener))?;
    // A key of another type is not ours to judge here; the doctor names it.
    if let Ok(Value::BulkString(form)) = next() {
        check_form(&String::from_utf8_lossy(&form), opener)?;
    }
    Ok(about.warnings())
}

/// Refuses a form of our keys that is newer than this build: its scripts would take them for something else.
fn check_form(found: &str, opener: &Opener) -> Result<(), Failure> {
    if found.parse::<u32>().is_ok_and(|form| form <= FORM) {
        return Ok(());
    }
    let text = format!(
        "a newer sancho keeps the jobs in {} in form {found}, and this build knows only {FORM}: use the newer build",
        opener.address()
    );
    Err(Failure::new(ErrorKind::Unsupported, text))
}

fn refused_database(error: redis::RedisError, opener: &Opener) -> Failure {
    let failure = Failure::of_open(error, opener);
    if failure.kind != ErrorKind::Internal {
        return failure;
    }
    let text = format!("{} has no such database: {}", opener.address(), failure.text);
    Failure::new(ErrorKind::Invalid, text)
}

/// What a server says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct About {
    version: String,
    mode: String,
    role: String,
    is_dragonfly: bool,
    /// `None` where it does not say.
    memory_policy: Option<String>,
}

impl About {
    fn read(hello: Value, server: RedisResult<Value>, memory: RedisResult<Value>) -> Self {
        let hello: HashMap<String, String> = match hello {
            Value::Map(pairs) => pairs.into_iter().map(|(key, value)| (reply::text(key), reply::text(value))).collect(),
            _ => HashMap::new(),
        };
        let said = |name: &str| hello.get(name).cloned().unwrap_or_default();
        let server = server.map(info).unwrap_or_default();
        let memory = memory.map(info).unwrap_or_default();
        About {
            version: said("version"),
            mode: said("mode"),
            role: said("role"),
            is_dragonfly: server.contains_key("dragonfly_version"),
            memory_policy: memory.get("maxmemory_policy").cloned(),
        }
    }

    fn check(&self, opener: &Opener) -> Result<(), Failure> {
        let address = opener.address();
        let unsupported = |text: String| Err(Failure::new(ErrorKind::Unsupported, text));
        if self.mode == "sentinel" {
            return unsupported(format!("{address} is a Sentinel: write redis+sentinel://HOST:PORT/MASTER"));
        }
        if self.mode == "cluster" {
            return unsupported(format!(
                "{address} is a Redis Cluster, which cannot hold Sidekiq's keys: use one Redis"
            ));
        }
        if version(&self.version).is_none_or(|version| version < OLDEST) {
            let have = &self.version;
            return unsupported(format!("{address} is Redis {have}: Sancho needs Redis 7.0 (or Valkey 7.2) or newer"));
        }
        if matches!(address.target, Target::Sentinel { .. }) && self.role != "master" {
            let text = format!("the Redis that a Sentinel of {address} names is a {}, and no master", self.role);
            return Err(Failure::new(ErrorKind::Unavailable, text));
        }
        Ok(())
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        warnings.extend(eviction(self.memory_policy.as_deref()).map(|(what, fix)| format!("{what}; {fix}")));
        if self.is_dragonfly {
            warnings.push(
                "this is Dragonfly, on which Sancho is not tested: it must be started with \
                 --default_lua_flags=allow-undeclared-keys"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// What is wrong with what this Redis does when memory is full, and what to do about it; `None` where nothing is.
pub(crate) fn eviction(policy: Option<&str>) -> Option<(String, &'static str)> {
    match policy {
        Some("noeviction") => None,
        Some(policy) => Some((
            format!("this Redis may throw jobs away: its maxmemory-policy is {policy}"),
            "set it to noeviction, by CONFIG SET and in redis.conf, and keep caches in another Redis",
        )),
        None => Some((
            "this Redis does not say what it does when memory is full".to_owned(),
            "see that its maxmemory-policy is noeviction",
        )),
    }
}

/// The lines of an INFO, by name.
fn info(text: Value) -> HashMap<String, String> {
    let text = match text {
        Value::VerbatimString { text, .. } => text,
        other => reply::text(other),
    };
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

/// The first two numbers of a version.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next().unwrap_or("0").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    fn about(version: &str, mode: &str, role: &str) -> About {
        let memory_policy = Some("noeviction".to_owned());
        About { version: version.into(), mode: mode.into(), role: role.into(), is_dragonfly: false, memory_policy }
    }

    fn check(about: &About, address: &str) -> Result<(), (ErrorKind, String)> {
        let opener = Opener::new(Address::parse(address).expect(address)).expect("no files");
        about.check(&opener).map_err(|failure| (failure.kind, failure.text))
    }

    #[test]
    fn only_a_redis_of_its_own_that_is_new_enough_will_do() {
        for good in ["7.0.15", "7.2.4", "8.0.0", "9.1", "255.255.255"] {
            assert_eq!(check(&about(good, "standalone", "replica"), "redis://a"), Ok(()), "{good}");
        }
        for (have, reason) in [
            (about("6.2.14", "standalone", "master"), "is Redis 6.2.14: Sancho needs Redis 7.0"),
            (about("", "standalone", "master"), "Sancho needs Redis 7.0"),
            (about("7.0.0", "cluster", "master"), "is a Redis Cluster"),
            (about("7.0.0", "sentinel", "sentinel"), "write redis+sentinel://"),
        ] {
            let (kind, text) = check(&have, "redis://a").expect_err(reason);
            assert!(kind == ErrorKind::Unsupported && text.contains(reason), "{kind:?}: {text}");
        }
    }

    #[test]
    fn whom_a_sentinel_names_must_be_a_master() {
        let address = "redis+sentinel://a/m";
        assert_eq!(check(&about("7.0.0", "standalone", "master"), address), Ok(()));
        let (kind, _) = check(&about("7.0.0", "standalone", "replica"), address).expect_err("no master");
        assert_eq!(kind, ErrorKind::Unavailable);
    }

    #[test]
    fn a_redis_that_evicts_is_warned_of() {
        let mut about = about("7.0.0", "standalone", "master");
        assert_eq!(about.warnings(), Vec::<String>::new());
        about.memory_policy = Some("allkeys-lru".into());
        assert!(about.warnings()[0].contains("allkeys-lru; set it to noeviction"));
        about.memory_policy = None;
        assert_eq!(about.warnings().len(), 1);
    }

    #[test]
    fn info_is_read_line_by_line() {
        let text = "# Server\r\nredis_version:7.0.15\r\nos:a:b\r\n\r\n";
        let read = info(Value::VerbatimString { format: redis::VerbatimFormat::Text, text: text.into() });
        assert_eq!((read["redis_version"].as_str(), read["os"].as_str(), read.len()), ("7.0.15", "a:b", 2));
    }
}
