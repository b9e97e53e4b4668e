//! What the store is.

use redis::cmd;
use sancho_core::StoreResult;
use sancho_core::inspect::About;

use crate::reply;
use crate::store::RedisStore;

impl RedisStore {
    pub(super) async fn what_it_is(&self) -> StoreResult<About> {
        let connection = &self.inner.connection;
        let mut commands = [cmd("INFO"), cmd("INFO"), cmd("CLIENT")];
        for (command, about) in commands.iter_mut().zip(["server", "memory", "INFO"]) {
            command.arg(about);
        }
        let [server, memory, client] = &commands;
        let ask = |command| connection.ask("about", command);
        let (server, memory, client) = tokio::try_join!(ask(server), ask(memory), ask(client))?;
        let (server, memory, client) = (reply::text(server), reply::text(memory), reply::text(client));
        let field = |name: &str| client.split_whitespace().find_map(|word| word.strip_prefix(name));
        // As the server sees itself: an address in a URL may name a proxy, and carry a password.
        let place = match (field("laddr="), field("db=")) {
            (Some(address), Some(database)) => format!("{address}/{database}"),
            _ => String::new(),
        };
        Ok(About {
            kind: "redis",
            version: line(&server, "redis_version:").unwrap_or("unknown").to_owned(),
            place,
            bytes: line(&memory, "used_memory:").and_then(|bytes| bytes.parse().ok()).unwrap_or(0),
        })
    }
}

/// What stands behind a name in the text of INFO.
fn line<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
