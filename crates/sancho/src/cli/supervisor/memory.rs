//! How much memory a process has.

use std::time::Duration;

/// How often the processes are looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Resident memory of a process, in bytes; `None` where the system does not tell.
pub(super) fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
