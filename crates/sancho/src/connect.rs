//! Opens a store by its address.

use crate::Client;

/// Opens the store at this address, and answers with a client of it.
///
/// `sqlite://sancho.db` is a file in the working directory, `sqlite:///var/lib/app/sancho.db` one with an absolute
/// path; it is created when it is not there. `?durability=normal` lets a power cut take the last pushes, and is
/// faster; `full`, under which a push that has returned survives one, is the default.
///
/// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]` is a Redis; `rediss://…` the same by TLS, with the feature
/// `redis-tls` (`?ca=FILE` trusts one authority instead of the system's, `?cert=FILE&key=FILE` is a certificate of
/// our own); `redis+unix:///PATH[?db=DATABASE&user=USER&pass=PASSWORD]` one on a unix socket;
/// `redis+sentinel://[USER:PASSWORD@]HOST[:PORT],…/MASTER[/DATABASE]` the master that the Sentinels name. The bare
/// word `redis` is the Redis that the environment names, as Sidekiq has it: by the variable whose name
/// `REDIS_PROVIDER` holds, else by `REDIS_URL`, else `redis://localhost:6379/0`. `?wire=7` or `?wire=8` says which
/// version of Sidekiq reads what is written ([`Client::wire`]).
///
/// # Errors
/// [`ConnectError`]: the address is not understood, or the store cannot be opened. What stands in an address of
/// Redis is not repeated: it may be a password.
pub async fn connect(url: &str) -> Result<Client, ConnectError> {
    #[cfg(feature = "redis")]
    if url == "redis" {
        return redis::open(url).await;
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(ConnectError::Address {
            url: url.to_owned(),
            reason: format!("it names no kind of store: {SUPPORTED}"),
        });
    };
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::open(url, rest).await,
        #[cfg(feature = "redis")]
        "redis" | "rediss" | "redis+unix" | "redis+sentinel" | "rediss+sentinel" => redis::open(url).await,
        _ => {
            let _ = rest;
            // Credentials stand between the scheme and the host: nothing behind the scheme is repeated.
            Err(ConnectError::Address {
                url: format!("{scheme}://…"),
                reason: format!("stores of the kind {scheme:?} are not supported: {SUPPORTED}"),
            })
        }
    }
}

#[cfg(all(feature = "sqlite", feature = "redis"))]
const SUPPORTED: &str = "use sqlite://FILE, such as sqlite://sancho.db or sqlite:///var/lib/app/sancho.db, or \
    redis://HOST:PORT/DATABASE";
#[cfg(all(feature = "sqlite", not(feature = "redis")))]
const SUPPORTED: &str = "use sqlite://FILE, such as sqlite://sancho.db or sqlite:///var/lib/app/sancho.db";
#[cfg(all(not(feature = "sqlite"), feature = "redis"))]
const SUPPORTED: &str = "use redis://HOST:PORT/DATABASE, or redis for the one that REDIS_URL names";
#[cfg(not(any(feature = "sqlite", feature = "redis")))]
const SUPPORTED: &str =
    "this program was built without stores; enable the feature `sqlite` or `redis` of the crate `sancho`";

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not understood.
    #[error("the store's address {url:?} is not understood: {reason}")]
    Address {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The store itself says no.
    #[error("failed to open {url}: {source}")]
    Open {
        /// The address.
        url: String,
        /// What the store says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use sancho_sqlite::{Durability, Options, SqliteStore};

    use super::{Client, ConnectError};

    pub(super) async fn open(url: &str, rest: &str) -> Result<Client, ConnectError> {
        let (path, options) =
            parse(rest).map_err(|reason| ConnectError::Address { url: url.to_owned(), reason: reason.to_owned() })?;
        // Opening may wait for another process's lock, and creates and migrates the file.
        let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&path, options)).await;
        let store = match opened {
            Ok(store) => store.map_err(|error| open_error(url, error)),
            Err(panicked) => Err(open_error(url, panicked)),
        };
        let store = Arc::new(store?);
        Ok(Client::new(store.clone(), store))
    }

    fn open_error(url: &str, error: impl std::error::Error + Send + Sync + 'static) -> ConnectError {
        ConnectError::Open { url: url.to_owned(), source: Box::new(error) }
    }

    /// `FILE`, then `?durability=full` or `?durability=normal`. The file's name stands as it is, without escapes.
    fn parse(rest: &str) -> Result<(PathBuf, Options), &'static str> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if path.is_empty() {
            return Err("it names no file: write sqlite://sancho.db, or sqlite:///var/lib/app/sancho.db");
        }
        let mut options = Options::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            options = match parameter {
                "durability=full" => options.durability(Durability::Full),
                "durability=normal" => options.durability(Durability::Normal),
                _ => return Err("the only option is durability=full or durability=normal"),
            };
        }
        Ok((Path::new(path).to_owned(), options))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_address_is_a_file_and_a_durability() {
            for (rest, path, durability) in [
                ("sancho.db", "sancho.db", Durability::Full),
                ("/var/lib/sancho.db", "/var/lib/sancho.db", Durability::Full),
                ("./a b.db?durability=normal", "./a b.db", Durability::Normal),
                ("a.db?", "a.db", Durability::Full),
                ("a.db?durability=normal&durability=full", "a.db", Durability::Full),
            ] {
                let (have, options) = parse(rest).expect(rest);
                assert_eq!((have.as_path(), options.durability), (Path::new(path), durability), "{rest}");
            }
            for rest in ["", "?durability=full", "a.db?durability=none", "a.db?mode=ro"] {
                assert!(parse(rest).is_err(), "{rest}");
            }
        }
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::Arc;

    use sancho_redis::RedisStore;

    use super::{Client, ConnectError};

    pub(super) async fn open(url: &str) -> Result<Client, ConnectError> {
        let store = RedisStore::connect(url).await;
        // The address may hold a password: only the store's own error says what of it is wrong.
        let store = store.map_err(|error| ConnectError::Open { url: "Redis".to_owned(), source: Box::new(error) })?;
        for warning in store.warnings() {
            tracing::warn!("{warning}");
        }
        let (wire, store) = (store.wire(), Arc::new(store));
        Ok(Client::new(store.clone(), store).with_wire(wire))
    }
}
