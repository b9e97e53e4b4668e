//! Traces: which chain of calls a job belongs to, from whoever pushed it, through the store, to whoever performs it.
//!
//! A trace's context travels in the payload, in the members `traceparent` and `tracestate` of [W3C's Trace
//! Context](https://www.w3.org/TR/trace-context/). Programs in other languages find it there, and what they write
//! there is found here. Nothing of this needs a tracing system: a client carries on the context that is
//! [`current`] where it pushes, and a server makes a job's own the current one while its code runs.
//!
//! A tracing system comes in at two places. A [`ClientMiddleware`](crate::ClientMiddleware) puts the context of its
//! present span on a draft by [`TraceContext::carry`]; and whoever runs around a job's code makes the context of the
//! span that it opens the current one by [`scope`].
//!
//! ```
//! use sancho::trace::{self, TraceContext};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let client = sancho::testing::memory();
//! let request = TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
//! trace::scope(request, client.push(sancho::Raw::new("Resize", [7])).into_future()).await.unwrap();
//!
//! let pushed = sancho::testing::waiting(&client).await.unwrap();
//! let traceparent = pushed[0].payload.envelope().unwrap().traceparent().unwrap().into_owned();
//! assert_eq!(traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
//! # });
//! ```

use std::fmt;

use sancho_core::{Draft, Entropy, Envelope, Invalid, limits};

/// The members of a payload that carry a context.
const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The flag that says that the caller records its spans.
const SAMPLED: u8 = 1;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// The context that the code that runs now belongs to; `None` outside of every [`scope`].
///
/// It belongs to the task: what a task spawns does not have it, unless it is given a scope of its own. What is pushed
/// through the client of a job's [`Context`](crate::Context) belongs to the job's trace in any case.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Runs a future in a context: wherever it asks, that is the current one.
pub fn scope<F: Future>(context: TraceContext, future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, future)
}

/// A place in a trace: the trace's id, the id of the span that calls, and whether it is recorded.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
    state: Option<Box<str>>,
}

impl TraceContext {
    /// The context of a span.
    ///
    /// # Errors
    /// [`Invalid`] when an id is all zeros: that means that there is none.
    pub fn new(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) -> Result<Self, Invalid> {
        if trace_id == [0; 16] || span_id == [0; 8] {
            return Err(Invalid::new("an id of all zeros is no id of a trace or a span"));
        }
        Ok(TraceContext { trace_id, span_id, flags, state: None })
    }

    /// Reads the text of a header `traceparent`: `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`.
    ///
    /// A later version than `00` is read as far as this one goes, and written as `00`.
    ///
    /// # Errors
    /// [`Invalid`], saying what the text is not.
    pub fn parse(traceparent: &str) -> Result<Self, Invalid> {
        let malformed = || Invalid::new(format!("{traceparent:?} is no traceparent such as 00-<32 hex>-<16 hex>-01"));
        let mut parts = traceparent.splitn(5, '-');
        let mut next = || parts.next().ok_or_else(malformed);
        let (version, trace_id, span_id, flags) = (next()?, next()?, next()?, next()?);
        let [version] = hex(version).ok_or_else(malformed)?;
        let rest = parts.next();
        if version == 0xff || (version == 0 && rest.is_some()) {
            return Err(malformed());
        }
        let [flags] = hex(flags).ok_or_else(malformed)?;
        TraceContext::new(hex(trace_id).ok_or_else(malformed)?, hex(span_id).ok_or_else(malformed)?, flags)
    }

    /// The first context of a new trace, recorded.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut trace_id = [0; 16];
        trace_id[..8].copy_from_slice(&entropy.next_u64().to_be_bytes());
        trace_id[8..].copy_from_slice(&nonzero(entropy));
        TraceContext { trace_id, span_id: nonzero(entropy), flags: SAMPLED, state: None }
    }

    /// The context of a new span that this one calls.
    #[must_use]
    pub fn child(&self, entropy: &dyn Entropy) -> Self {
        TraceContext { span_id: nonzero(entropy), ..self.clone() }
    }

    /// This context with what tracing systems add to it, as the text of a header `tracestate`. A text that cannot stand
    /// in a header, or is longer than [`limits::TRACESTATE_BYTES_MAX`], is left out, as W3C's recommendation has it.
    #[must_use]
    pub fn with_state(mut self, tracestate: &str) -> Self {
        let fits = (1..=limits::TRACESTATE_BYTES_MAX).contains(&tracestate.len());
        let is_text = tracestate.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t');
        self.state = (fits && is_text).then(|| tracestate.into());
        self
    }

    /// The trace's id.
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    /// The id of the span that calls.
    pub fn span_id(&self) -> [u8; 8] {
        self.span_id
    }

    /// The flags, of which the lowest bit says that the caller records its spans.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether the caller records its spans.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// What tracing systems added, as the text of a header `tracestate`.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The text of a header `traceparent`.
    pub fn traceparent(&self) -> String {
        let (trace_id, span_id) = (u128::from_be_bytes(self.trace_id), u64::from_be_bytes(self.span_id));
        format!("00-{trace_id:032x}-{span_id:016x}-{:02x}", self.flags)
    }

    /// Puts the context on a job that is about to be pushed, unless one stands there already.
    pub fn carry(&self, draft: &mut Draft) {
        if draft.extra.iter().any(|(name, _)| name == TRACEPARENT) {
            return;
        }
        draft.extra.retain(|(name, _)| name != TRACESTATE);
        draft.extra.push((TRACEPARENT.to_owned(), format!("\"{}\"", self.traceparent())));
        if let Some(state) = self.state() {
            let text = serde_json::to_string(state).expect("a string is JSON");
            draft.extra.push((TRACESTATE.to_owned(), text));
        }
    }

    /// The context that a payload carries; `None` when it carries none, or one that is malformed.
    pub fn of(envelope: &Envelope<'_>) -> Option<Self> {
        let context = TraceContext::parse(&envelope.traceparent()?).ok()?;
        Some(match envelope.tracestate() {
            Some(state) => context.with_state(&state),
            None => context,
        })
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())
    }
}

/// Chance that is no zero: a zero would mean that there is no id.
fn nonzero(entropy: &dyn Entropy) -> [u8; 8] {
    entropy.next_u64().max(1).to_be_bytes()
}

/// So many bytes, written as lower-case hex digits.
fn hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * BYTES {
        return None;
    }
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededEntropy;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_is_written_as_it_was_read() {
        let context = TraceContext::parse(PARENT).unwrap();
        assert_eq!(context.traceparent(), PARENT);
        assert!(context.is_sampled());
        let generated = TraceContext::generate(&SeededEntropy::new(7));
        assert_eq!(TraceContext::parse(&generated.traceparent()).unwrap(), generated);
        let child = generated.child(&SeededEntropy::new(8));
        assert_eq!(child.trace_id(), generated.trace_id());
        assert_ne!(child.span_id(), generated.span_id());
    }

    #[test]
    fn a_later_version_is_read_as_far_as_this_one_goes() {
        let later = PARENT.replacen("00", "cc", 1);
        for text in [later.clone(), format!("{later}-what-the-future-will-be-like")] {
            assert_eq!(TraceContext::parse(&text).unwrap().traceparent(), PARENT, "{text}");
        }
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for text in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "0é-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(TraceContext::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_state_that_no_header_can_hold_is_left_out() {
        let context = TraceContext::parse(PARENT).unwrap();
        assert_eq!(context.clone().with_state("rojo=00f067aa0ba902b7").state(), Some("rojo=00f067aa0ba902b7"));
        let long = "x".repeat(limits::TRACESTATE_BYTES_MAX + 1);
        for state in ["", "a=\u{1}", "a=é", &long] {
            assert_eq!(context.clone().with_state(state).state(), None, "{state:?}");
        }
    }

    #[test]
    fn a_context_on_a_draft_is_not_overwritten() {
        let mut draft = Draft::new(sancho_core::Jid::new("j1").unwrap(), "A", "[]");
        let (first, second) = (SeededEntropy::new(1), SeededEntropy::new(2));
        TraceContext::generate(&first).with_state("a=1").carry(&mut draft);
        let carried = draft.extra.clone();
        TraceContext::generate(&second).carry(&mut draft);
        assert_eq!((draft.extra.len(), &draft.extra), (2, &carried));
    }
}
