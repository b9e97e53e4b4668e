//! Schedules jobs for later and performs each at its time: `cargo run --example schedule`.

use std::sync::Arc;
use std::time::Duration;

use sancho::{Context, Job, JobResult, Perform, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::Instant;

#[derive(Job, Serialize, Deserialize)]
struct Remind {
    what: String,
}

struct App {
    start: Instant,
    reminded: Semaphore,
}

impl Perform<Arc<App>> for Remind {
    async fn perform(self, cx: &Context<Arc<App>>) -> JobResult {
        println!("{:.2} s: {}", cx.state().start.elapsed().as_secs_f64(), self.what);
        cx.state().reminded.add_permits(1);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;
    let app = Arc::new(App { start: Instant::now(), reminded: Semaphore::new(0) });
    let server = Server::new(client.clone(), app.clone()).register::<Remind>().start().await?;

    client.push(Remind { what: "after two seconds".into() }).after(Duration::from_secs(2)).await?;
    // The server sleeps until the next job is due; an earlier one wakes it.
    client.push(Remind { what: "after one second".into() }).after(Duration::from_secs(1)).await?;
    client.push(Remind { what: "at once".into() }).await?;

    app.reminded.acquire_many(3).await?.forget();
    server.stop().await;
    Ok(())
}
