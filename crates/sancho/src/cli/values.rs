//! What a value says: each kind of setting is read here, whether it stands in a file, a variable or a flag.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use sancho_core::QueueName;

use super::document::{Kind, Node, Refusal};
use crate::QueueOrder;
use crate::class_settings::span_of;
use crate::server::capsule::lineup::Lineup;

/// What came of reading a value.
pub(super) type Read<T> = Result<T, Refusal>;

/// A word or a line.
pub(super) fn text(node: &Node) -> Read<String> {
    match &node.kind {
        Kind::Scalar(text) => Ok(text.clone()),
        _ => Err(node.refuse(format!("one value is wanted, and this is {}", node.noun()))),
    }
}

/// A whole number.
pub(super) fn count(node: &Node, range: RangeInclusive<u64>) -> Read<u64> {
    let said = text(node)?;
    // `_` parts digits in Ruby, YAML 1.1 and TOML.
    let number = said.trim().replace('_', "").parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (range.start(), range.end());
        match *most {
            u64::MAX => node.refuse(format!("{said:?} is no whole number of at least {least}")),
            _ => node.refuse(format!("{said:?} is no whole number from {least} to {most}")),
        }
    })
}

/// Yes or no.
pub(super) fn truth(node: &Node) -> Read<bool> {
    let said = text(node)?;
    match said.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(node.refuse(format!("{said:?} is neither true nor false"))),
    }
}

/// A span: seconds, or a number with a unit.
pub(super) fn span(node: &Node) -> Read<Duration> {
    let said = text(node)?;
    let secs = said.trim().replace('_', "").parse().ok().map(Duration::from_secs);
    secs.or_else(|| span_of(said.trim())).ok_or_else(|| {
        node.refuse(format!(
            "{said:?} is no span: write seconds, such as 25, or a unit, such as 500ms, 90s, 5m, 2h or 3d"
        ))
    })
}

/// A number of bytes.
pub(super) fn size(node: &Node) -> Read<u64> {
    /// The longer first: the shorter ones end them.
    const UNITS: [(&str, u64); 10] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("k", 1 << 10),
        ("m", 1 << 20),
        ("g", 1 << 30),
        ("b", 1),
    ];
    let said = text(node)?;
    let low = said.trim().to_lowercase();
    let unit = UNITS.iter().find_map(|(unit, bytes)| Some((low.strip_suffix(unit)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((&low, 1));
    let size = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(bytes)).filter(|size| *size > 0);
    size.ok_or_else(|| node.refuse(format!("{said:?} is no size: write bytes, or a unit, such as 512MB or 1GiB")))
}

/// Several texts; one alone is as good as a list of one.
pub(super) fn texts(node: &Node) -> Read<Vec<String>> {
    match &node.kind {
        Kind::List(list) => list.iter().map(text).collect(),
        Kind::Scalar(_) => Ok(vec![text(node)?]),
        _ => Err(node.refuse(format!("a list is wanted, and this is {}", node.noun()))),
    }
}

/// Where something listens: `HOST:PORT`, or a port of this machine alone.
pub(super) fn address(node: &Node) -> Read<SocketAddr> {
    let said = text(node)?;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let trimmed = said.trim();
    let port = trimmed.strip_prefix("localhost:").unwrap_or(trimmed).parse::<u16>().ok();
    port.map(|port| SocketAddr::new(here, port)).or_else(|| trimmed.parse().ok()).ok_or_else(|| {
        let write = "write 127.0.0.1:9394 for this machine, or 0.0.0.0:9394 for others too";
        node.refuse(format!("{said:?} is no address to listen at: {write}"))
    })
}

/// One of a few words.
pub(super) fn word<T: Copy>(node: &Node, words: &[(&str, T)]) -> Read<T> {
    let said = text(node)?;
    let low = said.trim().to_lowercase();
    let low = low.strip_prefix(':').unwrap_or(&low);
    words.iter().find(|(word, _)| *word == low).map(|(_, meant)| *meant).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        node.refuse(format!("{said:?} is none of {}", words.join(", ")))
    })
}

/// The orders in which queues are served, with their words.
pub(super) const ORDERS: [(&str, QueueOrder); 4] = [
    ("strict", QueueOrder::Strict),
    ("weighted", QueueOrder::Weighted),
    ("random", QueueOrder::Random),
    ("mixed", QueueOrder::Mixed),
];

/// Queues, each as `name` or `name,weight`: a list of such texts, of `[name, weight]`, or a mapping of weights.
pub(super) fn queues(node: &Node) -> Read<Vec<String>> {
    let queues: Vec<String> = match &node.kind {
        Kind::Scalar(_) => vec![queue(node)?],
        Kind::List(list) => list.iter().map(queue).collect::<Read<_>>()?,
        Kind::Map(map) => {
            let weighted = |(label, weight): &(super::document::Label, Node)| {
                named(label.line, &label.name)?;
                with_weight(&label.name, weight)
            };
            map.iter().map(weighted).collect::<Read<_>>()?
        }
        Kind::Null => Vec::new(),
    };
    if queues.is_empty() {
        return Err(node.refuse("no queue is named: name one, or leave the setting out"));
    }
    // What a server would refuse of them is known here already; the order decides nothing of that.
    Lineup::read(&queues, None).map_err(|error| node.refuse(error.to_string()))?;
    Ok(queues)
}

fn queue(node: &Node) -> Read<String> {
    match &node.kind {
        Kind::Scalar(said) => match said.split_once(',') {
            Some((name, weight)) => {
                named(node.line, name.trim())?;
                with_weight(name.trim(), &Node { line: node.line, kind: Kind::Scalar(weight.trim().to_owned()) })
            }
            None => named(node.line, said.trim()),
        },
        Kind::List(pair) => match pair.as_slice() {
            [name] => named(name.line, &text(name)?),
            [name, weight] => with_weight(&named(name.line, &text(name)?)?, weight),
            _ => Err(node.refuse("a queue is a name, or a name and a weight, as in [critical, 6]")),
        },
        _ => Err(node.refuse(format!("a queue is a name, or [name, weight], and this is {}", node.noun()))),
    }
}

fn with_weight(name: &str, weight: &Node) -> Read<String> {
    if weight.kind == Kind::Null {
        return Ok(name.to_owned());
    }
    // Sidekiq keeps the weight zero for a queue that has none.
    match count(weight, 0..=u64::from(u32::MAX)) {
        Ok(0) => Ok(name.to_owned()),
        Ok(weight) => Ok(format!("{name},{weight}")),
        Err(refusal) => Err(Refusal { reason: format!("the weight of {name}: {}", refusal.reason), ..refusal }),
    }
}

fn named(line: usize, name: &str) -> Read<String> {
    let name = name.strip_prefix(':').unwrap_or(name);
    // A pattern is a name too, but for its signs.
    let plain = name.strip_prefix('!').unwrap_or(name);
    match QueueName::new(plain) {
        Ok(_) => Ok(name.to_owned()),
        Err(error) => Err(Refusal::new(line, error.to_string())),
    }
}

/// Queues as a variable has them, apart from each other by spaces or commas: a number is the weight of the one before.
pub(super) fn queues_of_variable(said: &str) -> Node {
    let mut queues: Vec<String> = Vec::new();
    for part in said.split([' ', ',', ';', '\t', '\n']).filter(|part| !part.is_empty()) {
        match queues.last_mut() {
            Some(queue) if part.bytes().all(|byte| byte.is_ascii_digit()) && !queue.contains(',') => {
                queue.push(',');
                queue.push_str(part);
            }
            _ => queues.push(part.to_owned()),
        }
    }
    Node::of_texts(queues)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(text: &str) -> Node {
        Node::of_text(text)
    }

    #[test]
    fn spans_sizes_and_addresses_are_read_with_and_without_units() {
        for (said, millis) in [("25", 25_000), ("500ms", 500), ("90s", 90_000), ("5m", 300_000), ("0", 0)] {
            assert_eq!(span(&node(said)), Ok(Duration::from_millis(millis)), "{said}");
        }
        for (said, bytes) in [("1024", 1024), ("512MB", 512_000_000), ("1GiB", 1 << 30), ("2k", 2048), ("7 b", 7)] {
            assert_eq!(size(&node(said)), Ok(bytes), "{said}");
        }
        for (said, want) in [
            ("9394", "127.0.0.1:9394"),
            ("localhost:1", "127.0.0.1:1"),
            ("[::]:80", "[::]:80"),
            ("0.0.0.0:1", "0.0.0.0:1"),
        ] {
            assert_eq!(address(&node(said)).map(|address| address.to_string()), Ok(want.to_owned()), "{said}");
        }
        for said in ["soon", "-1", "1.5", "", "5 minutes", "99999999999999999999d"] {
            assert!(span(&node(said)).is_err(), "{said}");
        }
        for said in ["0", "much", "-1MB", "99999999999GB", "MB"] {
            assert!(size(&node(said)).is_err(), "{said}");
        }
        for said in [":9394", "example.com:80", "99999", "127.0.0.1"] {
            assert!(address(&node(said)).is_err(), "{said}");
        }
    }

    #[test]
    fn a_variable_names_queues_in_any_of_the_usual_ways() {
        for said in ["critical,6 default,1", "critical,6,default,1", "critical,6; default,1", "critical 6 default 1"] {
            assert_eq!(queues(&queues_of_variable(said)), Ok(vec!["critical,6".into(), "default,1".into()]), "{said}");
        }
        assert_eq!(queues(&queues_of_variable("a,b")), Ok(vec!["a".into(), "b".into()]));
    }
}
