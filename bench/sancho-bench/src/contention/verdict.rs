//! What the records of all servers come to.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The outcome of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Different jobs that were performed.
    performed: u64,
    /// Performances beyond the first of each job.
    duplicates: u64,
    /// Errors about locks, of all processes.
    locked: u64,
}

impl Verdict {
    /// Counts the numbers in the records, one a line.
    pub fn count(records: &[PathBuf], locked: u64) -> Result<Self> {
        let mut seen = HashSet::new();
        let mut duplicates = 0;
        for record in records {
            for number in read(record)? {
                if !seen.insert(number) {
                    duplicates += 1;
                }
            }
        }
        Ok(Verdict { performed: seen.len() as u64, duplicates, locked })
    }

    /// Whether each of so many jobs was performed once, and nobody met a lock.
    pub fn is_good(&self, jobs: u64) -> bool {
        *self == Verdict { performed: jobs, duplicates: 0, locked: 0 }
    }
}

fn read(record: &Path) -> Result<Vec<u64>> {
    let text = fs::read_to_string(record).with_context(|| format!("failed to read {}", record.display()))?;
    text.lines().map(|line| line.parse().with_context(|| format!("{line:?} is no job's number"))).collect()
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { performed, duplicates, locked } = self;
        write!(f, "performed {performed} duplicates {duplicates} locked {locked}")
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn a_job_in_two_records_is_one_job_and_one_duplicate() {
        let directory = tempfile::tempdir().expect("a directory");
        let (first, second) = (directory.path().join("1"), directory.path().join("2"));
        std::fs::write(&first, "0\n1\n2\n").expect("a record");
        std::fs::write(&second, "3\n1\n").expect("a record");
        let verdict = Verdict::count(&[first, second], 0).expect("readable records");
        assert_eq!(verdict.to_string(), "performed 4 duplicates 1 locked 0");
        assert!(!verdict.is_good(4));
    }
}
