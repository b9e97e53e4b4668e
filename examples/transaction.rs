//! Pushes a job inside the application's own transaction: the job is there exactly if the transaction commits.
//! `cargo run --example transaction`.

use rusqlite::{Connection, TransactionBehavior};
use sancho::Job;
use serde::{Deserialize, Serialize};

#[derive(Job, Serialize, Deserialize)]
struct WelcomeEmail {
    user_id: i64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("app.db");
    let client = sancho::connect(&format!("sqlite://{}", file.display())).await?;

    // The application's tables and Sancho's live in one file; this is the application's own connection.
    let mut connection = Connection::open(&file)?;
    connection.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")?;

    for (name, commits) in [("Teresa", true), ("Nobody", false)] {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("INSERT INTO users (name) VALUES (?1)", [name])?;
        let user_id = transaction.last_insert_rowid();
        sancho::sqlite::push_in(&client, &transaction, WelcomeEmail { user_id })?;
        if commits {
            transaction.commit()?;
        } else {
            transaction.rollback()?;
        }
        let stats = client.inspect().stats(client.clock().now()).await?;
        println!(
            "{name}: {}, jobs in the queue: {}",
            if commits { "committed" } else { "rolled back" },
            stats.enqueued
        );
    }
    Ok(())
}
