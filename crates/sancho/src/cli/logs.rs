//! Logs of a server: one event, one line, to standard error or to a file that can be rotated.
//!
//! Events come from `tracing`; `layer` hears them, `record` makes each a bounded value, `format` writes it as one line,
//! and `sink` puts the line where it belongs. The formatters of `tracing-subscriber` and `tracing-logfmt` are not used:
//! what jobs say is a stranger's text, and neither has a bound for it, nor escapes what hides or turns text.

mod format;
mod layer;
mod record;
mod sink;

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) use format::LogFormat;
use format::{Color, Form};
use layer::LogLayer;
use sink::Sink;

/// How and where a server logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogSettings {
    /// How a line is written.
    pub(crate) format: LogFormat,
    /// Which events are logged: a level such as `debug`, or directives such as `info,sancho=debug`.
    pub(crate) level: String,
    /// The file that lines are appended to; standard error when there is none.
    pub(crate) file: Option<PathBuf>,
}

/// The logs of this process, from [`init`] on.
#[derive(Clone, Debug)]
pub(crate) struct Logs {
    /// `None` where the application had logs of its own before.
    own: Option<(Arc<Sink>, Form)>,
}

/// Starts the logs of this process.
///
/// An application that has set a `tracing` subscriber before keeps it, unless a file is asked for here.
///
/// # Errors
/// [`LogsError`] when the level cannot be read, the file cannot be opened or written, or a file is asked for and the
/// application has set a subscriber of its own before.
pub(crate) fn init(settings: &LogSettings) -> Result<Logs, LogsError> {
    let filter = filter(&settings.level)?;
    let terminal = settings.file.is_none() && io::stderr().is_terminal();
    let form = Form {
        format: settings.format.on(terminal),
        color: if terminal && wants_color() { Color::Yes } else { Color::No },
    };
    let sink = match &settings.file {
        Some(path) => Sink::file(path).map_err(|source| LogsError::File { path: path.clone(), source })?,
        None => Sink::stderr(),
    };
    let sink = Arc::new(sink);
    let layer = LogLayer::new(Arc::clone(&sink), form);
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_err() {
        return if settings.file.is_some() { Err(LogsError::Taken) } else { Ok(Logs { own: None }) };
    }
    let logs = Logs { own: Some((sink, form)) };
    if let Some(path) = &settings.file {
        // A disk that is full is known now, and not when the first job fails.
        logs.first_line("the log begins").map_err(|source| LogsError::File { path: path.clone(), source })?;
    }
    Ok(logs)
}

impl Logs {
    /// Opens the log file again, by its name: what was renamed is left behind, and no line is lost or split.
    ///
    /// Without a file this does nothing.
    ///
    /// # Errors
    /// When the file cannot be opened. Lines go on to the file that was open before.
    pub(crate) fn reopen(&self) -> Result<(), LogsError> {
        let Some((sink, _)) = &self.own else { return Ok(()) };
        let Some(path) = sink.path() else { return Ok(()) };
        sink.reopen().map_err(|source| LogsError::File { path: path.to_owned(), source })?;
        // A disk that is full now has been told by the sink.
        _ = self.first_line("the log goes on");
        Ok(())
    }

    fn first_line(&self, message: &str) -> io::Result<()> {
        let Some((sink, form)) = &self.own else { return Ok(()) };
        let version = format!("sancho {}", env!("CARGO_PKG_VERSION"));
        let record = record::Record::of_logs(tracing::Level::INFO, message, [("version", version)]);
        sink.try_write(&format::line(&record, *form))
    }
}

fn filter(level: &str) -> Result<EnvFilter, LogsError> {
    // The library takes an empty text for "nothing but errors", which nobody means who leaves a variable empty.
    let text = if level.trim().is_empty() { "info" } else { level };
    let parsed = EnvFilter::builder().parse(text);
    parsed.map_err(|error| LogsError::Level { text: text.to_owned(), what: error.to_string() })
}

/// <https://no-color.org>: any text but an empty one means no.
fn wants_color() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Why logs did not start.
#[derive(Debug)]
pub(crate) enum LogsError {
    /// Nobody can make sense of the level.
    Level {
        /// What was given.
        text: String,
        /// What is wrong with it.
        what: String,
    },
    /// The log file cannot be opened or written.
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The application has logs of its own.
    Taken,
}

impl fmt::Display for LogsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogsError::Level { text, what } => write!(
                f,
                "failed to read the log level {text:?}: {what}; say error, warn, info, debug or trace, or directives such as \
                 info,sancho=debug"
            ),
            LogsError::File { path, source } => {
                write!(f, "failed to log to {}: {source}{}", path.display(), fix(path, source))
            }
            LogsError::Taken => f.write_str(
                "failed to log to a file: the application has set a tracing subscriber of its own; remove that, or the \
                 log file from the settings",
            ),
        }
    }
}

impl std::error::Error for LogsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LogsError::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// What a person does about a file that cannot be opened.
fn fix(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => format!("; create the folder {} first", folder.display()),
            _ => "; name a file".to_owned(),
        },
        io::ErrorKind::PermissionDenied => "; let this user write there, or name another file".to_owned(),
        io::ErrorKind::IsADirectory => "; name a file in it".to_owned(),
        io::ErrorKind::StorageFull => "; make room, or name a file on another disk".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_nobody_understands_is_refused_with_words_that_are() {
        let error = filter("sancho=loud").expect_err("no such level");
        assert!(error.to_string().contains("say error, warn, info, debug or trace"), "{error}");
        for level in ["debug", "info,sancho=debug", "", "off"] {
            assert!(filter(level).is_ok(), "{level:?}");
        }
    }
}
