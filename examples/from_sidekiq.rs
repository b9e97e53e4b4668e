//! The code of docs/guides/from-sidekiq.md: one class of a Rails application, performed in Rust.
//! `cargo run --example from_sidekiq redis://localhost:6379/0`.

use sancho::{Context, Job, JobError, JobResult, Perform, Raw, Server};
use serde::{Deserialize, Serialize};

/// What the jobs use.
struct App;

/// In Ruby: `Shop::ResizeJob.perform_async(42, 320)`.
#[derive(Job, Serialize, Deserialize)]
#[job(class = "Shop::ResizeJob", queue = "resize", retry = 5)]
struct ResizeJob {
    picture_id: u64,
    width: u32,
}

impl Perform<App> for ResizeJob {
    async fn perform(self, _cx: &Context<App>) -> JobResult {
        if self.width == 0 {
            return Err(JobError::kill("a picture has a width"));
        }
        println!("picture {} at {} pixels", self.picture_id, self.width);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "redis://localhost:6379/0".to_owned());
    let client = sancho::connect(&address).await?;

    client.push(Raw::new("Shop::MailJob", (7, "resized"))).queue("mailers").await?;

    let server = Server::new(client, App).register::<ResizeJob>().queues(["resize"]).slots(10);
    server.run().await?;
    Ok(())
}
