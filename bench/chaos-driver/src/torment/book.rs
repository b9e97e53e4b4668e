//! One process's ledger, as the driver reads it while the process writes.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

use super::number::Number;
use crate::ledger::{Line, Verb};

/// What one process wrote: what does not belong to a job of its making.
#[derive(Debug)]
pub(super) struct Book {
    /// `None` once the process is gone and its ledger is read to the end.
    file: Option<File>,
    /// A line that is not whole yet.
    rest: Vec<u8>,
    /// Jobs that it has begun and not ended, and when.
    pub(super) open: HashMap<Number, u64>,
    /// Jobs whose push it has begun and not heard of, and when it began.
    pub(super) unanswered: HashMap<Number, u64>,
    /// Whether it does what it is there for.
    pub(super) is_up: bool,
    /// When it lost its lease.
    pub(super) leases_lost: Vec<u64>,
    /// Jobs whose claim it lost.
    pub(super) claims_lost: HashSet<Number>,
}

impl Book {
    /// Makes an empty ledger, so that it is there before the process is.
    pub(super) fn open(file: &Path) -> Result<Self> {
        let opened = File::options().read(true).append(true).create(true).open(file);
        let opened = opened.with_context(|| format!("failed to open {}", file.display()))?;
        Ok(Book {
            file: Some(opened),
            rest: Vec::new(),
            open: HashMap::new(),
            unanswered: HashMap::new(),
            is_up: false,
            leases_lost: Vec::new(),
            claims_lost: HashSet::new(),
        })
    }

    /// The lines that were written since.
    pub(super) fn read_on(&mut self) -> Result<Vec<Line>> {
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        file.read_to_end(&mut self.rest).context("failed to read a ledger")?;
        let whole = self.rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let text: Vec<u8> = self.rest.drain(..whole).collect();
        std::str::from_utf8(&text).context("a ledger is not text")?.lines().map(str::parse).collect()
    }

    /// Whether it awaits the answer to a push: one that it began since this moment, since it gives up at last.
    pub(super) fn awaits_answer(&self, since_us: u64) -> bool {
        self.unanswered.values().any(|&began_us| began_us >= since_us)
    }

    /// The process is gone, and everything is read: nothing will be added.
    pub(super) fn close(&mut self) {
        self.file = None;
    }

    /// Takes note of a line; answers when the try began that it ends, if it ends one.
    pub(super) fn take(&mut self, line: &Line, number: Number) -> Option<u64> {
        match line.verb {
            Verb::Try => _ = self.unanswered.insert(number, line.at_us),
            Verb::Pushed | Verb::Declined => _ = self.unanswered.remove(&number),
            Verb::Start => _ = self.open.insert(number, line.at_us),
            Verb::Done | Verb::Failed | Verb::Dropped => return self.open.remove(&number),
            Verb::ClaimLost => _ = self.claims_lost.insert(number),
            Verb::LeaseLost => self.leases_lost.push(line.at_us),
            Verb::Up => self.is_up = true,
            Verb::Replaced | Verb::Settled | Verb::TookOver => {}
        }
        None
    }
}
