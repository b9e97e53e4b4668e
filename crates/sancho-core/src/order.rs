//! Orders: what a process is told to do from outside, and how a store writes that down.

use serde::{Deserialize, Serialize};

use crate::error::Invalid;
use crate::{Jid, limits};

/// What a process is told to do from outside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// Take no more jobs.
    Quiet,
    /// Stop.
    Stop,
    /// Log what each slot is doing.
    Dump,
    /// Cancel the job with this id, if it runs here.
    Cancel(Jid),
    /// Change a capsule from now on. What is not said stays as it is.
    Tune {
        /// The capsule's name.
        capsule: String,
        /// How many jobs it runs at once.
        slots: Option<usize>,
        /// The queues that it serves, each as a person writes it: `name`, `name,weight`, a pattern.
        queues: Option<Vec<String>>,
    },
    /// One that another program gave and that nobody knows here: its text. It is told and does nothing, and cannot
    /// be given.
    Unknown(String),
}

impl Order {
    /// For stores: the order as a word, and what the word is about.
    ///
    /// # Errors
    /// An order that nobody knows here, or one that takes more than [`limits::ORDER_BYTES_MAX`] bytes.
    pub fn words(&self) -> Result<(&'static str, Option<String>), Invalid> {
        let (word, about) = match self {
            Order::Quiet => ("quiet", None),
            Order::Stop => ("stop", None),
            Order::Dump => ("dump", None),
            Order::Cancel(jid) => ("cancel", Some(jid.as_str().to_owned())),
            Order::Tune { capsule, slots, queues } => {
                let tuning = Tuning { capsule: capsule.clone(), slots: *slots, queues: queues.clone() };
                ("tune", Some(serde_json::to_string(&tuning).expect("names and numbers are plain JSON")))
            }
            Order::Unknown(text) => {
                return Err(Invalid::new(format!("the order {text:?} is not known here, and cannot be given")));
            }
        };
        let bytes = word.len() + about.as_ref().map_or(0, String::len);
        if bytes > limits::ORDER_BYTES_MAX {
            let most = limits::ORDER_BYTES_MAX;
            return Err(Invalid::new(format!("the order takes {bytes} bytes: at most {most} are left for a process")));
        }
        Ok((word, about))
    }

    /// For stores: the order of a word and what it is about; `None` for words of a later version, of nobody, or of too many
    /// bytes.
    pub fn read(word: &str, about: Option<&str>) -> Option<Order> {
        if word.len() + about.map_or(0, str::len) > limits::ORDER_BYTES_MAX {
            return None;
        }
        Some(match (word, about) {
            ("quiet", None) => Order::Quiet,
            ("stop", None) => Order::Stop,
            ("dump", None) => Order::Dump,
            ("cancel", Some(jid)) => Order::Cancel(Jid::new(jid).ok()?),
            ("tune", Some(text)) => {
                let Tuning { capsule, slots, queues } = serde_json::from_str(text).ok()?;
                Order::Tune { capsule, slots, queues }
            }
            _ => return None,
        })
    }
}

/// What `tune` is about. A member that a later version adds asks for something that this one does not do: the whole
/// order is not known then, rather than half done.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tuning {
    capsule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slots: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queues: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tune(slots: Option<usize>, queues: Option<&[&str]>) -> Order {
        let queues = queues.map(|queues| queues.iter().map(|queue| (*queue).to_owned()).collect());
        Order::Tune { capsule: "default".to_owned(), slots, queues }
    }

    #[test]
    fn words_are_read_as_they_were_written() {
        let jid = Jid::new("a".repeat(24)).expect("a jid");
        let orders = [
            Order::Quiet,
            Order::Stop,
            Order::Dump,
            Order::Cancel(jid),
            tune(Some(3), None),
            tune(None, Some(&["a b,6", "!tenant:slow", "\""])),
        ];
        for order in orders {
            let (word, about) = order.words().expect("it can be given");
            assert_eq!(Order::read(word, about.as_deref()), Some(order));
        }
    }

    #[test]
    fn words_of_nobody_are_not_known() {
        let half = [
            ("dance", None),
            ("quiet", Some("x")),
            ("cancel", None),
            ("cancel", Some("")),
            ("tune", None),
            ("tune", Some("x")),
            ("tune", Some(r#"{"slots":1}"#)),
            ("tune", Some(r#"{"capsule":"a","slots":-1}"#)),
            ("tune", Some(r#"{"capsule":"a","pace":"slow"}"#)),
        ];
        for (word, about) in half {
            assert_eq!(Order::read(word, about), None, "{word} {about:?}");
        }
    }

    #[test]
    fn what_cannot_be_given_says_why() {
        assert!(Order::Unknown("dance".to_owned()).words().expect_err("unknown").to_string().contains("\"dance\""));
        let long = "q".repeat(limits::ORDER_BYTES_MAX);
        assert!(tune(None, Some(&[&long])).words().expect_err("too long").to_string().contains("at most"));
    }
}
