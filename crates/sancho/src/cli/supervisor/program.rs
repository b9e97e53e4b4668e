//! What is started for each process: this program, with the same arguments.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// This program's file and arguments.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) file: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

impl Program {
    /// This program, by the name under which it was started.
    ///
    /// That name may lead over a link that a deployment turns to a new release, and processes that are started then
    /// are of the new one. Where it leads elsewhere already, the file that runs is taken.
    ///
    /// # Errors
    /// When the system cannot tell this program's file.
    pub(super) fn this() -> io::Result<Self> {
        let mut line = std::env::args_os();
        let name = line.next().unwrap_or_default();
        let running = std::env::current_exe()?;
        let named = found(&name).filter(|path| is_same(path, &running));
        Ok(Program { file: named.unwrap_or(running), arguments: line.collect() })
    }
}

/// Where a shell finds this name.
fn found(name: &OsStr) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    if Path::new(name).components().count() > 1 {
        return std::path::absolute(name).ok();
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_shell_finds_it() {
        assert!(found(OsStr::new("sh")).is_some_and(|path| path.is_absolute() && path.ends_with("sh")));
        assert_eq!(found(OsStr::new("/bin/sh")), Some("/bin/sh".into()));
        assert_eq!(found(OsStr::new("")), None);
        assert_eq!(found(OsStr::new("no-such-program-anywhere")), None);
    }

    #[test]
    fn this_program_is_found() {
        let this = Program::this().expect("it runs");
        assert!(is_same(&this.file, &std::env::current_exe().expect("it runs")));
    }
}
