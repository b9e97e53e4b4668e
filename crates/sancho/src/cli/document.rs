//! A configuration's text as values with their lines, whether it is YAML or TOML.

mod erb;
mod toml;
mod yaml;

use std::path::Path;

use super::limits;
use super::variables::Variables;

/// A value, and the line on which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Counted from one; zero where there are no lines, as in a variable.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing was said.
    Null,
    /// A text, a number, a truth: which of them is decided by who reads it.
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the file; a name may stand in it twice.
    Map(Vec<(Label, Node)>),
}

/// The name of a member of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) line: usize,
    /// Without the colon that Ruby's symbols begin with.
    pub(super) name: String,
}

/// Why something is refused, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Zero where there are no lines.
    pub(super) line: usize,
    pub(super) reason: String,
}

impl Refusal {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Refusal { line, reason: reason.into() }
    }
}

impl Node {
    /// A text that stands in no file.
    pub(super) fn of_text(text: impl Into<String>) -> Self {
        Node { line: 0, kind: Kind::Scalar(text.into()) }
    }

    /// Texts that stand in no file.
    pub(super) fn of_texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Node { line: 0, kind: Kind::List(texts.into_iter().map(Node::of_text).collect()) }
    }

    /// What it is, in words.
    pub(super) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(_) => "one value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    pub(super) fn refuse(&self, reason: impl Into<String>) -> Refusal {
        Refusal::new(self.line, reason)
    }
}

impl Label {
    fn new(line: usize, name: &str) -> Self {
        Label { line, name: name.strip_prefix(':').unwrap_or(name).to_owned() }
    }
}

/// Reads a file of configuration: TOML when its name ends in `.toml`, else YAML, with what of ERB is understood.
///
/// # Errors
/// The first thing in it that cannot be read.
pub(super) fn read(path: &Path, variables: &Variables) -> Result<Node, Refusal> {
    let text = text_of(path)?;
    if path.extension().is_some_and(|extension| extension == "toml") {
        return toml::read(&text);
    }
    yaml::read(&erb::evaluated(&text, variables)?)
}

fn text_of(path: &Path) -> Result<String, Refusal> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| Refusal::new(0, format!("it cannot be read: {error}"));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Refusal::new(0, "it is a folder: name the file in it"));
    }
    let mut bytes = Vec::new();
    // One more than may be: a device or a pipe does not say its size before.
    file.take(limits::FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limits::FILE_BYTES_MAX {
        let reason = format!("it has more than {} bytes: it is no configuration", limits::FILE_BYTES_MAX);
        return Err(Refusal::new(0, reason));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Refusal::new(line, "it is not UTF-8: save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
