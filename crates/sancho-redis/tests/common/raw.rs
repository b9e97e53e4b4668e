//! Plain commands beside the store's own.

/// A plain connection beside the store's.
pub(crate) fn raw(url: &str) -> redis::Connection {
    let client = redis::Client::open(url).expect("an address");
    client.get_connection().expect("redis-server answers")
}

/// Sends one command, and wants it to succeed.
pub(crate) fn say(url: &str, words: &[&str]) -> redis::Value {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]).query(&mut raw(url)).unwrap_or_else(|error| panic!("{words:?}: {error}"))
}
