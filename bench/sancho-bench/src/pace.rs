//! How fast processes perform together, by the marks that each of them makes.

/// A moment of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Jobs that it had performed.
    pub jobs: u64,
    /// Microseconds since the epoch.
    pub micros: u64,
}

/// Jobs a second of all processes together, over the span in which each of them was at work: from the moment by which
/// the last of them had performed `warm_up` jobs to the last mark of the first to end. Marks are in order.
///
/// `None` when there is no such span.
pub fn together(courses: &[Vec<Mark>], warm_up: u64) -> Option<f64> {
    let warm = courses.iter().map(|course| Some(course.iter().find(|mark| mark.jobs >= warm_up)?.micros));
    let from = warm.collect::<Option<Vec<_>>>()?.into_iter().max()?;
    let last = courses.iter().map(|course| Some(course.last()?.micros));
    let to = last.collect::<Option<Vec<_>>>()?.into_iter().min()?;
    let jobs: f64 = courses.iter().map(|course| jobs_at(course, to) - jobs_at(course, from)).sum();
    (to > from).then(|| jobs * 1e6 / (to - from) as f64)
}

/// How many jobs had been performed at a moment; between two marks, in proportion.
fn jobs_at(course: &[Mark], micros: u64) -> f64 {
    let next = course.partition_point(|mark| mark.micros <= micros);
    let jobs = |mark: &Mark| mark.jobs as f64;
    match (next.checked_sub(1).and_then(|before| course.get(before)), course.get(next)) {
        (Some(before), Some(after)) => {
            let share = (micros - before.micros) as f64 / (after.micros - before.micros) as f64;
            jobs(before) + share * (jobs(after) - jobs(before))
        }
        (Some(only), None) | (None, Some(only)) => jobs(only),
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, together};

    fn course(marks: &[(u64, u64)]) -> Vec<Mark> {
        marks.iter().map(|&(jobs, micros)| Mark { jobs, micros }).collect()
    }

    #[test]
    fn one_process_is_measured_from_its_warm_up_to_its_end() {
        let alone = course(&[(10, 0), (20, 500_000), (120, 1_500_000)]);
        assert_eq!(together(&[alone], 20), Some(100.0));
    }

    #[test]
    fn two_processes_are_measured_while_both_are_at_work() {
        let early = course(&[(0, 0), (100, 1_000_000), (200, 2_000_000)]);
        let late = course(&[(0, 1_000_000), (300, 4_000_000)]);
        // In the second second: one hundred of the one, and one hundred of the other.
        assert_eq!(together(&[early.clone(), late], 0), Some(200.0));
        let after = course(&[(0, 3_000_000), (10, 4_000_000)]);
        assert_eq!(together(&[early, after], 0), None);
        assert_eq!(together(&[course(&[])], 0), None);
    }
}
