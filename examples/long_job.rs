//! Jobs that take long: they say how far they are, go on where they were cut short, and end when they are told to:
//! `cargo run --example long_job`.

use std::sync::Arc;
use std::time::Duration;

use sancho::trace::{self, TraceContext};
use sancho::{Client, Context, Doing, Job, JobResult, Perform, RunningServer, Server};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

const PAGES: u64 = 40;

/// Reads a catalog, page by page.
#[derive(Job, Serialize, Deserialize)]
#[job(timeout = "10m")]
struct ImportCatalog {
    catalog: String,
}

/// Looks for the nearest color of each pixel: it computes, and never awaits.
#[derive(Job, Serialize, Deserialize)]
#[job(blocking, timeout = "5m")]
struct ReduceColors {
    picture_id: u64,
}

#[derive(Default)]
struct App {
    half_done: Notify,
    computes: Notify,
}

impl Perform<Arc<App>> for ImportCatalog {
    async fn perform(self, cx: &Context<Arc<App>>) -> JobResult {
        let first = cx.last_progress().map_or(0, |progress| progress.done);
        println!("{}: from page {first}, try {}", self.catalog, cx.attempt());
        for page in first..PAGES {
            cx.step("reading pages");
            tokio::select! {
                () = read(page) => {}
                () = cx.cancelled() => return Err("canceled: what was read so far is good".into()),
            }
            cx.progress(page + 1, PAGES);
            if page + 1 == PAGES / 2 {
                cx.state().half_done.notify_one();
            }
        }
        cx.step("publishing");
        println!("{}: {PAGES} pages", self.catalog);
        Ok(())
    }
}

impl Perform<Arc<App>> for ReduceColors {
    async fn perform(self, cx: &Context<Arc<App>>) -> JobResult {
        cx.step("comparing");
        cx.state().computes.notify_one();
        let mut pixels = 0_u64;
        while !cx.is_cancelled() {
            pixels = pixels.wrapping_add(compare());
        }
        println!("picture {}: told to end after {pixels} pixels", self.picture_id);
        Err("canceled".into())
    }
}

async fn read(_page: u64) {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

fn compare() -> u64 {
    std::hint::black_box(1)
}

/// Pushes a job that belongs to the trace of the request which asks for it.
async fn handle(client: &Client, traceparent: &str) -> anyhow::Result<()> {
    let trace = TraceContext::parse(traceparent)?;
    let push = client.push(ImportCatalog { catalog: "spring".into() });
    trace::scope(trace, push.into_future()).await?;
    Ok(())
}

fn show(server: &RunningServer) {
    for job in server.running() {
        let thread = match &job.doing {
            Doing::HasThread(thread) => thread.name.as_str(),
            _ => "the runtime",
        };
        println!("{} on {thread} for {:?}: {:?}, {:?}", job.class, job.elapsed, job.step, job.progress);
    }
}

fn server(client: &Client, app: &Arc<App>) -> Server<Arc<App>> {
    Server::new(client.clone(), Arc::clone(app))
        .register::<ImportCatalog>()
        .register::<ReduceColors>()
        .blocking_threads(2)
        .stop_timeout(Duration::ZERO)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let client = sancho::connect(&format!("sqlite://{}", folder.path().join("sancho.db").display())).await?;
    handle(&client, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").await?;

    let app = Arc::new(App::default());
    let first = server(&client, &app).start().await?;
    app.half_done.notified().await;
    show(&first);
    // The stop cuts the import short; the next server goes on with it, at the page that it came to.
    first.stop().await;

    let second = server(&client, &app).start().await?;
    let computes = client.push(ReduceColors { picture_id: 7 }).await?.jid;
    app.computes.notified().await;
    show(&second);
    client.cancel_running(&computes).await?;
    while !second.running().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    second.stop().await;
    Ok(())
}
