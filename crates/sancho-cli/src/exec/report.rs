//! What a server and a shim tell each other over their socket.
//!
//! The server writes the length of the program's input as eight bytes, big end first, then the input; after that each
//! byte is an order or a pulse. The shim writes reports, one a line. The end of the server's writing is an order too:
//! kill. So is silence: a server that is stopped (SIGSTOP) loses its jobs to others, and its programs must have ended by
//! then.

use std::time::Duration;

use sancho_core::limits;

/// The longest input that a shim takes: far more than a payload may be.
pub(super) const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The longest report, in bytes.
pub(super) const REPORT_BYTES_MAX: usize = 4 * 1024;

/// How long a program has between the order to end and the one to be killed, unless a stop has less time for it.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// How often a server tells a shim that it goes on.
pub(super) const PULSE_EVERY: Duration = Duration::from_secs(2);

/// After how long a silence a shim kills its program: before others may take its job over, which they may as soon as
/// a beat and a lease are over.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(12);

const _: () = assert!(
    SILENCE_MAX.as_secs() + PULSE_EVERY.as_secs() < limits::LEASE.as_secs() - limits::BEAT_EVERY.as_secs(),
    "programs end before others take their jobs over"
);

/// What a shim is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Ask the program's group to end (TERM).
    End,
    /// Kill whatever there is of it (KILL).
    Kill,
    /// Nothing: the server goes on.
    Pulse,
}

impl Order {
    pub(super) fn byte(self) -> u8 {
        match self {
            Order::End => b'T',
            Order::Kill => b'K',
            Order::Pulse => b'.',
        }
    }

    /// The order of this byte. One that is not known can only be a defect: nothing is left running for it.
    pub(super) fn from_byte(byte: u8) -> Self {
        match byte {
            b'T' => Order::End,
            b'.' => Order::Pulse,
            _ => Order::Kill,
        }
    }
}

/// What a shim tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// The program runs, in a group with this number.
    Started(i32),
    /// It could not be started, for this reason.
    Unstarted(String),
    /// It ended with this code, and nothing is left of it.
    Exited(i32),
    /// A signal with this number ended it, and nothing is left of it.
    Signaled(i32),
    /// The server said nothing for too long: the program was killed, and nothing is left of it.
    Abandoned,
}

impl Report {
    /// The report as one line, with its end.
    pub(super) fn line(&self) -> String {
        match self {
            Report::Started(group) => format!("started {group}\n"),
            Report::Unstarted(reason) => {
                let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
                format!("unstarted {reason}\n")
            }
            Report::Exited(code) => format!("exited {code}\n"),
            Report::Signaled(signal) => format!("signaled {signal}\n"),
            Report::Abandoned => "abandoned \n".to_owned(),
        }
    }

    /// Reads a line without its end; `None` when it is no report.
    pub(super) fn read(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "started" => rest.parse().ok().map(Report::Started),
            "unstarted" => Some(Report::Unstarted(rest.to_owned())),
            "exited" => rest.parse().ok().map(Report::Exited),
            "signaled" => rest.parse().ok().map(Report::Signaled),
            "abandoned" => Some(Report::Abandoned),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let reports = [
            Report::Started(7),
            Report::Unstarted("No such file".into()),
            Report::Exited(65),
            Report::Exited(-1),
            Report::Signaled(9),
            Report::Abandoned,
        ];
        for report in reports {
            let line = report.line();
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(Report::read(line.trim_end_matches('\n')), Some(report));
        }
        assert_eq!(Report::Unstarted("a\nb".into()).line(), "unstarted a b\n");
        assert_eq!(Report::read("exited"), None);
        assert_eq!(Report::read("exited x"), None);
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        for order in [Order::End, Order::Kill, Order::Pulse] {
            assert_eq!(Order::from_byte(order.byte()), order);
        }
    }
}
