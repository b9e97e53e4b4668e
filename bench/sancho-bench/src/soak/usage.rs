//! What a process takes up, as the kernel tells.

use std::fs;

use anyhow::{Context, Result};

/// What one process takes up at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub rss_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
}

impl Usage {
    /// Looks at a process.
    ///
    /// # Errors
    /// When it is gone, or belongs to somebody else.
    pub fn of(pid: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).context("a process is gone")?;
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).context("a process is gone")?.count() as u64;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            number.with_context(|| format!("the kernel does not tell {name} of a process"))
        };
        Ok(Usage { rss_bytes: line("VmRSS:")? * 1024, descriptors, threads: line("Threads:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn this_process_takes_up_something() {
        let usage = Usage::of(std::process::id()).expect("this process lives");
        assert!(usage.rss_bytes > 100_000 && usage.descriptors >= 3 && usage.threads >= 1, "{usage:?}");
    }
}
