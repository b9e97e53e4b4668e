//! Processor time that this process has used.

use std::fs;

/// Seconds of processor time of all threads, in user and system mode, since the process began; `None` where the
/// system does not tell. Exact to one tick of its clock, which is a hundredth of a second as a rule.
pub fn seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may itself have spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    Some((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Nanoseconds of processor time of all threads that a process has now; `None` where the system does not tell.
pub fn nanos(process: u32) -> Option<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        // A thread that has just ended has nothing to say.
        let Ok(schedule) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else { continue };
        sum += schedule.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(sum)
}
