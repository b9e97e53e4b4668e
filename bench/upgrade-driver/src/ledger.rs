//! What the processes did, one line a step: each process has a file of its own, which outlives it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// One process's file.
#[derive(Debug)]
pub struct Ledger(File);

impl Ledger {
    pub fn open(file: &Path) -> Result<Self> {
        let opened = File::options().append(true).create(true).open(file);
        opened.map(Ledger).with_context(|| format!("failed to open {}", file.display()))
    }

    /// Appends a line for each number, with one call of the system.
    pub fn write(&self, word: &str, numbers: &[u64]) -> io::Result<()> {
        let lines: String = numbers.iter().map(|number| format!("{word} {number}\n")).collect();
        (&self.0).write_all(lines.as_bytes())
    }
}

/// The numbers that a file has behind a word, and how often. Half a line at its end is of a process that writes, or that
/// was killed: what it says did not happen yet.
pub fn read(file: &Path, word: &str) -> Result<BTreeMap<u64, u64>> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text.with_context(|| format!("failed to read {}", file.display()))?,
    };
    let whole = &text[..text.rfind('\n').map_or(0, |last| last + 1)];
    let mut numbers = BTreeMap::new();
    for line in whole.lines() {
        let (verb, number) = line.split_once(' ').with_context(|| format!("{line:?} is no line of a ledger"))?;
        if verb == word {
            *numbers.entry(number.parse()?).or_default() += 1;
        }
    }
    Ok(numbers)
}

/// What all the files of a run come to.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    pub pushed: BTreeSet<u64>,
    /// Each job that was performed, and how often.
    pub done: BTreeMap<u64, u64>,
}

impl Sum {
    pub fn add(&mut self, file: &Path) -> Result<()> {
        self.pushed.extend(read(file, "pushed")?.into_keys());
        for (number, times) in read(file, "done")? {
            *self.done.entry(number).or_default() += times;
        }
        Ok(())
    }

    /// Jobs whose push was acknowledged and which nobody has performed.
    pub fn lost(&self) -> Vec<u64> {
        self.pushed.iter().copied().filter(|number| !self.done.contains_key(number)).collect()
    }

    /// Jobs that were performed more than once.
    pub fn twice(&self) -> usize {
        self.done.values().filter(|&&times| times > 1).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_and_not_done_is_lost_and_half_a_line_is_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("one");
        Ledger::open(&file).expect("a file").write("pushed", &[1, 2, 3]).expect("lines");
        std::fs::write(directory.path().join("two"), "done 1\ndone 3\ndone 3\ndone 2").expect("lines");
        let mut sum = Sum::default();
        for name in ["one", "two", "not there"] {
            sum.add(&directory.path().join(name)).expect("a ledger");
        }
        assert_eq!((sum.pushed.len(), sum.lost(), sum.twice()), (3, vec![2], 1));
    }
}
