//! How far a search goes at once.

use sancho_core::limits;

use super::JOBS_PER_STEP;
use crate::inspect::portion::{BYTES_PER_LOOK_MAX, Portion};

/// Reads of one seek: where there are many queues, each takes one, however few jobs it has.
const READS_PER_SEEK_MAX: usize = 100;

/// What a search may still read.
#[derive(Clone, Copy, Debug)]
pub(in crate::inspect) struct Budget {
    jobs: usize,
    bytes: usize,
    reads: usize,
    portion: Portion,
}

impl Budget {
    /// As much as one seek reads.
    pub(in crate::inspect) fn of_a_seek() -> Self {
        Budget {
            jobs: limits::JOBS_PER_SEEK_MAX,
            bytes: BYTES_PER_LOOK_MAX,
            reads: READS_PER_SEEK_MAX,
            ..Self::endless()
        }
    }

    /// Everything.
    pub(in crate::inspect) fn endless() -> Self {
        let portion = Portion::first(JOBS_PER_STEP);
        Budget { jobs: usize::MAX, bytes: usize::MAX, reads: usize::MAX, portion }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.jobs == 0 || self.bytes == 0 || self.reads == 0
    }

    /// How many jobs the next read asks for.
    pub(super) fn next_read(&self) -> usize {
        self.portion.jobs().min(self.jobs.max(1))
    }

    /// Takes off what a read has brought.
    pub(super) fn spend(&mut self, jobs: usize, bytes: usize) {
        self.jobs = self.jobs.saturating_sub(jobs);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.reads -= 1;
        // What was at its end says little of the jobs elsewhere.
        if jobs > 0 {
            self.portion.adapt(jobs, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many reads a seek makes where each brings all that it asks for, up to so many jobs of so many bytes.
    fn reads(jobs: usize, bytes: usize) -> (usize, usize) {
        let (mut budget, mut reads, mut all) = (Budget::of_a_seek(), 0, 0);
        while !budget.is_spent() {
            let read = budget.next_read().min(jobs);
            budget.spend(read, read * bytes);
            (reads, all) = (reads + 1, all + read);
        }
        (reads, all)
    }

    #[test]
    fn a_seek_ends_by_jobs_or_by_bytes_or_by_reads() {
        assert_eq!(reads(usize::MAX, 300), (43, limits::JOBS_PER_SEEK_MAX));
        let (few, large) = reads(usize::MAX, 1024 * 1024);
        assert_eq!((few, large), (17, 32), "sixteen at first, and then one at a time");
        assert_eq!(reads(3, 300), (READS_PER_SEEK_MAX, 3 * READS_PER_SEEK_MAX));
        assert_eq!(reads(0, 0), (READS_PER_SEEK_MAX, 0));
    }
}
