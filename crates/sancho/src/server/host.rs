//! What the process knows of its machine.

use std::time::Duration;

/// The host's name; `localhost` where it cannot be told.
#[cfg(unix)]
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The host's name; `localhost` where it cannot be told.
#[cfg(not(unix))]
pub(crate) fn hostname() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}

/// Resident memory of this process, in bytes; zero where it cannot be told.
pub(crate) fn resident_bytes() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|number| number.parse().ok());
    kibibytes.map_or(0, |kibibytes: u64| kibibytes * 1024)
}

/// The state of a thread of this process, in the letter that the system has for it, and the CPU time that it has taken;
/// `None` where the system does not tell, or the thread is gone.
#[cfg(target_os = "linux")]
pub(crate) fn thread(thread: u32) -> Option<(char, Option<Duration>)> {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    parse_stat(&stat, rustix::param::clock_ticks_per_second())
}

/// The state of a thread of this process, and the CPU time that it has taken: not told on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn thread(_thread: u32) -> Option<(char, Option<Duration>)> {
    None
}

/// Reads what proc(5) says stands in `stat`: the name, in brackets, may hold anything; the third field is the state, and
/// the fourteenth and fifteenth are the ticks in user and kernel mode.
#[cfg(target_os = "linux")]
fn parse_stat(stat: &str, ticks_per_second: u64) -> Option<(char, Option<Duration>)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut ticks = fields.skip(10).map(str::parse::<u64>);
    let cpu = match (ticks.next(), ticks.next()) {
        (Some(Ok(user)), Some(Ok(kernel))) if ticks_per_second > 0 => {
            Some(Duration::from_millis((user + kernel).saturating_mul(1000) / ticks_per_second))
        }
        _ => None,
    };
    Some((state, cpu))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_state_and_the_cpu_time_are_read_whatever_the_name_is() {
        let stat = "42 (a) R 1 (b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 5 0";
        assert_eq!(parse_stat(stat, 100), Some(('S', Some(Duration::from_secs(3)))));
        assert_eq!(parse_stat("42 (a", 100), None);
        let me = u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
        assert!(matches!(thread(me), Some((_, Some(_)))), "this thread is there");
    }
}
