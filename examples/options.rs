//! Options of a job in the three places that say them, what a job may ask for, and how a class is renamed:
//! `cargo run --example options`.

use std::time::Duration;

use sancho::core::lifecycle::Failure;
use sancho::{Backoff, ClassSettings, Context, Job, JobError, JobResult, OnConflict, Perform, Raw, Server};
use serde::{Deserialize, Serialize};

/// The weather, as it were.
struct App;

impl App {
    fn is_shop_open(&self) -> bool {
        true
    }

    async fn upload(&self, _product_id: u64) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("the shop does not answer"))
    }

    async fn tell_the_shop(&self, text: String) {
        println!("{text}");
    }
}

#[derive(Job, Serialize, Deserialize)]
#[job(
    queue = "products",
    retry_for = "3d",
    retry_queue = "slow",
    timeout = "30s",
    expires_in = "1h",
    key = "product:{product_id}",
    tags("shop"),
    log = "debug",
    aliases("UploadProduct", "Shop::UploadProduct")
)]
struct SyncProduct {
    product_id: u64,
}

impl Perform<App> for SyncProduct {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        if !cx.state().is_shop_open() {
            return Err(JobError::snooze(Duration::from_secs(3600)));
        }
        cx.state().upload(self.product_id).await?;
        Ok(())
    }

    fn backoff(retry_count: u32, _failure: &Failure) -> Backoff {
        Backoff::After(Duration::from_secs(60) * (retry_count + 1))
    }

    async fn on_exhausted(self, cx: &Context<App>, failure: &Failure) {
        cx.state().tell_the_shop(format!("product {} is out of date: {}", self.product_id, failure.message)).await;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;

    // Configured: over what the class says.
    let settings = ClassSettings::new().timeout(Duration::from_secs(5)).retry(10);
    let client = client.with_class_settings("SyncProduct", settings);

    // At the push: over what is configured.
    client.push(SyncProduct { product_id: 42 }).queue("urgent").retry(false).await?;

    let refused = client.push(SyncProduct { product_id: 42 }).on_conflict(OnConflict::Refuse).await;
    println!("the key is taken: {}", refused.is_err());

    // Pushed before the class was renamed: its alias is known.
    client.push(Raw::new("UploadProduct", [43])).retry(0).await?;

    let server = Server::new(client, App)
        .register::<SyncProduct>()
        .queues(["urgent", "default"])
        .on_error(|failed| println!("try {} of {} failed: {}", failed.attempt, failed.class, failed.error_message))
        .on_death(|dead| println!("{} died: {:?}", dead.class, dead.cause));
    let mut events = server.subscribe();
    let server = server.start().await?;
    for _ in 0..2 {
        events.wait_for(|event| matches!(event, sancho::Event::Settled { .. }).then_some(())).await;
    }
    server.stop().await;
    Ok(())
}
