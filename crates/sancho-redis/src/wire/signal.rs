//! Orders as they are written: by Sidekiq's people as names of signals, by our own as words.

use sancho_core::{Jid, Order};

use crate::wire::keys::SIGNALS_SUFFIX;

/// The list of signals for a process; whoever adds one pushes it at the left end, and lets the list expire.
pub(crate) fn signals(who: &str) -> String {
    format!("{who}{SIGNALS_SUFFIX}")
}

/// An order as a word of ours; `None` for one that cannot be given.
pub(crate) fn word(order: &Order) -> Option<String> {
    Some(match order {
        Order::Quiet => "quiet".to_owned(),
        Order::Stop => "stop".to_owned(),
        Order::Dump => "dump".to_owned(),
        Order::Cancel(jid) => format!("cancel {jid}"),
        _ => return None,
    })
}

/// The order of a word of ours.
pub(crate) fn read_word(word: &str) -> Order {
    let known = match word {
        "quiet" => Some(Order::Quiet),
        "stop" => Some(Order::Stop),
        "dump" => Some(Order::Dump),
        other => other.strip_prefix("cancel ").and_then(|jid| Jid::new(jid).ok()).map(Order::Cancel),
    };
    known.unwrap_or_else(|| Order::Unknown(word.to_owned()))
}

/// An order as a signal's name; `None` for one that Sidekiq has no signal for.
pub(crate) fn name(order: &Order) -> Option<&'static str> {
    Some(match order {
        Order::Quiet => "TSTP",
        Order::Stop => "TERM",
        Order::Dump => "TTIN",
        _ => return None,
    })
}

/// The order that a signal's name asks for.
pub(crate) fn read_name(name: &str) -> Order {
    match name {
        "TSTP" => Order::Quiet,
        "TERM" => Order::Stop,
        "TTIN" => Order::Dump,
        other => Order::Unknown(other.to_owned()),
    }
}
