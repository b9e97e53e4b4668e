//! What a file can say about its health.

use std::path::Path;

use rusqlite::Connection;
use sancho_core::Finding;
use sancho_core::checkup::Value;

use crate::failure::Made;

/// Bytes of a file up to which its pages are read and checked: it takes some hundredths of a second, while other looks
/// wait for the one connection that reads.
const CHECKED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Complaints of a check that are shown.
const COMPLAINTS_MAX: usize = 10;

/// Bytes of a write-ahead log that are more than a busy store leaves.
const WAL_BYTES_MANY: u64 = 256 * 1024 * 1024;

/// Free bytes of a disk below which pushes may soon fail.
const FREE_BYTES_LITTLE: u64 = 64 * 1024 * 1024;

/// Free bytes of a disk below which somebody should look.
const FREE_BYTES_SOME: u64 = 512 * 1024 * 1024;

pub(crate) fn findings(connection: &Connection, path: &Path) -> Made<Vec<Finding>> {
    let mut found = vec![Finding::good(format!("SQLite {}", rusqlite::version()))];
    let schema: i64 = connection.query_row("SELECT max(version) FROM sancho_schema", [], |row| row.get(0))?;
    found.push(Finding::good(format!("schema version {schema}")));
    found.push(journal(connection)?);
    found.push(synchronous(connection)?);
    found.push(log(path));
    found.push(room(path));
    found.extend(pages(connection, path)?);
    Ok(found)
}

fn journal(connection: &Connection) -> Made<Finding> {
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    Ok(match mode.as_str() {
        "wal" => Finding::good("the journal is a write-ahead log"),
        other => Finding::problem(
            format!("the journal mode is {other}, not wal: readers and writers wait for each other"),
            "let nothing else set it, and keep the file on a local disk; sancho sets it again when it opens the file",
        )
        .named("sqlite-journal", [Value::Text(other.to_owned())]),
    })
}

fn synchronous(connection: &Connection) -> Made<Finding> {
    let level: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    Ok(match level {
        0 => Finding::problem(
            "nothing is flushed to the disk: a power cut may corrupt the file",
            "leave synchronous to sancho",
        )
        .named("sqlite-synchronous", []),
        1 => Finding::notice("durability is normal, as asked: a power cut may take the last moments"),
        _ => Finding::good("durability is full: what was answered survives a power cut"),
    })
}

fn log(path: &Path) -> Finding {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let bytes = std::fs::metadata(name).map_or(0, |file| file.len());
    if bytes > WAL_BYTES_MANY {
        Finding::warning(
            format!("the write-ahead log has {bytes} bytes"),
            "end the program that holds a long transaction open on the file: the log cannot start anew before",
        )
        .named("sqlite-log", [Value::Bytes(bytes)])
    } else {
        Finding::good(format!("the write-ahead log has {bytes} bytes"))
    }
}

/// What is left of the disk that the file is on.
fn room(path: &Path) -> Finding {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fix = "free space: pushes fail when the disk is full, and nothing that was answered is lost";
    match rustix::fs::statvfs(directory) {
        Err(error) => Finding::notice(format!("how full the disk is cannot be read: {error}")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let what = format!("{} MiB of the disk are free", free / (1024 * 1024));
            let told = [Value::Bytes(free)];
            match free {
                0..FREE_BYTES_LITTLE => Finding::problem(what, fix).named("sqlite-room", told),
                FREE_BYTES_LITTLE..FREE_BYTES_SOME => Finding::warning(what, fix).named("sqlite-room", told),
                _ => Finding::good(what),
            }
        }
    }
}

fn pages(connection: &Connection, path: &Path) -> Made<Vec<Finding>> {
    let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    if bytes > CHECKED_BYTES_MAX {
        let what = format!(
            "the file has {bytes} bytes: its pages were not checked, as others would wait for that; \
             `PRAGMA quick_check` checks them all, in the sqlite3 shell"
        );
        return Ok(vec![Finding::notice(what)]);
    }
    let mut check = connection.prepare(&format!("PRAGMA quick_check({COMPLAINTS_MAX})"))?;
    let complaints = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    if complaints == ["ok"] {
        return Ok(vec![Finding::good(format!("the file's pages are sound ({bytes} bytes)"))]);
    }
    let fix = "stop every program that uses the file, copy it away, and restore a backup";
    let damage = |said: String| {
        Finding::problem(format!("the file is damaged: {said}"), fix).named("sqlite-damaged", [Value::Text(said)])
    };
    Ok(complaints.into_iter().map(damage).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sancho_core::Level;

    #[test]
    fn pages_of_a_large_file_are_not_read_and_it_says_so() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("jobs.db");
        let connection = Connection::open(&path).expect("a file");
        connection.execute_batch("CREATE TABLE jobs (jid TEXT)").expect("a table");
        let sound = pages(&connection, &path).expect("a check");
        assert!(sound[0].level == Level::Good && sound[0].what.contains("pages are sound"), "{sound:?}");

        // Its size alone decides: what is in there is not read.
        let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
        file.set_len(CHECKED_BYTES_MAX + 1).expect("a larger file");
        let left_out = pages(&connection, &path).expect("no check");
        let [finding] = &left_out[..] else { panic!("{left_out:?}") };
        assert_eq!((finding.level, &finding.fix), (Level::Notice, &None));
        assert!(finding.what.contains("16777217 bytes: its pages were not checked"), "{finding:?}");
        assert!(finding.what.contains("`PRAGMA quick_check`"), "{finding:?}");
    }
}
