//! Another program on the same database: it speaks plain Redis, as Sidekiq does.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue, cmd};
use sancho_redis::RedisStore;
use sancho_testkit::Stage;

use crate::common::Redis;

/// Its connection.
pub(crate) struct Foreign(MultiplexedConnection);

impl Foreign {
    /// The answer to a command: its words, and further arguments that may hold any bytes.
    pub(crate) async fn call<T: FromRedisValue>(&self, words: &str, rest: &[&[u8]]) -> T {
        let mut words_of = words.split(' ');
        let mut command = cmd(words_of.next().expect("a command has a name"));
        command.arg(words_of.collect::<Vec<_>>()).arg(rest);
        let answer = command.query_async(&mut self.0.clone()).await;
        answer.unwrap_or_else(|error| panic!("{words}: {error}"))
    }
}

/// A store on a fresh database, and the other program.
pub(crate) async fn stage(redis: &Redis) -> (Stage, Foreign) {
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&url).await.expect("connect"));
    let client = Client::open(url).expect("the address of a test is valid");
    let connection = client.get_multiplexed_async_connection().await.expect("connect");
    (Stage::new(store.clone(), store), Foreign(connection))
}
