//! What happened in a run, in order: always as a hash, and as text where somebody is to read it.

use std::fmt::{self, Write};

/// The story of a run.
#[derive(Debug)]
pub(super) struct Story {
    hash: u64,
    text: Option<String>,
}

/// Whether a story is kept as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// As a hash alone.
    Hash,
    /// As text too.
    Text,
}

impl Story {
    pub(super) fn new(telling: Telling) -> Self {
        Story { hash: 0xcbf2_9ce4_8422_2325, text: (telling == Telling::Text).then(String::new) }
    }

    /// Something happened at this true time in a process.
    pub(super) fn tell(&mut self, at_ms: u64, who: char, what: fmt::Arguments<'_>) {
        let line = format_args!("{:>4}.{:03} {who} {what}\n", at_ms / 1_000, at_ms % 1_000);
        self.write_fmt(line).expect("writing to memory does not fail");
    }

    /// A number that another run of the same plan has too, and hardly any other.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    /// The text; empty where none was kept.
    pub(super) fn into_text(self) -> String {
        self.text.unwrap_or_default()
    }
}

impl Write for Story {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        if let Some(kept) = &mut self.text {
            kept.push_str(text);
        }
        Ok(())
    }
}
