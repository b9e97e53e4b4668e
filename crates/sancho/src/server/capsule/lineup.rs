//! The queues of a capsule, as they were named, and as they stand in line once it is known which queues there are.

use std::collections::BTreeSet;

use sancho_core::{Invalid, QueueName, limits};

use super::QueueOrder;
use super::pattern::Pattern;

/// Whether somebody named a queue, or a pattern matched it, or it is the one that is served when none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    No,
    Yes,
}

/// One queue in the line of a capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lined {
    pub(crate) queue: QueueName,
    pub(crate) weight: Option<u32>,
    pub(crate) named: Named,
}

/// What a capsule serves, as validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lineup {
    /// As they were named.
    pub(crate) texts: Vec<String>,
    entries: Vec<Entry>,
    excluded: Vec<Pattern>,
    pub(crate) order: QueueOrder,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    One(Lined),
    Many(Pattern, Option<u32>),
}

impl Entry {
    fn weight(&self) -> Option<u32> {
        match self {
            Entry::One(lined) => lined.weight,
            Entry::Many(_, weight) => *weight,
        }
    }
}

impl Lineup {
    /// Reads queues as a person names them: `name`, `name,weight`, patterns, and what they are not to match after a
    /// `!`. No queue at all stands for `default`, which nobody named.
    ///
    /// # Errors
    /// [`Invalid`], naming the text and the fix.
    pub(crate) fn read(texts: &[String], order: Option<QueueOrder>) -> Result<Self, Invalid> {
        if texts.len() > limits::QUEUES_PER_CAPSULE_MAX {
            let (have, most) = (texts.len(), limits::QUEUES_PER_CAPSULE_MAX);
            return Err(Invalid::new(format!(
                "a capsule has at most {most} queues, not {have}: name them by a pattern"
            )));
        }
        let (mut entries, mut excluded) = (Vec::new(), Vec::new());
        for text in texts {
            match text.strip_prefix('!') {
                Some(name) => excluded.push(read_exclusion(name)?),
                None => add(&mut entries, read_entry(text)?)?,
            }
        }
        let mut texts = texts.to_vec();
        if texts.is_empty() {
            texts.push(QueueName::DEFAULT.to_owned());
            entries.push(Entry::One(Lined { queue: QueueName::default(), weight: None, named: Named::No }));
        }
        if let (true, Some(first)) = (entries.is_empty(), excluded.first()) {
            return Err(Invalid::new(format!(
                "\"!{first}\" excludes, and nothing is named to be served: put a pattern before it, as in \"*\""
            )));
        }
        for entry in &entries {
            refuse_excluded(entry, &excluded)?;
        }
        let order = order.unwrap_or_else(|| order_of(&entries));
        Ok(Lineup { texts, entries, excluded, order })
    }

    /// Whether other queues may come into the line when there are others.
    pub(crate) fn has_patterns(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, Entry::Many(..)))
    }

    /// The line, given which queues there are, sorted by name: a pattern stands for those that it matches and nobody
    /// named, in their order. No queue is in it twice. The answer is also whether some found no room.
    pub(crate) fn expand(&self, known: &[QueueName]) -> (Vec<Lined>, bool) {
        let mut taken: BTreeSet<&QueueName> = BTreeSet::new();
        taken.extend(self.entries.iter().filter_map(|entry| match entry {
            Entry::One(lined) => Some(&lined.queue),
            Entry::Many(..) => None,
        }));
        let mut line = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::One(lined) => line.push(lined.clone()),
                Entry::Many(pattern, weight) => {
                    for queue in known.iter().filter(|queue| pattern.matches(queue.as_str())) {
                        if !self.is_excluded(queue) && taken.insert(queue) {
                            line.push(Lined { queue: queue.clone(), weight: *weight, named: Named::No });
                        }
                    }
                }
            }
        }
        let overfull = line.len() > limits::QUEUES_PER_CAPSULE_MAX;
        line.truncate(limits::QUEUES_PER_CAPSULE_MAX);
        (line, overfull)
    }

    fn is_excluded(&self, queue: &QueueName) -> bool {
        self.excluded.iter().any(|pattern| pattern.matches(queue.as_str()))
    }
}

fn read_exclusion(name: &str) -> Result<Pattern, Invalid> {
    if name.is_empty() {
        let fix = "\"!\" excludes nothing: name the queue behind it, as in \"!slow\" or \"!tenant:*\"";
        return Err(Invalid::new(fix));
    }
    if let Some((name, _)) = name.rsplit_once(',') {
        return Err(Invalid::new(format!("a queue that is excluded has no weight: write \"!{name}\"")));
    }
    QueueName::new(name)?;
    Ok(Pattern::new(name))
}

fn read_entry(text: &str) -> Result<Entry, Invalid> {
    let (name, weight) = match text.rsplit_once(',') {
        None => (text, None),
        Some((name, weight)) => (name, Some(read_weight(name, weight.trim())?)),
    };
    let queue = QueueName::new(name)?;
    Ok(match Pattern::is_one(name) {
        true => Entry::Many(Pattern::new(name), weight),
        false => Entry::One(Lined { queue, weight, named: Named::Yes }),
    })
}

fn read_weight(name: &str, text: &str) -> Result<u32, Invalid> {
    let most = limits::QUEUE_WEIGHT_MAX;
    match text.parse::<u32>() {
        Ok(weight) if (1..=most).contains(&weight) => Ok(weight),
        Ok(0) => Err(Invalid::new(format!(
            "the queue {name:?} has the weight 0 and would never be served: give it 1 to {most}, or leave it out"
        ))),
        Ok(_) => Err(Invalid::new(format!("the queue {name:?} has the weight {text}: give it 1 to {most}"))),
        Err(_) => Err(Invalid::new(format!(
            "the weight {text:?} of the queue {name:?} is no whole number: write \"{name},6\", or \"{name}\" alone"
        ))),
    }
}

/// Adds an entry, unless it is there already.
fn add(entries: &mut Vec<Entry>, entry: Entry) -> Result<(), Invalid> {
    let is_same = |other: &&Entry| match (*other, &entry) {
        (Entry::One(one), Entry::One(other)) => one.queue == other.queue,
        (Entry::Many(one, _), Entry::Many(other, _)) => one == other,
        _ => false,
    };
    let Some(first) = entries.iter().find(is_same) else {
        entries.push(entry);
        return Ok(());
    };
    if first.weight() == entry.weight() {
        return Ok(());
    }
    let name = match &entry {
        Entry::One(lined) => lined.queue.to_string(),
        Entry::Many(pattern, _) => pattern.to_string(),
    };
    Err(Invalid::new(format!("the queue {name:?} is named twice, with different weights: name it once")))
}

/// A queue that is named wins over a pattern that excludes it; what nothing can be left of is a mistake.
fn refuse_excluded(entry: &Entry, excluded: &[Pattern]) -> Result<(), Invalid> {
    match entry {
        Entry::One(Lined { queue, .. }) if excluded.contains(&Pattern::new(queue.as_str())) => Err(Invalid::new(
            format!("the queue {:?} is named and excluded: leave out \"{queue}\" or \"!{queue}\"", queue.as_str()),
        )),
        Entry::Many(pattern, _) => match excluded.iter().find(|exclusion| exclusion.covers(pattern)) {
            Some(exclusion) => Err(Invalid::new(format!(
                "\"!{exclusion}\" excludes everything that \"{pattern}\" matches: leave out one of them"
            ))),
            None => Ok(()),
        },
        Entry::One(_) => Ok(()),
    }
}

fn order_of(entries: &[Entry]) -> QueueOrder {
    if entries.iter().all(|entry| entry.weight().is_none()) {
        QueueOrder::Strict
    } else if entries.iter().all(|entry| entry.weight() == Some(1)) {
        QueueOrder::Random
    } else {
        QueueOrder::Weighted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Lineup, Invalid> {
        Lineup::read(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), None)
    }

    fn names(texts: &[&str]) -> Vec<QueueName> {
        texts.iter().map(|text| QueueName::new(text).unwrap()).collect()
    }

    fn line(texts: &[&str], known: &[&str]) -> Vec<String> {
        let show = |lined: &Lined| match (lined.weight, lined.named) {
            (Some(weight), _) => format!("{},{weight}", lined.queue),
            (None, Named::Yes) => lined.queue.to_string(),
            (None, Named::No) => format!("({})", lined.queue),
        };
        read(texts).unwrap().expand(&names(known)).0.iter().map(show).collect()
    }

    #[test]
    fn a_pattern_stands_for_what_it_matches_at_its_place() {
        let known = ["a", "b", "default", "tenant:1", "tenant:2", "z"];
        assert_eq!(line(&["z", "tenant:*", "a"], &known), ["z", "(tenant:1)", "(tenant:2)", "a"]);
        assert_eq!(line(&["z", "*", "b"], &known), ["z", "(a)", "(default)", "(tenant:1)", "(tenant:2)", "b"]);
        assert_eq!(line(&["tenant:*,3", "b,1"], &known), ["tenant:1,3", "tenant:2,3", "b,1"]);
        assert_eq!(line(&["tenant:*", "*"], &["a", "tenant:1"]), ["(tenant:1)", "(a)"]);
        assert_eq!(line(&["x:*"], &known), Vec::<String>::new());
        assert_eq!(line(&[], &known), ["(default)"], "nobody named it");
    }

    #[test]
    fn what_is_excluded_is_left_out_unless_it_is_named() {
        let known = ["a", "tenant:1", "tenant:vip", "z"];
        assert_eq!(line(&["*", "!a"], &known), ["(tenant:1)", "(tenant:vip)", "(z)"]);
        assert_eq!(line(&["!tenant:*", "*"], &known), ["(a)", "(z)"]);
        assert_eq!(line(&["tenant:vip", "*", "!tenant:*"], &known), ["tenant:vip", "(a)", "(z)"]);
    }

    #[test]
    fn the_order_follows_from_the_weights_unless_it_is_said() {
        for (texts, order) in [
            (&["a", "b"][..], QueueOrder::Strict),
            (&["a,1", "b,1"], QueueOrder::Random),
            (&["a,2", "b,1"], QueueOrder::Weighted),
            (&["a", "b,1"], QueueOrder::Weighted),
            (&[], QueueOrder::Strict),
        ] {
            assert_eq!(read(texts).unwrap().order, order, "{texts:?}");
        }
        let said = Lineup::read(&["a".to_owned(), "b,2".to_owned()], Some(QueueOrder::Mixed)).unwrap();
        assert_eq!(said.order, QueueOrder::Mixed);
    }

    #[test]
    fn what_is_named_wrongly_is_refused_with_the_fix() {
        for (texts, fix) in [
            (&[""][..], "the queue name is empty: name a queue"),
            (&[",3"], "the queue name is empty"),
            (&["a,"], "the weight \"\" of the queue \"a\" is no whole number: write \"a,6\", or \"a\" alone"),
            (&["a,b"], "the weight \"b\" of the queue \"a\" is no whole number"),
            (&["a,-1"], "the weight \"-1\" of the queue \"a\" is no whole number"),
            (
                &["a,0"],
                "the queue \"a\" has the weight 0 and would never be served: give it 1 to 1000, or leave it out",
            ),
            (&["a,1001"], "the queue \"a\" has the weight 1001: give it 1 to 1000"),
            (&["*", "!"], "\"!\" excludes nothing: name the queue behind it, as in \"!slow\" or \"!tenant:*\""),
            (&["!a"], "\"!a\" excludes, and nothing is named to be served: put a pattern before it, as in \"*\""),
            (&["*", "!a,3"], "a queue that is excluded has no weight: write \"!a\""),
            (&["a", "!a"], "the queue \"a\" is named and excluded: leave out \"a\" or \"!a\""),
            (&["*", "!*"], "\"!*\" excludes everything that \"*\" matches: leave out one of them"),
            (&["tenant:*", "b", "!t*"], "\"!t*\" excludes everything that \"tenant:*\" matches"),
            (&["a,2", "b", "a,3"], "the queue \"a\" is named twice, with different weights: name it once"),
            (&["a\n"], "has a control character"),
        ] {
            let error = read(texts).expect_err(&format!("{texts:?} is refused")).to_string();
            assert!(error.contains(fix), "{texts:?}: {error}");
        }
        assert_eq!(line(&["a", "b", "a"], &[]), ["a", "b"], "what is said twice alike is said once");
    }

    #[test]
    fn a_line_has_a_bound() {
        let known: Vec<QueueName> =
            (0..=limits::QUEUES_PER_CAPSULE_MAX).map(|n| QueueName::new(format!("q{n:05}")).unwrap()).collect();
        let (line, overfull) = read(&["*"]).unwrap().expand(&known);
        assert_eq!((line.len(), overfull), (limits::QUEUES_PER_CAPSULE_MAX, true));
        assert!(!read(&["*"]).unwrap().expand(&known[1..]).1);
        let many: Vec<String> = known.iter().map(ToString::to_string).collect();
        assert!(Lineup::read(&many, None).unwrap_err().to_string().contains("name them by a pattern"));
    }
}
