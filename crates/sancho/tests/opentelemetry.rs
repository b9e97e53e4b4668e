//! Spans of OpenTelemetry, from push to perform, on each store, as the library's own exporter has them.
#![cfg(feature = "opentelemetry")]

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanData};
use sancho::opentelemetry::OpenTelemetry;
use sancho::opentelemetry::api::trace::{FutureExt, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use sancho::opentelemetry::api::{Context as Current, KeyValue};
use sancho::{Client, Context, Event, Job, JobError, JobResult, Perform, Server};
use sancho_testkit::RedisServer;
use serde::{Deserialize, Serialize};

/// Far longer than anything here takes: it turns a hang into a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pushes another job, or ends as it is told to.
#[derive(Job, Serialize, Deserialize)]
#[job(queue = "mailers", retry = false)]
struct Mail {
    what: String,
}

impl Perform<SdkTracer> for Mail {
    async fn perform(self, cx: &Context<SdkTracer>) -> JobResult {
        match self.what.as_str() {
            "push" => {
                cx.client().push(Mail { what: "nothing".to_owned() }).await?;
                // What the application opens hangs below the job's own span.
                cx.state().start("inside");
            }
            "fail" => return Err(std::io::Error::other("no such user").into()),
            "discard" => return Err(JobError::discard()),
            "panic" => panic!("lost its head"),
            _ => {}
        }
        Ok(())
    }
}

/// A provider whose spans are kept.
fn provider() -> (SdkTracerProvider, InMemorySpanExporter) {
    let kept = InMemorySpanExporter::default();
    (SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build(), kept)
}

/// Pushes jobs within a span named `request`, has them performed, and answers all spans.
async fn spans_of(client: Client, whats: &[&str], jobs: usize) -> Vec<SpanData> {
    let (provider, kept) = provider();
    let tracer = provider.tracer("test");
    let spans = OpenTelemetry::with_tracer(provider.tracer("sancho"));
    let client = client.with_middleware(spans.clone());
    let server = Server::new(client.clone(), tracer.clone()).middleware(spans).register::<Mail>().queues(["mailers"]);
    let mut events = server.subscribe();
    let server = server.start().await.expect("starts");

    let request = Current::new().with_span(tracer.start("request"));
    for what in whats {
        let push = client.push(Mail { what: (*what).to_owned() }).into_future();
        push.with_context(request.clone()).await.expect("pushed");
    }
    request.span().end();
    let all_settled = async {
        for _ in 0..jobs {
            events.wait_for(|event| matches!(event, Event::Settled { .. }).then_some(())).await.expect("settled");
        }
    };
    tokio::time::timeout(PATIENCE, all_settled).await.expect("in time");
    server.stop().await;
    kept.get_finished_spans().expect("spans")
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> Vec<&'a SpanData> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|KeyValue { key, .. }| key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

/// The job's span is below the request's, and the job that it pushed has a span below its own.
async fn a_trace_goes_from_push_to_perform_and_on(client: Client) {
    let spans = spans_of(client, &["push"], 2).await;
    let [request] = named(&spans, "request")[..] else { panic!("one request: {spans:?}") };
    let performed = named(&spans, "perform mailers");
    let below = |parent: &SpanData| {
        let parent = parent.span_context.span_id();
        performed.iter().copied().find(move |span| span.parent_span_id == parent).expect("a span below")
    };
    let first = below(request);
    let second = below(first);
    assert_eq!(performed.len(), 2);
    assert!(spans.iter().all(|span| span.span_context.trace_id() == request.span_context.trace_id()));
    assert!(first.parent_span_is_remote && first.span_kind == SpanKind::Consumer);
    let [inside] = named(&spans, "inside")[..] else { panic!("one span of the application: {spans:?}") };
    assert_eq!(inside.parent_span_id, first.span_context.span_id());

    let told = |name: &str| attribute(second, name).unwrap_or_default();
    assert_eq!(told("messaging.system"), "sancho");
    assert_eq!(told("messaging.operation.type"), "process");
    assert_eq!(told("messaging.destination.name"), "mailers");
    assert_eq!(told("messaging.message.id").len(), 24);
    assert_eq!((told("sancho.job.class"), told("sancho.job.attempt")), ("Mail".to_owned(), "1".to_owned()));
    assert_eq!((told("sancho.job.outcome"), &second.status), ("done".to_owned(), &Status::Unset));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_push_to_perform_on_the_model() {
    a_trace_goes_from_push_to_perform_and_on(sancho::testing::memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_push_to_perform_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
    a_trace_goes_from_push_to_perform_and_on(sancho::connect(&url).await.expect("opens")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_push_to_perform_on_redis() {
    let redis = Arc::new(RedisServer::start());
    a_trace_goes_from_push_to_perform_and_on(sancho::connect(&redis.fresh_url()).await.expect("connects")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_says_how_the_job_ended() {
    let spans = spans_of(sancho::testing::memory(), &["fail", "discard", "panic"], 3).await;
    let mut ends: Vec<_> = named(&spans, "perform mailers")
        .into_iter()
        .map(|span| {
            let told = |name: &str| attribute(span, name).unwrap_or_default();
            let error = match &span.status {
                Status::Error { description } => description.to_string(),
                _ => String::new(),
            };
            (told("sancho.job.outcome"), told("error.type"), error)
        })
        .collect();
    ends.sort();
    let end = |outcome: &str, class: &str, error: &str| (outcome.to_owned(), class.to_owned(), error.to_owned());
    assert_eq!(
        ends,
        [
            end("cut short", "", "cut short by a timeout, a panic, a cancellation or a stop"),
            end("discarded", "", ""),
            end("failed", "std::io::error::Error", "no such user"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_a_span_a_push_carries_nothing() {
    let (provider, _kept) = provider();
    let spans = OpenTelemetry::with_tracer(provider.tracer("sancho"));
    let client = sancho::testing::memory().with_middleware(spans);
    client.push(Mail { what: "nothing".to_owned() }).await.expect("pushed");
    let pushed = sancho::testing::waiting(&client).await.expect("looks");
    assert_eq!(pushed[0].payload.envelope().expect("readable").traceparent(), None);
}
