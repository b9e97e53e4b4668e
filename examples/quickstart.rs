//! The quick start: a job, two pushes, and a server that performs them.

use std::time::Duration;

use sancho::{Context, Job, JobResult, Perform, Server};
use serde::{Deserialize, Serialize};

/// What every job may use: connections, clients, settings.
struct App {
    greeting: String,
}

/// In the store this is the class `WelcomeEmail` with the arguments `[7]`.
#[derive(Job, Serialize, Deserialize)]
#[job(queue = "mailers", retry = 10)]
struct WelcomeEmail {
    user_id: u64,
}

impl Perform<App> for WelcomeEmail {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        println!("{}, user {}", cx.state().greeting, self.user_id);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = sancho::connect("sqlite://sancho.db").await?;

    client.push(WelcomeEmail { user_id: 7 }).await?;
    client.push(WelcomeEmail { user_id: 8 }).after(Duration::from_secs(5)).key("welcome:8").await?;

    let app = App { greeting: "Welcome".into() };
    Server::new(client, app).register::<WelcomeEmail>().queues(["mailers", "default"]).run().await?;
    Ok(())
}
