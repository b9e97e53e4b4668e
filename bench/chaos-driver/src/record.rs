//! The ledger as the driver reads it, while others write.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

use crate::ledger::{Line, Verb};

/// Everything that the ledger says so far.
#[derive(Debug)]
pub(crate) struct Record {
    file: File,
    /// A line that is not whole yet.
    rest: Vec<u8>,
    lines: Vec<Line>,
    pushed: HashSet<u64>,
    done: HashMap<u64, u64>,
    /// Jobs that each process has begun and not ended.
    open: HashMap<String, HashSet<u64>>,
}

impl Record {
    /// Reads from the beginning of a ledger.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let opened = File::options().read(true).append(true).create(true).open(file);
        let file = opened.with_context(|| format!("failed to open {}", file.display()))?;
        let (pushed, done, open) = (HashSet::new(), HashMap::new(), HashMap::new());
        Ok(Record { file, rest: Vec::new(), lines: Vec::new(), pushed, done, open })
    }

    /// Reads what was written since.
    pub(crate) fn read_on(&mut self) -> Result<()> {
        self.file.read_to_end(&mut self.rest).context("failed to read the ledger")?;
        let whole = self.rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let text: Vec<u8> = self.rest.drain(..whole).collect();
        for line in std::str::from_utf8(&text).context("the ledger is not text")?.lines() {
            self.take(line.parse()?);
        }
        Ok(())
    }

    fn take(&mut self, line: Line) {
        match line.verb {
            Verb::Pushed => _ = self.pushed.insert(line.number),
            Verb::Start => _ = self.open.entry(line.process.clone()).or_default().insert(line.number),
            Verb::Done | Verb::Failed | Verb::Dropped => {
                if let Some(open) = self.open.get_mut(&line.process) {
                    open.remove(&line.number);
                }
                if line.verb == Verb::Done {
                    *self.done.entry(line.number).or_default() += 1;
                }
            }
            // Nothing of what is judged here follows from the others.
            _ => {}
        }
        self.lines.push(line);
    }

    /// Jobs whose push was acknowledged.
    pub(crate) fn pushed(&self) -> u64 {
        self.pushed.len() as u64
    }

    /// Different jobs that were performed.
    pub(crate) fn performed(&self) -> u64 {
        self.done.len() as u64
    }

    pub(crate) fn is_done(&self, number: u64) -> bool {
        self.done.contains_key(&number)
    }

    /// Jobs whose push was acknowledged and which nobody has performed.
    pub(crate) fn lost(&self) -> Vec<u64> {
        let mut lost: Vec<u64> = self.pushed.iter().copied().filter(|number| !self.done.contains_key(number)).collect();
        lost.sort_unstable();
        lost
    }

    /// Jobs that were performed more than once.
    pub(crate) fn twice(&self) -> u64 {
        self.done.values().filter(|&&times| times > 1).count() as u64
    }

    /// Jobs that a process has begun and neither ended nor given up.
    pub(crate) fn in_hand(&self, process: &str) -> HashSet<u64> {
        self.open.get(process).cloned().unwrap_or_default()
    }

    /// How many lines of this kind a process wrote.
    pub(crate) fn count(&self, verb: Verb, process: &str) -> u64 {
        self.of(verb).filter(|line| line.process == process).count() as u64
    }

    /// When any job was first performed after a moment, both in microseconds since the epoch.
    pub(crate) fn next_done_after(&self, after_us: u64) -> Option<u64> {
        self.of(Verb::Done).map(|line| line.at_us).find(|&at_us| at_us >= after_us)
    }

    /// When any job was first begun after a moment, both in microseconds since the epoch.
    pub(crate) fn next_begun_after(&self, after_us: u64) -> Option<u64> {
        self.of(Verb::Start).map(|line| line.at_us).find(|&at_us| at_us >= after_us)
    }

    /// When a process first began a job after a moment.
    pub(crate) fn next_start_after(&self, process: &str, after_us: u64) -> Option<u64> {
        let mut starts = self.of(Verb::Start).filter(|line| line.process == process).map(|line| line.at_us);
        starts.find(|&at_us| at_us >= after_us)
    }

    /// When the last of these jobs was begun again after a moment; `None` when none was.
    pub(crate) fn all_begun_after(&self, numbers: &HashSet<u64>, after_us: u64) -> Option<u64> {
        let mut first = HashMap::new();
        for line in self.of(Verb::Start).filter(|line| line.at_us >= after_us && numbers.contains(&line.number)) {
            first.entry(line.number).or_insert(line.at_us);
        }
        first.into_values().max()
    }

    fn of(&self, verb: Verb) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.verb == verb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lines: &str) -> Record {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("ledger");
        std::fs::write(&file, lines).expect("a ledger");
        let mut record = Record::open(&file).expect("a ledger");
        record.read_on().expect("whole lines");
        record
    }

    #[test]
    fn a_job_that_was_pushed_and_not_performed_is_lost() {
        let record = record("pushed 1 p 0 1\npushed 2 p 0 1\nstart 1 s 1 2\nstart 2 s 1 2\ndone 1 s 1 3\n");
        assert_eq!((record.pushed(), record.performed(), record.lost()), (2, 1, vec![2]));
        assert_eq!(record.in_hand("s"), HashSet::from([2]));
    }

    #[test]
    fn a_job_that_a_second_process_performs_again_is_twice() {
        let record = record("start 1 a 1 1\ndone 1 a 1 2\nstart 1 b 1 3\ndone 1 b 1 9\n");
        assert_eq!((record.performed(), record.twice()), (1, 1));
        assert_eq!(record.all_begun_after(&HashSet::from([1]), 2), Some(3));
    }

    #[test]
    fn half_a_line_waits_for_its_other_half() {
        assert_eq!(record("pushed 1 p 0 1\npushed 2 p").pushed(), 1);
    }
}
