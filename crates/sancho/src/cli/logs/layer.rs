//! Hears what `tracing` tells, and writes it.

use std::sync::Arc;

use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::format::{self, Form};
use super::record::{Fields, Record, Seen};
use super::sink::Sink;

/// A layer that writes each event as one line, with the fields of the spans that it stands in.
#[derive(Debug)]
pub(super) struct LogLayer {
    sink: Arc<Sink>,
    form: Form,
}

/// The fields of a span, kept with it.
struct SpanFields(Fields);

impl LogLayer {
    pub(super) fn new(sink: Arc<Sink>, form: Form) -> Self {
        LogLayer { sink, form }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id) {
            let mut seen = Seen::default();
            attributes.record(&mut seen);
            span.extensions_mut().insert(SpanFields(seen.fields));
        }
    }

    fn on_record(&self, id: &Id, values: &tracing::span::Record<'_>, cx: Context<'_, S>) {
        if let Some(span) = cx.span(id) {
            let mut seen = Seen::default();
            values.record(&mut seen);
            if let Some(SpanFields(fields)) = span.extensions_mut().get_mut::<SpanFields>() {
                seen.fields.add_missing(fields);
                *fields = seen.fields;
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        for span in cx.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get::<SpanFields>() {
                seen.fields.add_missing(fields);
            }
        }
        let metadata = event.metadata();
        let record = Record::now(*metadata.level(), metadata.target().to_owned(), seen);
        let lost = self.sink.write(&format::line(&record, self.form));
        if lost > 0 {
            let fields = [("lines", lost.to_string())];
            let record = Record::of_logs(tracing::Level::WARN, "lines of the log could not be written", fields);
            self.sink.write(&format::line(&record, self.form));
        }
    }
}
