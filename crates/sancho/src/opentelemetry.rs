//! Spans of OpenTelemetry: the one that pushes a job is the parent of the one that performs it.
//!
//! [`OpenTelemetry`] is given to the client that pushes and to the server that performs; either works alone. What
//! travels in the payload is W3C's Trace Context (see [`trace`]), so that a job that a program in another
//! language pushes, or performs, belongs to the same trace.
//!
//! ```no_run
//! # use serde::{Deserialize, Serialize};
//! # use sancho::{Context, Job, JobResult, Perform};
//! # #[derive(Job, Serialize, Deserialize)]
//! # struct WelcomeEmail { user_id: u64 }
//! # impl Perform<()> for WelcomeEmail { async fn perform(self, _: &Context<()>) -> JobResult { Ok(()) } }
//! use sancho::opentelemetry::OpenTelemetry;
//!
//! # async fn main_() -> Result<(), Box<dyn std::error::Error>> {
//! // After `opentelemetry::global::set_tracer_provider`.
//! let spans = OpenTelemetry::new();
//! let client = sancho::connect("sqlite://sancho.db").await?.with_middleware(spans.clone());
//! sancho::Server::new(client, ()).middleware(spans).register::<WelcomeEmail>().run().await?;
//! # Ok(()) }
//! ```
//!
//! An application that makes its spans by `tracing` sets a layer of `tracing-opentelemetry`: that makes the span that is
//! entered the current context, which is what is carried, and hangs what a job enters below the span made here.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The library, in the version that this feature speaks.
pub use ::opentelemetry as api;
use api::KeyValue;
use api::context::FutureExt;
use api::global::{self, BoxedTracer, ObjectSafeTracer};
use api::trace::{SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer};
use sancho_core::redact::{Hidden, REDACTED};
use sancho_core::{BoxFuture, Draft};

use crate::trace::{self, TraceContext};
use crate::{ClientMiddleware, ClientVerdict, Context, JobResult, Next, ServerMiddleware};

/// The system, in the sense of OpenTelemetry's conventions for messaging, and the name of our tracer.
const SYSTEM: &str = "sancho";

/// What is done to a message, in the same sense.
const OPERATION: &str = "perform";

/// A middleware of clients and servers. Cheap to clone.
///
/// In a client, it puts the context of the span that is current at a push on the job; outside of a span it does nothing.
///
/// In a server, it opens a span of the kind *consumer* around each job, named `perform <queue>`, whose parent is the
/// context that the job carries, and makes it the current one of the job's code: what the job pushes belongs to it. Its
/// attributes are those of the [conventions for
/// messaging](https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/), and `sancho.job.class`,
/// `sancho.job.attempt` and, at the end, `sancho.job.outcome`. A failure sets its status, and `error.type`. Arguments
/// are never told. A job that is cut short, by its timeout, a panic or a stop, has a span that says so.
///
/// As the first middleware of a server it takes in what the others do.
#[derive(Clone)]
pub struct OpenTelemetry(Arc<BoxedTracer>);

impl OpenTelemetry {
    /// With the provider that is the global one now: that is to be set before.
    pub fn new() -> Self {
        OpenTelemetry(Arc::new(global::tracer(SYSTEM)))
    }

    /// With a tracer of a provider that is not the global one.
    pub fn with_tracer(tracer: impl ObjectSafeTracer + Send + Sync + 'static) -> Self {
        OpenTelemetry(Arc::new(BoxedTracer::new(Box::new(tracer))))
    }

    /// The span around a job, as the current one of a context.
    fn open<S>(&self, cx: &Context<S>) -> api::Context {
        let parent = match cx.trace() {
            Some(carried) => api::Context::new().with_remote_span_context(span_context(carried)),
            None => api::Context::new(),
        };
        let queue = cx.queue().as_str();
        let attributes = [
            KeyValue::new("messaging.system", SYSTEM),
            KeyValue::new("messaging.operation.name", OPERATION),
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.destination.name", queue.to_owned()),
            KeyValue::new("messaging.message.id", cx.jid().to_string()),
            KeyValue::new("sancho.job.class", cx.class().to_owned()),
            KeyValue::new("sancho.job.attempt", i64::from(cx.attempt())),
        ];
        let span = self.0.span_builder(format!("{OPERATION} {queue}"));
        let span = span.with_kind(SpanKind::Consumer).with_attributes(attributes);
        parent.with_span(self.0.build_with_context(span, &parent))
    }
}

impl Default for OpenTelemetry {
    fn default() -> Self {
        OpenTelemetry::new()
    }
}

impl fmt::Debug for OpenTelemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenTelemetry").finish_non_exhaustive()
    }
}

impl ClientMiddleware for OpenTelemetry {
    fn push(&self, draft: &mut Draft) -> ClientVerdict {
        let current = api::Context::current();
        if let Some(context) = trace_context(current.span().span_context()) {
            context.carry(draft);
        }
        ClientVerdict::Push
    }
}

impl<S: Send + Sync + 'static> ServerMiddleware<S> for OpenTelemetry {
    fn perform<'a>(&'a self, cx: &'a Context<S>, next: Next<'a, S>) -> BoxFuture<'a, JobResult> {
        let hides_errors = Hidden::said_by(cx.payload()).hides_errors();
        let opened = Opened { context: self.open(cx), hides_errors, over: false };
        let context = opened.context.clone();
        let own = trace_context(context.span().span_context());
        Box::pin(async move {
            let result = match own {
                Some(own) => trace::scope(own, next.run(cx)).with_context(context).await,
                // A provider that makes no spans has none to go on with.
                None => next.run(cx).await,
            };
            opened.end(&result);
            result
        })
    }
}

/// A span that is open, and is closed whatever happens.
struct Opened {
    context: api::Context,
    /// Whether what errors say may be a secret.
    hides_errors: bool,
    over: bool,
}

impl Opened {
    fn end(mut self, result: &JobResult) {
        self.over = true;
        let span = self.context.span();
        let (outcome, failure) = match result {
            Ok(()) => ("done", None),
            Err(why) => why.told(),
        };
        span.set_attribute(KeyValue::new("sancho.job.outcome", outcome));
        if let Some((class, message)) = failure {
            span.set_attribute(KeyValue::new("error.type", class.to_owned()));
            let description = if self.hides_errors { Cow::Borrowed(REDACTED) } else { Cow::Owned(message) };
            span.set_status(Status::Error { description });
        }
        span.end();
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if !self.over {
            let span = self.context.span();
            span.set_attribute(KeyValue::new("sancho.job.outcome", "cut short"));
            span.set_status(Status::error("cut short by a timeout, a panic, a cancellation or a stop"));
            span.end();
        }
    }
}

fn span_context(carried: &TraceContext) -> SpanContext {
    // What one tracing system wrote another may not read: the trace goes on without it, as W3C has it.
    let state = carried.state().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    let flags = TraceFlags::new(carried.flags());
    let (trace, span) = (TraceId::from_bytes(carried.trace_id()), SpanId::from_bytes(carried.span_id()));
    SpanContext::new(trace, span, flags, true, state)
}

fn trace_context(span: &SpanContext) -> Option<TraceContext> {
    let (trace, flags) = (span.trace_id().to_bytes(), span.trace_flags().to_u8());
    let context = TraceContext::new(trace, span.span_id().to_bytes(), flags).ok()?;
    let state = span.trace_state().header();
    Some(if state.is_empty() { context } else { context.with_state(&state) })
}
