//! Orders as they are written: by Sidekiq's people as names of signals, by our own as words.

use sancho_core::{Invalid, Order};

use crate::wire::keys::SIGNALS_SUFFIX;

/// The list of signals for a process; whoever adds one pushes it at the left end, and lets the list expire.
pub(crate) fn signals(who: &str) -> String {
    format!("{who}{SIGNALS_SUFFIX}")
}

/// An order as a text of ours: its word, and what that is about.
pub(crate) fn text(order: &Order) -> Result<String, Invalid> {
    let (word, about) = order.words()?;
    Ok(about.map_or_else(|| word.to_owned(), |about| format!("{word} {about}")))
}

/// The order of a text of ours.
pub(crate) fn read_text(text: &str) -> Order {
    let (word, about) = text.split_once(' ').map_or((text, None), |(word, about)| (word, Some(about)));
    Order::read(word, about).unwrap_or_else(|| Order::Unknown(text.to_owned()))
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
