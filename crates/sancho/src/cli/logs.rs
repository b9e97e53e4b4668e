//! The log of the program.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
    /// `key=value` pairs.
    Logfmt,
}

/// What is logged, how and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    /// A level, or directives such as `info,my_app=debug`.
    pub(crate) level: String,
    /// Standard error when there is none.
    pub(crate) file: Option<PathBuf>,
}

/// The log, for those who have it opened again.
#[derive(Clone, Debug)]
pub(crate) struct Logs {
    file: Option<(PathBuf, Arc<Mutex<File>>)>,
}

/// Logs from now on.
///
/// # Errors
/// When the file cannot be opened, or the level is none.
pub(crate) fn init(settings: &LogSettings) -> io::Result<Logs> {
    let level = EnvFilter::try_new(&settings.level).map_err(io::Error::other)?;
    let log = tracing_subscriber::fmt().with_env_filter(level).with_ansi(false);
    let file = match &settings.file {
        Some(path) => Some((path.clone(), Arc::new(Mutex::new(open(path)?)))),
        None => None,
    };
    // A program may have a subscriber of its own, which stays.
    _ = match &file {
        Some((_, file)) => log.with_writer(Reopened(Arc::clone(file))).try_init(),
        None => log.with_writer(io::stderr).try_init(),
    };
    Ok(Logs { file })
}

impl Logs {
    /// Opens the file again, after it was moved away.
    pub(crate) fn reopen(&self) -> io::Result<()> {
        if let Some((path, file)) = &self.file {
            *file.lock().unwrap_or_else(PoisonError::into_inner) = open(path)?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

struct Reopened(Arc<Mutex<File>>);

impl<'a> MakeWriter<'a> for Reopened {
    type Writer = File;

    fn make_writer(&'a self) -> File {
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.try_clone().expect("a descriptor that is open can be duplicated while the process may open files")
    }
}
