//! Who may read the files: jobs hold what users gave, so new files are nobody's business but the owner's and the group's.

use std::fs::OpenOptions;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Owner and group read and write, if the umask lets them; others do neither, whatever the umask says.
#[cfg(unix)]
const MODE: u32 = 0o660;

/// Makes an empty file where there is none: SQLite takes it for a new database, and gives its log and the log's index
/// the same mode. What cannot be made is left to SQLite, which says why.
pub(crate) fn make(path: &Path) {
    drop(options().create_new(true).open(path));
}

/// How a file is opened for writing, with the mode that it has if it is made then.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    options.mode(MODE);
    options
}
