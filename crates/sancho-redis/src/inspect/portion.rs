//! How many jobs are read at once: few at first, and then as many as their size allows.

/// Jobs of a first read, whose size nobody knows before: of payloads of a mebibyte a reply has sixteen.
const JOBS_AT_FIRST: usize = 16;

/// Bytes that each later reply is to have at most, by the size of the payloads in the one before.
const BYTES_PER_READ: usize = 1024 * 1024;

/// How many times as many jobs a read asks for than the one before, at most.
const GROWTH: usize = 4;

/// Bytes of payloads that one look reads, before it leaves the rest to the next. Only its last reply goes beyond.
pub(super) const BYTES_PER_LOOK_MAX: usize = 32 * 1024 * 1024;

/// How many jobs the next read asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    jobs: usize,
    most: usize,
}

impl Portion {
    /// Of a first read. Later ones ask for `most` where payloads are small, so that a long look takes few round trips.
    pub(super) fn first(most: usize) -> Self {
        Portion { jobs: JOBS_AT_FIRST.min(most), most }
    }

    pub(super) fn jobs(self) -> usize {
        self.jobs
    }

    /// After a read that brought so many jobs, and so many bytes with them.
    pub(super) fn adapt(&mut self, jobs: usize, bytes: usize) {
        let fit = BYTES_PER_READ.saturating_mul(jobs.max(1)) / bytes.max(1);
        self.jobs = fit.clamp(1, (GROWTH * self.jobs).min(self.most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The jobs that each of some reads asks for, where every payload has so many bytes.
    fn reads(bytes: usize) -> Vec<usize> {
        let mut portion = Portion::first(1_000);
        let mut reads = Vec::new();
        for _ in 0..6 {
            reads.push(portion.jobs());
            portion.adapt(portion.jobs(), portion.jobs() * bytes);
        }
        reads
    }

    #[test]
    fn small_jobs_are_soon_read_by_the_thousand_and_large_ones_one_by_one() {
        assert_eq!(reads(300), [16, 64, 256, 1_000, 1_000, 1_000]);
        assert_eq!(reads(16 * 1024), [16, 64, 64, 64, 64, 64]);
        assert_eq!(reads(4 * 1024 * 1024), [16, 1, 1, 1, 1, 1]);
        assert_eq!(reads(0)[3], 1_000);
    }

    #[test]
    fn what_is_smaller_behind_large_jobs_is_read_by_more_again() {
        let mut portion = Portion::first(1_000);
        portion.adapt(16, 16 * 1024 * 1024);
        assert_eq!(portion.jobs(), 1);
        for _ in 0..5 {
            portion.adapt(portion.jobs(), portion.jobs() * 300);
        }
        assert_eq!(portion.jobs(), 1_000);
    }
}
