//! Serves queues by weights, by patterns and in capsules, changes that while the server runs, and performs what is ready
//! in a burst: `cargo run --example queues`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sancho::core::Pausable;
use sancho::{Capsule, Client, Context, Job, JobResult, Perform, QueueName, QueueOrder, RunningServer, Server};
use serde::{Deserialize, Serialize};

/// How many jobs of each queue were performed.
#[derive(Clone, Debug, Default)]
struct App(Arc<Mutex<BTreeMap<String, usize>>>);

#[derive(Job, Serialize, Deserialize)]
struct Report {
    id: u64,
}

impl Perform<App> for Report {
    async fn perform(self, cx: &Context<App>) -> JobResult {
        let mut performed = cx.state().0.lock().map_err(|_| "another job panicked while it counted")?;
        *performed.entry(cx.queue().to_string()).or_default() += 1;
        Ok(())
    }
}

fn strict(client: Client, app: App) -> Server<App> {
    Server::new(client, app).register::<Report>().queues(["critical", "default", "low"])
}

fn weighted(client: Client, app: App) -> Server<App> {
    Server::new(client, app).register::<Report>().queues(["critical,6", "default,3", "low,1"])
}

fn mixed(client: Client, app: App) -> Server<App> {
    Server::new(client, app)
        .register::<Report>()
        .queues(["critical", "imports,3", "exports,1"])
        .order(QueueOrder::Mixed)
}

fn tenants(client: Client, app: App) -> Server<App> {
    Server::new(client, app).register::<Report>().queues(["urgent", "tenant:*", "!tenant:archive", "default"])
}

fn capsules(client: Client, app: App) -> Server<App> {
    Server::new(client, app)
        .register::<Report>()
        .slots(20)
        .queues(["critical,6", "default,1"])
        .capsule(Capsule::new("imports").slots(2).queues(["imports"]))
}

async fn pause(client: &Client) -> anyhow::Result<()> {
    let now = client.clock().now();
    client.inspect().pause(&Pausable::Queue(QueueName::new("low")?), now).await?;
    client.inspect().pause(&Pausable::Class("Report".to_owned()), now).await?;
    client.inspect().resume(&Pausable::Class("Report".to_owned()), now).await?;
    client.inspect().resume(&Pausable::Queue(QueueName::new("low")?), now).await?;
    Ok(())
}

fn tune(server: &RunningServer) -> anyhow::Result<()> {
    server.set_slots("imports", 4)?;
    server.set_queues("default", ["critical,6", "default,1", "low,1"])?;
    for capsule in server.capsules() {
        println!("{}: {} of {} slots busy, serves {:?}", capsule.name, capsule.busy, capsule.slots, capsule.queues);
    }
    Ok(())
}

async fn nightly(client: Client, app: App) -> anyhow::Result<()> {
    Server::new(client, app).register::<Report>().queues(["*"]).burst().run().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;
    for build in [strict, weighted, mixed, tenants] {
        for queue in ["critical", "default", "low", "imports", "exports", "urgent", "tenant:7", "tenant:archive"] {
            client.push_bulk((0..50).map(|id| Report { id })).queue(queue).await?;
        }
        let app = App::default();
        build(client.clone(), app.clone()).burst().run().await?;
        println!("performed {:?}", app.0);
    }

    let app = App::default();
    let server = capsules(client.clone(), app.clone()).start().await?;
    tune(&server)?;
    server.stop().await;
    pause(&client).await?;
    nightly(client, app.clone()).await?;
    println!("performed {:?}", app.0);
    Ok(())
}
