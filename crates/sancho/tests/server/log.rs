//! What this program logs, for tests to wait for.

use std::fmt::{Debug, Write};
use std::sync::OnceLock;

use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The lines so far, since the first call: each is the level, the target, what was said, and what was said with it.
pub(crate) fn lines() -> watch::Receiver<Vec<String>> {
    static LINES: OnceLock<watch::Sender<Vec<String>>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let lines = watch::Sender::default();
        tracing::subscriber::set_global_default(Log(lines.clone())).expect("nobody else listens");
        lines
    });
    lines.subscribe()
}

struct Log(watch::Sender<Vec<String>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a string takes all");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {field}={value}").expect("a string takes all");
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("sancho")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut line);
        self.0.send_modify(|lines| lines.push(line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
