//! What a soak comes to: whether what it took up stayed flat.

use super::sample::Sample;

const MIB: f64 = (1 << 20) as f64;

/// By what part something may grow and still count as flat.
const GROWTH_MAX: f64 = 1.1;

/// Samples without which there is no verdict.
const SAMPLES_MIN: usize = 40;

/// One thing that may not grow, from the second fifth of a run to the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub name: &'static str,
    /// The median of the second fifth.
    pub early: f64,
    /// The median of the last fifth.
    pub late: f64,
    pub max: f64,
    pub flat: bool,
}

/// What is watched: its name, how it is read, and by how much it may grow beside its part.
type Watched = (&'static str, fn(&Sample) -> f64, f64);

const WATCHED: [Watched; 9] = [
    ("server rss, MiB", |it| it.server.rss_bytes as f64 / MIB, 8.0),
    ("server descriptors", |it| it.server.descriptors as f64, 1.0),
    ("server threads", |it| it.server.threads as f64, 1.0),
    ("pusher rss, MiB", |it| it.pusher.rss_bytes as f64 / MIB, 8.0),
    ("pusher descriptors", |it| it.pusher.descriptors as f64, 1.0),
    ("pusher threads", |it| it.pusher.threads as f64, 1.0),
    ("store, MiB", |it| it.space.bytes as f64 / MIB, 16.0),
    ("log, MiB", |it| it.space.log_bytes as f64 / MIB, 16.0),
    ("keys", |it| it.space.keys as f64, 2_000.0),
];

/// The course of everything that is watched; `None` when the run was too short to tell.
pub fn courses(samples: &[Sample]) -> Option<Vec<Course>> {
    if samples.len() < SAMPLES_MIN {
        return None;
    }
    Some(WATCHED.iter().map(|watched| course(samples, watched)).collect())
}

fn course(samples: &[Sample], &(name, read, spare): &Watched) -> Course {
    let values: Vec<f64> = samples.iter().map(read).collect();
    let fifth = values.len() / 5;
    let (early, late) = (median(&values[fifth..2 * fifth]), median(&values[values.len() - fifth..]));
    let max = values.iter().copied().fold(0.0, f64::max);
    Course { name, early, late, max, flat: late <= early * GROWTH_MAX + spare }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::store::Space;
    use crate::soak::usage::Usage;

    fn samples(rss_mib: impl Fn(u64) -> u64) -> Vec<Sample> {
        let one = |n| Sample {
            server: Usage { rss_bytes: rss_mib(n) << 20, descriptors: 14, threads: 8 },
            space: Space { bytes: 60 << 20, log_bytes: 16 << 20, keys: 0 },
            ..Sample::default()
        };
        (0..100).map(one).collect()
    }

    #[test]
    fn what_rises_first_and_stays_is_flat() {
        let courses = courses(&samples(|n| 20 + n.min(10))).expect("enough samples");
        assert!(courses.iter().all(|it| it.flat), "{courses:?}");
    }

    #[test]
    fn what_rises_all_the_time_is_not_flat() {
        let courses = courses(&samples(|n| 20 + n / 5)).expect("enough samples");
        let grown: Vec<_> = courses.iter().filter(|it| !it.flat).map(|it| it.name).collect();
        assert_eq!(grown, ["server rss, MiB"]);
    }

    #[test]
    fn a_short_run_has_no_verdict() {
        assert_eq!(courses(&samples(|_| 20)[..10]), None);
    }
}
