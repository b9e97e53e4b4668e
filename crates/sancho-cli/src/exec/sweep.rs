//! Ends what a program left behind.

use rustix::process::Pid;

/// Kills and reaps every process that descends from this one; its program itself has been waited for.
///
/// On Linux all of them are this process's children, or become so when their parents end: it goes on until there are
/// none, or until one of them withstands for seconds, as a process does that hangs in the kernel. Elsewhere the
/// program's group is all that is known.
pub(super) async fn sweep(group: Option<Pid>) {
    system::sweep(group).await;
}

#[cfg(target_os = "linux")]
mod system {
    use std::time::Duration;

    use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, wait};

    /// How often, and how many times, those that are left are killed and looked for again.
    const AGAIN_EVERY: Duration = Duration::from_millis(10);
    const TIMES_MAX: u32 = 500;

    pub(super) async fn sweep(_: Option<Pid>) {
        for _ in 0..TIMES_MAX {
            if !reap() {
                return;
            }
            // Children that nobody has waited for keep their numbers: no other process is hit.
            for child in children() {
                let _ = kill_process(child, Signal::KILL);
            }
            tokio::time::sleep(AGAIN_EVERY).await;
        }
    }

    /// Waits for children that have ended. Answers whether there are others.
    fn reap() -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                Ok(None) => return true,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    fn children() -> Vec<Pid> {
        let me = getpid().as_raw_nonzero().get();
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| parent(*pid) == Some(me)).filter_map(Pid::from_raw).collect()
    }

    fn parent(pid: i32) -> Option<i32> {
        parent_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The parent stands second behind the name, which is in parentheses and may hold anything.
    fn parent_in(stat: &str) -> Option<i32> {
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_parent_of_a_process_is_found_behind_any_name() {
            assert_eq!(parent_in("7 (a) (b 1 c) S 42 7 7 0"), Some(42));
            assert_eq!(parent_in("7 (a) S"), None);
            assert_eq!(parent(getpid().as_raw_nonzero().get()), Some(std::os::unix::process::parent_id() as i32));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use rustix::process::{Pid, Signal, kill_process_group};

    pub(super) async fn sweep(group: Option<Pid>) {
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
