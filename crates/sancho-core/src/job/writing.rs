//! A payload that is written in one go, from its first member to its last.
//!
//! Every push writes one, so it is written to a buffer that the thread keeps, and costs one allocation.

use std::cell::Cell;
use std::fmt::Display;
use std::io::Write;

use super::{Payload, WireTime};
use crate::Timestamp;

/// Members written so far. Nothing is written twice: whoever writes sees to it.
pub(super) struct Writing(Vec<u8>);

/// What can be said about memory: it can be written to.
const MEMORY: &str = "memory can be written to";

/// The longest buffer that a thread keeps: few payloads are longer.
const KEPT_BYTES_MAX: usize = 64 * 1024;

thread_local! {
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Writing {
    /// No members yet.
    pub(super) fn new() -> Self {
        let mut text = KEPT.take();
        text.push(b'{');
        Writing(text)
    }

    /// A member whose value is a number.
    pub(super) fn number(&mut self, name: &str, value: impl Display) {
        self.name(name);
        write!(self.0, "{value}").expect(MEMORY);
    }

    /// A member whose value is `true` or `false`.
    #[inline]
    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.json(name, if value { "true" } else { "false" });
    }

    /// A member whose value is a time.
    #[inline]
    pub(super) fn time(&mut self, name: &str, time: Timestamp, wire: WireTime) {
        self.name(name);
        wire.write_to(&mut self.0, time);
    }

    /// A member whose name comes from outside, and whose value is a JSON text.
    pub(super) fn further(&mut self, name: &str, text: &str) {
        self.comma();
        self.quoted(name);
        self.0.push(b':');
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A member whose value is a JSON text.
    #[inline]
    pub(super) fn json(&mut self, name: &str, text: &str) {
        self.name(name);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A member whose value is a string.
    #[inline]
    pub(super) fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    /// A member whose value is an array of strings.
    pub(super) fn strings(&mut self, name: &str, values: &[String]) {
        self.name(name);
        self.0.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            self.quoted(value);
        }
        self.0.push(b']');
    }

    /// The payload.
    pub(super) fn finish(mut self) -> Payload {
        self.0.push(b'}');
        let payload = Payload::from_bytes(&self.0[..]);
        if self.0.capacity() <= KEPT_BYTES_MAX {
            self.0.clear();
            KEPT.set(self.0);
        }
        payload
    }

    /// A name of ours, which needs no escape.
    #[inline]
    fn name(&mut self, name: &str) {
        self.comma();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    #[inline]
    fn comma(&mut self) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
    }

    fn quoted(&mut self, text: &str) {
        serde_json::to_writer(&mut self.0, text).expect(MEMORY);
    }
}
