//! Pushes one job, performs it, and stops: `cargo run --example hello`.

use std::sync::Arc;

use sancho::{Context, Job, JobResult, Perform, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// A job is a value: its fields are its arguments.
#[derive(Job, Serialize, Deserialize)]
struct Greet {
    name: String,
}

/// The application's state, which jobs reach through their context.
#[derive(Default)]
struct App {
    greeted: Notify,
}

impl Perform<Arc<App>> for Greet {
    async fn perform(self, cx: &Context<Arc<App>>) -> JobResult {
        println!("hello, {}! I am job {}", self.name, cx.jid());
        cx.state().greeted.notify_one();
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;
    client.push(Greet { name: "world".into() }).await?;

    let app = Arc::new(App::default());
    let server = Server::new(client, app.clone()).register::<Greet>().start().await?;
    app.greeted.notified().await;
    server.stop().await;
    Ok(())
}
