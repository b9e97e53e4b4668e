//! Standard output: text for people, or one JSON object.

use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};

use serde::Serialize;

use crate::exit::Exit;
use crate::text;

/// Where a command writes what it found or did.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    to: BufWriter<Stdout>,
}

impl Output {
    /// Text, or JSON if `json`.
    pub(crate) fn new(json: bool) -> Self {
        Output { json, to: BufWriter::new(io::stdout()) }
    }

    /// Whether JSON is wanted.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes the object, or the text, whichever is wanted, and a line break.
    pub(crate) fn either(&mut self, object: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Exit> {
        if self.json { self.object(object) } else { self.text(text()) }
    }

    /// Writes text that is harmless already, with a line break at its end.
    pub(crate) fn text(&mut self, text: impl Display) -> Result<(), Exit> {
        let text = text.to_string();
        written(writeln!(self.to, "{}", text.strip_suffix('\n').unwrap_or(&text)))
    }

    /// Writes one JSON object on one line.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> Result<(), Exit> {
        let json =
            serde_json::to_string(object).map_err(|error| Exit::failed(format!("failed to write JSON: {error}")))?;
        written(writeln!(self.to, "{}", text::visible_json(&json)))
    }

    /// Hands what was written so far to the reader.
    pub(crate) fn flush(&mut self) -> Result<(), Exit> {
        written(self.to.flush())
    }

    /// Hands everything to the reader. A command that is done calls it.
    pub(crate) fn finish(mut self) -> Result<(), Exit> {
        self.flush()
    }
}

fn written(result: io::Result<()>) -> Result<(), Exit> {
    result.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Exit::ReaderGone,
        _ => Exit::failed(format!("failed to write to standard output: {error}")),
    })
}
