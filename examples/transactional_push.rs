//! A push inside the application's own transaction: the job is there exactly if the transaction commits.

use rusqlite::{Connection, TransactionBehavior};
use sancho::{Client, Job};
use serde::{Deserialize, Serialize};

#[derive(Job, Serialize, Deserialize)]
struct WelcomeEmail {
    user_id: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = sancho::connect("sqlite://app.db").await?;
    let mut connection = Connection::open("app.db")?;
    connection.execute("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", [])?;
    sign_up(&client, &mut connection, "Ada")?;
    let stats = client.inspect().stats(client.clock().now()).await?;
    println!("enqueued: {}", stats.enqueued);
    Ok(())
}

/// The user and the job are both there, or neither is.
fn sign_up(client: &Client, connection: &mut Connection, name: &str) -> anyhow::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("INSERT INTO users (name) VALUES (?1)", [name])?;
    let user_id = transaction.last_insert_rowid();
    sancho::sqlite::push_in(client, &transaction, WelcomeEmail { user_id })?;
    transaction.commit()?;
    Ok(())
}
