//! Traces, metrics and alerts of one's own: a request that pushes a job, and the job's spans below it.
//!
//! ```sh
//! cargo run --example telemetry
//! ```
//!
//! It prints each span when it ends. An application sends them somewhere instead, by an exporter such as that of
//! `opentelemetry-otlp`.

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use sancho::cli::App;
use sancho::opentelemetry::OpenTelemetry;
use sancho::opentelemetry::api::trace::{FutureExt, TraceContextExt, Tracer};
use sancho::opentelemetry::api::{Context as Current, global};
use sancho::{Client, Context, DeadJob, Event, Job, JobResult, Perform, Server};
use serde::{Deserialize, Serialize};

/// What jobs work with.
struct Shop;

#[derive(Job, Serialize, Deserialize)]
struct SendInvoice {
    order_id: u64,
}

impl Perform<Shop> for SendInvoice {
    async fn perform(self, cx: &Context<Shop>) -> JobResult {
        println!("invoice for order {}, in the trace {:?}", self.order_id, cx.traceparent());
        cx.client().push(ArchiveInvoice { order_id: self.order_id }).await?;
        Ok(())
    }
}

#[derive(Job, Serialize, Deserialize)]
#[job(retry = false)]
struct ArchiveInvoice {
    order_id: u64,
}

impl Perform<Shop> for ArchiveInvoice {
    async fn perform(self, _: &Context<Shop>) -> JobResult {
        Err(std::io::Error::other(format!("no room for order {}", self.order_id)).into())
    }
}

/// The same for a program with a command line: clients that push get the middleware too.
fn shop(spans: OpenTelemetry) -> App<Shop> {
    let app = App::new("shop", async |_: Client| Ok::<_, std::io::Error>(Shop));
    app.server(|server| server.middleware(spans)).register::<SendInvoice>().register::<ArchiveInvoice>()
}

/// Tells somebody of a job that will not be tried again.
fn alert(job: &DeadJob) {
    println!("{} died: {:?}", job.class, job.error);
}

/// Counts what happens here in metrics of the application's own.
fn count(server: &Server<Shop>) -> tokio::task::JoinHandle<u32> {
    let mut events = server.subscribe();
    tokio::spawn(async move {
        let mut failed = 0;
        while let Some(event) = events.next().await {
            match event {
                Event::Settled { class, elapsed, tally, .. } => {
                    println!("{class} took {elapsed:?}");
                    failed += u32::from(tally.failed);
                }
                Event::Stopped => break,
                _ => {}
            }
        }
        failed
    })
}

/// Prints spans as they end.
#[derive(Debug)]
struct Printed;

impl SpanExporter for Printed {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        for SpanData { name, parent_span_id, span_context, status, .. } in spans {
            println!("span {} below {parent_span_id}: {name} ({status:?})", span_context.span_id());
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    global::set_tracer_provider(SdkTracerProvider::builder().with_simple_exporter(Printed).build());
    let spans = OpenTelemetry::new();
    let client = sancho::testing::memory().with_middleware(spans.clone());

    let request = Current::new().with_span(global::tracer("shop").start("POST /orders"));
    client.push(SendInvoice { order_id: 7 }).into_future().with_context(request.clone()).await?;
    request.span().end();

    let server = Server::new(client, Shop).middleware(spans.clone()).on_death(alert).burst();
    let server = server.register::<SendInvoice>().register::<ArchiveInvoice>();
    let counting = count(&server);
    server.start().await?.stopped().await;
    println!("{} failed; {:?} would go on", counting.await?, shop(spans));
    Ok(())
}
