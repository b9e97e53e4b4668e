//! Where lines go: standard error, or a file that is appended to.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Takes lines one at a time, each whole. A line that cannot be written is counted, and stops nothing.
pub(super) struct Sink {
    path: Option<PathBuf>,
    out: Mutex<Out>,
}

struct Out {
    writer: Box<dyn Write + Send>,
    /// Whether the last line broke off in its middle.
    torn: bool,
    /// Lines lost since one was last written.
    lost: u64,
}

impl Sink {
    /// Standard error. It has no buffer, which would keep what could not be written for a wrong place.
    pub(super) fn stderr() -> Self {
        Sink::of(None, Box::new(io::stderr()))
    }

    /// A file, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        Ok(Sink::of(Some(path.to_owned()), Box::new(open(path)?)))
    }

    fn of(path: Option<PathBuf>, writer: Box<dyn Write + Send>) -> Self {
        Sink { path, out: Mutex::new(Out { writer, torn: false, lost: 0 }) }
    }

    /// The file, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Opens the file again by its name, between two lines. The one that was open before stays if that fails.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn reopen(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = open(path)?;
        let mut out = self.lock();
        (out.writer, out.torn) = (Box::new(file), false);
        Ok(())
    }

    /// Writes a line, which has its line break. Answers how many lines were lost before this one, once.
    ///
    /// The first of several that cannot be written is told on standard error.
    pub(super) fn write(&self, line: &str) -> u64 {
        let mut out = self.lock();
        match out.put(line) {
            Ok(()) => std::mem::take(&mut out.lost),
            Err(error) => {
                let first = out.lost == 0;
                out.lost += 1;
                drop(out);
                // Standard error may be gone as well, or be what failed; then nobody is left to tell.
                if first && let Some(path) = &self.path {
                    let what = "the server goes on, and counts the lines that are lost";
                    _ = writeln!(io::stderr(), "sancho: failed to log to {}: {error}; {what}", path.display());
                }
                0
            }
        }
    }

    /// Writes a line, or says why not.
    ///
    /// # Errors
    /// As the system says.
    pub(super) fn try_write(&self, line: &str) -> io::Result<()> {
        self.lock().put(line)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Out> {
        // A panic under the lock would have been one of the writer's: the next line finds out.
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    /// One call to the system for a line, so that lines of processes that share a file do not mix.
    fn put(&mut self, line: &str) -> io::Result<()> {
        let mended;
        let bytes = if self.torn {
            mended = format!("\n{line}");
            mended.as_bytes()
        } else {
            line.as_bytes()
        };
        let mut written = 0;
        while written < bytes.len() {
            match self.writer.write(&bytes[written..]) {
                Ok(0) => return self.tear(written, io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.tear(written, error),
            }
        }
        self.torn = false;
        Ok(())
    }

    fn tear(&mut self, written: usize, error: io::Error) -> io::Result<()> {
        self.torn |= written > 0;
        Err(error)
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("path", &self.path).finish_non_exhaustive()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Messages of errors may say what others on the machine are not to know.
        options.mode(0o640);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A disk with room for so many bytes.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Disk {
        fn room(&self, bytes: usize) {
            self.0.lock().unwrap().1 = bytes;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().0.clone()).unwrap()
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let fits = bytes.len().min(disk.1);
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.1 -= fits;
            disk.0.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_broke_off_does_not_spoil_the_next_and_what_was_lost_is_told_once() {
        let disk = Disk::default();
        let sink = Sink::of(None, Box::new(disk.clone()));
        disk.room(10);
        assert_eq!([sink.write("first\n"), sink.write("second\n"), sink.write("third\n")], [0; 3]);
        disk.room(1000);
        assert_eq!([sink.write("fourth\n"), sink.write("fifth\n")], [2, 0]);
        assert_eq!(disk.text(), "first\nseco\nfourth\nfifth\n");
    }
}
