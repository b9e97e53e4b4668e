//! Processes of this host: the last means, where an order was of no use.

use std::time::Duration;

use sancho_core::{ProcessInfo, Timestamp};

/// This host's name, as servers tell it.
pub(super) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Kills a process of this host, if its id still belongs to it, and waits until it is gone.
///
/// # Errors
/// Why it was not killed.
pub(super) async fn kill(info: &ProcessInfo, now: Timestamp) -> Result<(), String> {
    let host = hostname();
    if info.hostname != host {
        return Err(format!("it runs on {}, and this is {host}", info.hostname));
    }
    if info.pid == std::process::id() {
        return Err("that would be this command itself".to_owned());
    }
    same::kill(info, now).await
}

#[cfg(target_os = "linux")]
mod same {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fd::OwnedFd;
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    use super::{Duration, ProcessInfo, Timestamp};

    /// How much later than a process says, its start may be measured to be: the kernel counts in hundredths of
    /// seconds, and the store's clock may differ from this host's.
    const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

    /// How long a killed process may take to be gone, and how often that is looked at.
    const GONE_WITHIN: Duration = Duration::from_secs(5);
    const LOOK_EVERY: Duration = Duration::from_millis(20);

    pub(super) async fn kill(info: &ProcessInfo, now: Timestamp) -> Result<(), String> {
        let gone = || "its process is gone already; its lease ends soon".to_owned();
        let pid =
            i32::try_from(info.pid).ok().and_then(Pid::from_raw).ok_or_else(|| "it has no process id".to_owned())?;
        // What is opened stays this process, even if it ends and its id is given to another meanwhile.
        let process = pidfd_open(pid, PidfdFlags::empty()).map_err(|_| gone())?;
        let began = began_at(info.pid, now).ok_or_else(gone)?;
        // A process that began before the server did, and has its id now, had it then.
        if began > info.started_at + CLOCKS_DIFFER {
            return Err(format!("process {} began after it: the id belongs to another program now", info.pid));
        }
        pidfd_send_signal(&process, Signal::KILL).map_err(|error| format!("the system refused: {error}"))?;
        let looks = GONE_WITHIN.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            if is_over(&process) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err("it was sent the signal, and is still there".to_owned())
    }

    /// Whether the process has ended.
    fn is_over(process: &OwnedFd) -> bool {
        let mut looked = [PollFd::new(process, PollFlags::IN)];
        poll(&mut looked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }

    /// When a process began, by this host's clock; `None` when there is none.
    fn began_at(pid: u32, now: Timestamp) -> Option<Timestamp> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
        let age = uptime - ticks(&stat)? / ticks_per_second;
        Some(now.before(Duration::try_from_secs_f64(age.max(0.0)).ok()?))
    }

    /// The start of a process in ticks since the system's own. The name in parentheses may hold anything, spaces and
    /// parentheses too.
    fn ticks(stat: &str) -> Option<f64> {
        const BEHIND_NAME: usize = 19;
        stat.rsplit_once(')')?.1.split_whitespace().nth(BEHIND_NAME)?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_start_of_a_process_is_found_behind_any_name() {
            let rest = (3..=24).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
            assert_eq!(ticks(&format!("7 (a) (b c) {rest}")), Some(22.0));
            assert_eq!(ticks("7 (a) 3 4"), None);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod same {
    use super::{ProcessInfo, Timestamp};

    pub(super) async fn kill(_: &ProcessInfo, _: Timestamp) -> Result<(), String> {
        Err("this system has no way to tell that an id still belongs to it: kill it by hand".to_owned())
    }
}
