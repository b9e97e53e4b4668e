//! The code of the pages under docs: pictures, orders and users of a shop.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use sancho::core::lifecycle::Failure;
use sancho::{Backoff, Client, Context, Job, JobError, JobResult, Perform, Raw, Server};
use serde::{Deserialize, Serialize};

/// What the jobs use: a shop that is all in memory.
#[derive(Default)]
struct App {
    pictures: Mutex<HashMap<u64, Vec<u8>>>,
    charged: Mutex<HashSet<u64>>,
}

#[derive(Job, Serialize, Deserialize)]
#[job(queue = "images", retry = 5, timeout = "30s")]
struct Thumbnail {
    picture_id: u64,
    width: u32,
}

impl Perform<App> for Thumbnail {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        let picture = cx.state().picture(self.picture_id)?;
        if picture.is_empty() {
            return Err(JobError::discard());
        }
        println!("picture {} at {} pixels", self.picture_id, self.width);
        Ok(())
    }

    fn backoff(retry_count: u32, _failure: &Failure) -> Backoff {
        Backoff::After(Duration::from_secs(1 << retry_count.min(6)))
    }
}

#[derive(Job, Serialize, Deserialize)]
struct ChargeOrder {
    order_id: u64,
}

impl Perform<App> for ChargeOrder {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        if cx.state().is_charged(self.order_id) {
            return Ok(());
        }
        // The same id on every run: the payment service refuses the second charge, should there be one.
        cx.state().charge(self.order_id, cx.jid().as_str());
        Ok(())
    }
}

#[derive(Job, Serialize, Deserialize)]
struct WelcomeEmail {
    user_id: i64,
}

impl Perform<App> for WelcomeEmail {
    async fn perform(self, _cx: &Context<App>) -> JobResult {
        println!("welcome, user {}", self.user_id);
        Ok(())
    }
}

/// Adds a user: the user and the job are both there, or neither is.
fn sign_up(client: &Client, connection: &mut Connection, name: &str) -> anyhow::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("INSERT INTO users (name) VALUES (?1)", [name])?;
    let user_id = transaction.last_insert_rowid();
    sancho::sqlite::push_in(client, &transaction, WelcomeEmail { user_id })?;
    transaction.commit()?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = sancho::connect("sqlite://guide.db").await?;

    client.push(Thumbnail { picture_id: 42, width: 320 }).await?;
    client.push(Thumbnail { picture_id: 42, width: 64 }).queue("low").after(Duration::from_secs(60)).await?;
    client.push(Raw::new("HardWorker", (1, "blue"))).queue("elsewhere").await?;
    client.push_bulk((1..=1_000).map(|picture_id| Thumbnail { picture_id, width: 320 })).await?;
    client.push_all((1..=2_500).map(|picture_id| Thumbnail { picture_id, width: 64 })).await?;

    let tomorrow = client.clock().now() + Duration::from_secs(24 * 60 * 60);
    client.push(ChargeOrder { order_id: 7 }).after(Duration::from_secs(60)).key("order:7").await?;
    client.reschedule_key("order:7", tomorrow).await?;
    client.cancel_key("order:7").await?;

    let mut connection = Connection::open("guide.db")?;
    connection.execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", [])?;
    sign_up(&client, &mut connection, "Ada")?;

    let app = App::default();
    app.pictures.lock().expect("no job panics under the lock").insert(42, vec![1, 2, 3]);
    let server = Server::new(client, app).register::<Thumbnail>().register::<ChargeOrder>().register::<WelcomeEmail>();
    server.queues(["images", "default", "low"]).slots(10).run().await?;
    Ok(())
}

impl App {
    fn picture(&self, id: u64) -> Result<Vec<u8>, String> {
        let pictures = self.pictures.lock().expect("no job panics under the lock");
        pictures.get(&id).cloned().ok_or_else(|| format!("there is no picture {id}"))
    }

    fn is_charged(&self, order_id: u64) -> bool {
        self.charged.lock().expect("no job panics under the lock").contains(&order_id)
    }

    fn charge(&self, order_id: u64, idempotency_key: &str) {
        println!("order {order_id} is charged under {idempotency_key}");
        self.charged.lock().expect("no job panics under the lock").insert(order_id);
    }
}
