//! Which store is meant, and how it is opened.

use std::path::{Path, PathBuf};

use sancho::Client;
use sancho_redis::RedisStore;

use crate::exit::{Exit, with_causes, with_code};

/// The variable that names the store when no option does.
const VARIABLE: &str = "SANCHO_URL";

/// The store when nothing names one.
const DEFAULT: &str = "sqlite://sancho.db";

/// Whether a store that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is made: a push needs nothing but a place.
    Make,
    /// It is an error: looking into a store that was just made by mistake tells nothing.
    Refuse,
}

/// Opens the store that the option, else the environment, else the default names.
pub(crate) async fn open(option: Option<String>, missing: Missing) -> Result<Client, Exit> {
    let url = named(option)?;
    if missing == Missing::Refuse
        && let Some(path) = sqlite_path(&url)
        && !path.exists()
    {
        return Err(not_there(&path));
    }
    Ok(sancho::connect(&url).await?)
}

/// The SQLite file that is named, for what concerns a file alone; it is there.
pub(crate) fn sqlite_file(option: Option<String>) -> Result<PathBuf, Exit> {
    let url = named(option)?;
    if is_redis(&url) {
        return Err(Exit::Unsupported(with_code(
            "a Redis is backed up by its own means: redis-cli --rdb FILE writes a copy while it is in use, and \
             appendonly yes keeps what is pushed between two copies",
            "unsupported",
        )));
    }
    match sqlite_path(&url) {
        Some(path) if path.exists() => Ok(path),
        Some(path) => Err(not_there(&path)),
        None => Err(Exit::coded("the store's address names no file: write sqlite://FILE", "address")),
    }
}

fn not_there(path: &Path) -> Exit {
    Exit::coded(
        format!(
            "there is no store at {}: name the right one with --store or {VARIABLE}, or push a job to make it",
            path.display()
        ),
        "open",
    )
}

/// Opens the Redis that is named, for what concerns a Redis alone.
pub(crate) async fn open_redis(option: Option<String>) -> Result<RedisStore, Exit> {
    let url = named(option)?;
    if !is_redis(&url) {
        // Only the kind is repeated: credentials may stand behind it.
        let kind = url.split_once("://").map_or("none", |(kind, _)| kind);
        return Err(Exit::failed(format!(
            "this concerns a store on Redis alone, and this store's kind is {kind}: name a Redis with --store or \
             {VARIABLE}, such as redis://localhost:6379/0"
        )));
    }
    let store = RedisStore::connect(&url).await;
    store.map_err(|error| Exit::coded(format!("failed to open Redis: {}", with_causes(&error)), "open"))
}

/// Whether an address names a Redis.
fn is_redis(url: &str) -> bool {
    let kind = url.split_once("://").map_or(url, |(kind, _)| kind);
    matches!(kind, "redis" | "rediss" | "redis+unix" | "redis+sentinel" | "rediss+sentinel")
}

fn named(option: Option<String>) -> Result<String, Exit> {
    if let Some(url) = option {
        return Ok(url);
    }
    match std::env::var(VARIABLE) {
        Ok(url) if !url.is_empty() => Ok(url),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(DEFAULT.into()),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Exit::usage(format!("{VARIABLE} is not UTF-8: set it to a URL such as {DEFAULT}")))
        }
    }
}

/// The file that a `sqlite:` URL names.
fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://")?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    // Without a file the address itself is wrong, which opening it says better.
    (!path.is_empty()).then(|| Path::new(path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_url_is_what_follows_the_two_slashes() {
        for (url, path) in [
            ("sqlite://sancho.db", "sancho.db"),
            ("sqlite:///var/lib/jobs.db", "/var/lib/jobs.db"),
            ("sqlite://jobs.db?synchronous=normal", "jobs.db"),
        ] {
            assert_eq!(sqlite_path(url).as_deref(), Some(Path::new(path)), "{url}");
        }
        assert_eq!(sqlite_path("sqlite://"), None);
        assert_eq!(sqlite_path("redis://localhost"), None);
    }
}
