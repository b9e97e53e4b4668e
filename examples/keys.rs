//! Gives a job a name of the application's own, and finds, moves and cancels it by that name:
//! `cargo run --example keys`.

use std::time::Duration;

use sancho::{ActError, Job};
use serde::{Deserialize, Serialize};

#[derive(Job, Serialize, Deserialize)]
struct EndSale {
    product_id: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;
    let hour = Duration::from_secs(3600);

    let pushed = client.push(EndSale { product_id: 42 }).after(hour).key("product:42").await?;
    println!("pushed: {pushed:?}");

    // The key is taken: the job that holds it is kept, and the answer says so.
    let again = client.push(EndSale { product_id: 42 }).after(2 * hour).key("product:42").await?;
    println!("pushed again: {again:?}");

    client.reschedule_key("product:42", client.clock().now() + 3 * hour).await?;
    println!("moved; found by its key: {}", client.find_key("product:42").await?.is_some());

    client.cancel_key("product:42").await?;
    match client.cancel_key("product:42").await {
        Err(ActError::NotFound) => println!("cancelled; a second time there is nothing to cancel"),
        other => println!("unexpected: {other:?}"),
    }
    Ok(())
}
