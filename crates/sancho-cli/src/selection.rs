//! Which jobs a command is for: one by its id or key, or those of a set that a filter means.

use clap::Args;
use sancho::Client;
use sancho_core::{Cursor, Direction, Filter, Jid, JobRow, Key, QueueName, Set, StoreResult, Timestamp, limits};

use crate::arguments::Named;
use crate::exit::Exit;

/// Terms of a filter, at the end of a command line.
#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// Which of them: terms such as class:Mail* queue:low error~timeout arg:7 tag:eu attempts>3 'age>1h' -tag:us, or
    /// text that stands in the payload; all have to hold
    #[arg(value_name = "FILTER")]
    terms: Vec<String>,
}

/// One job, or those of a set.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The job's id; or a set: scheduled, retries, dead, held, or queue:NAME
    #[arg(value_name = "JID|SET", required_unless_present = "key")]
    what: Option<String>,

    #[command(flatten)]
    terms: Terms,

    /// The job's key, instead of its id
    #[arg(long, value_name = "KEY", conflicts_with_all = ["what", "terms"],
          value_parser = |text: &str| Key::new(text))]
    key: Option<Key>,
}

/// Which jobs are meant, as it was read.
#[derive(Debug)]
pub(crate) enum Selected {
    One(Named),
    Many(Many),
}

/// The jobs of a set that a filter means.
#[derive(Debug)]
pub(crate) struct Many {
    pub(crate) set: Set,
    pub(crate) filter: Filter,
}

impl Terms {
    /// The filter that they make; times count from `now`.
    pub(crate) fn filter(&self, now: Timestamp) -> Result<Filter, Exit> {
        Filter::parse(&self.terms.join(" "), now).map_err(Exit::usage)
    }
}

impl Which {
    /// What is meant; times count from `now`.
    pub(crate) fn selected(self, now: Timestamp) -> Result<Selected, Exit> {
        let Some(what) = self.what else {
            let key = self.key.ok_or_else(|| Exit::usage("name a job by its id or with --key"))?;
            return Ok(Selected::One(Named::Key(key)));
        };
        if let Some(set) = named_set(&what)? {
            return Ok(Selected::Many(Many { set, filter: self.terms.filter(now)? }));
        }
        if is_term(&what, now) {
            return Err(Exit::usage(format!(
                "{what:?} is a filter: say of which set before it, such as retries {what}, or queue:NAME {what}"
            )));
        }
        if !self.terms.terms.is_empty() {
            return Err(Exit::usage(format!(
                "a filter stands behind a set, and {what:?} is none: name scheduled, retries, dead, held or \
                 queue:NAME, or give one job's id alone"
            )));
        }
        Ok(Selected::One(Named::Jid(Jid::new(what).map_err(Exit::usage)?)))
    }
}

/// Whether a word is a term about a field, not the id of a job.
fn is_term(word: &str, now: Timestamp) -> bool {
    let has_field =
        word.trim_start_matches(['-', '!']).split_once([':', '~', '<', '>', '=']).is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        });
    has_field && Filter::parse(word, now).is_ok()
}

/// The set with this name; `None` for anything else, such as an id.
fn named_set(word: &str) -> Result<Option<Set>, Exit> {
    Ok(Some(match word {
        "scheduled" => Set::Scheduled,
        "retries" => Set::Retries,
        "dead" => Set::Dead,
        "held" => Set::Held,
        "busy" => Set::Busy,
        other => match other.strip_prefix("queue:") {
            Some(name) => Set::Queue(QueueName::new(name).map_err(Exit::usage)?),
            None => return Ok(None),
        },
    }))
}

/// What the command line calls a set, where a bare word is the name of a queue.
pub(crate) fn set_or_queue(word: &str) -> Result<Set, String> {
    match named_set(word) {
        Ok(Some(set)) => Ok(set),
        Ok(None) => QueueName::new(word).map(Set::Queue).map_err(|error| error.to_string()),
        Err(Exit::Usage(reason)) => Err(reason),
        Err(_) => Err("name a set, or a queue as queue:NAME".to_owned()),
    }
}

impl Many {
    /// How many there are now.
    pub(crate) async fn count(&self, client: &Client) -> Result<u64, Exit> {
        if !self.filter.is_all() {
            let mut count = 0;
            self.each_page(client, |rows| count += rows.len() as u64).await?;
            return Ok(count);
        }
        let (inspect, now) = (client.inspect(), client.clock().now());
        if let Set::Queue(queue) = &self.set {
            let rows = inspect.queues(now).await?;
            return Ok(rows.iter().find(|row| row.name == *queue).map_or(0, |row| row.size));
        }
        let stats = inspect.stats(now).await?;
        Ok(match self.set {
            Set::Busy => stats.busy,
            Set::Scheduled => stats.scheduled,
            Set::Retries => stats.retries,
            Set::Dead => stats.dead,
            Set::Held => stats.held,
            _ => 0,
        })
    }

    /// Looks at all of them, page by page.
    pub(crate) async fn each_page(&self, client: &Client, mut look: impl FnMut(Vec<JobRow>)) -> StoreResult<()> {
        let mut cursor: Option<Cursor> = None;
        loop {
            let limit = limits::JOBS_PER_MOVE_MAX;
            let page =
                client.inspect().page(&self.set, &self.filter, Direction::Forward, cursor.as_ref(), limit).await?;
            look(page.rows);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }
}

/// The set, for a sentence: `in the dead set that match class:Mail*`.
impl std::fmt::Display for Many {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&set_words(&self.set))?;
        if self.filter.is_all() { Ok(()) } else { write!(f, " that match {}", self.filter) }
    }
}

/// Which jobs a set holds, for a sentence.
fn set_words(set: &Set) -> String {
    match set {
        Set::Queue(queue) => format!("of the queue {queue}"),
        Set::Busy => "of the running ones".to_owned(),
        Set::Scheduled => "of the scheduled set".to_owned(),
        Set::Retries => "of the retries".to_owned(),
        Set::Dead => "of the dead set".to_owned(),
        _ => "of the held ones".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(what: &str, terms: &[&str]) -> Result<Selected, Exit> {
        let terms = Terms { terms: terms.iter().map(|&term| term.to_owned()).collect() };
        Which { what: Some(what.to_owned()), terms, key: None }.selected(Timestamp::EPOCH)
    }

    #[test]
    fn a_queue_named_like_a_set_is_reached_by_its_prefix() {
        assert_eq!(set_or_queue("dead"), Ok(Set::Dead));
        assert_eq!(set_or_queue("queue:dead"), Ok(Set::Queue(QueueName::new("dead").expect("a name"))));
        assert_eq!(set_or_queue("mailers"), Ok(Set::Queue(QueueName::new("mailers").expect("a name"))));
        assert!(set_or_queue("queue:").expect_err("no name").contains("empty"));
    }

    #[test]
    fn an_id_stands_alone_and_a_filter_behind_a_set() {
        assert!(matches!(selected("019a2b", &[]), Ok(Selected::One(Named::Jid(_)))));
        assert!(matches!(selected("0a:1b", &[]), Ok(Selected::One(Named::Jid(_)))));
        let Ok(Selected::Many(many)) = selected("dead", &["class:A", "-tag:b"]) else { panic!("a set") };
        assert_eq!(many.to_string(), "of the dead set that match class:A -tag:b");
        for (what, terms, said) in [
            ("019a2b", &["class:A"][..], "behind a set"),
            ("class:A", &[], "of which set"),
            ("age>1h", &[], "of which set"),
            ("dead", &["clas:A"], "did you mean class?"),
            ("queue:", &[], "empty"),
        ] {
            match selected(what, terms) {
                Err(Exit::Usage(reason)) => assert!(reason.contains(said), "{what}: {reason}"),
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}
