//! What this process has taken up, as the kernel tells.

use std::fs;

use anyhow::{Context, Result};

/// Seconds of processor time of all threads, in user and system mode, since the process began. Exact to one tick of
/// the kernel's clock, which is a hundredth of a second as a rule.
///
/// # Errors
/// Where there is no `/proc`.
pub fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("processor time is read in /proc, on Linux")?;
    // The second field is the program's name in parentheses, and may itself have spaces and parentheses.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    let mut times = fields.into_iter().flat_map(|fields| fields.split_whitespace().skip(11));
    let mut ticks = || times.next().and_then(|ticks| ticks.parse::<u64>().ok());
    let (user, system) = ticks().zip(ticks()).context("the kernel does not tell processor time")?;
    Ok((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The most memory that this process has ever held, in MiB.
///
/// # Errors
/// Where there is no `/proc`.
pub fn peak_rss_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read in /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.context("the kernel does not tell the peak of memory")? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, peak_rss_mib};

    #[test]
    fn this_process_takes_up_something() {
        let before = cpu_seconds().unwrap();
        // Enough work for some ticks; black_box keeps it from being left out.
        (0..200_000_000_u64).for_each(|number| _ = std::hint::black_box(number));
        assert!(cpu_seconds().unwrap() > before);
        assert!(peak_rss_mib().unwrap() > 0.5);
    }
}
