//! `sancho tune`: slots and queues of a capsule of a running process, changed through the store.

use std::time::Duration;

use clap::Args;
use sancho::Client;
use sancho_core::{CapsuleInfo, Incarnation, Order, ProcessRow, QueueName};
use serde::Serialize;

use super::stop::{LOOK_EVERY, one};
use crate::exit::Exit;
use crate::output::Output;
use crate::text::visible;
use crate::when;

#[derive(Debug, Args)]
pub(crate) struct Tune {
    /// The process: its id, for one of this host, or its identity, as sancho processes shows it
    #[arg(value_name = "PID|IDENTITY")]
    who: String,

    /// Which of its capsules
    #[arg(long, value_name = "NAME", default_value = "default")]
    capsule: String,

    /// How many of its jobs run at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    slots: Option<u64>,

    /// The queues that it serves, in place of those that it has: a name, a name and its weight, or a pattern
    #[arg(short = 'q', long = "queue", value_name = "QUEUE[,WEIGHT]", value_parser = queue)]
    queues: Vec<String>,

    /// How long to wait until it has done so
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = when::span)]
    timeout: Duration,
}

/// What the capsule is like now, for JSON output.
#[derive(Debug, Serialize)]
struct Tuned<'a> {
    identity: &'a str,
    capsule: &'a str,
    slots: usize,
    queues: &'a [String],
}

impl Tune {
    /// Checks what can be checked without a store.
    pub(super) fn checked(self) -> Result<Self, Exit> {
        if self.slots.is_none() && self.queues.is_empty() {
            return Err(Exit::usage("tune what? Give --slots N, or queues, such as -q critical,6 -q default"));
        }
        Ok(self)
    }

    fn order(&self) -> Order {
        Order::Tune {
            capsule: self.capsule.clone(),
            slots: self.slots.and_then(|slots| usize::try_from(slots).ok()),
            queues: (!self.queues.is_empty()).then(|| self.queues.clone()),
        }
    }

    /// Whether a capsule is as it was asked for. Queues are compared by name: a process may write a weight in another
    /// way, and finds by itself what a pattern means.
    fn is_done(&self, capsule: &CapsuleInfo) -> bool {
        let names = |queues: &[String]| queues.iter().map(|queue| name(queue).to_owned()).collect::<Vec<_>>();
        let slots = self.slots.is_none_or(|slots| u64::try_from(capsule.slots) == Ok(slots));
        slots && (self.queues.is_empty() || names(&self.queues) == names(&capsule.queues))
    }
}

pub(super) async fn run(client: &Client, tune: Tune, output: &mut Output) -> Result<(), Exit> {
    let rows = client.inspect().processes(client.clock().now()).await?;
    let process = one(&rows, &tune.who)?.info.incarnation.clone();
    let capsules = &one(&rows, &tune.who)?.info.capsules;
    // One that tells of no capsules may have some all the same: then it is for the process to say.
    if !capsules.is_empty() && !capsules.iter().any(|capsule| capsule.name == tune.capsule) {
        let names: Vec<&str> = capsules.iter().map(|capsule| capsule.name.as_str()).collect();
        let said = format!("{process} has no capsule {:?}: it has {}", tune.capsule, names.join(", "));
        return Err(Exit::coded(said, "not-found"));
    }
    client.inspect().order(&process, &tune.order(), client.clock().now()).await?;
    let capsule = wait(client, &tune, &process).await?;
    let tuned =
        Tuned { identity: process.as_str(), capsule: &capsule.name, slots: capsule.slots, queues: &capsule.queues };
    output.either(&tuned, || {
        let (slots, queues) = (capsule.slots, capsule.queues.join(" "));
        visible(&format!("{process} runs {slots} at a time in its capsule {}, of {queues}", capsule.name)).into_owned()
    })
}

/// Looks at the process until its beat shows that it has done so.
async fn wait(client: &Client, tune: &Tune, process: &Incarnation) -> Result<CapsuleInfo, Exit> {
    let began = client.clock().now();
    loop {
        let now = client.clock().now();
        let rows = client.inspect().processes(now).await?;
        let Some(ProcessRow { info, .. }) = rows.into_iter().find(|row| row.info.incarnation == *process) else {
            return Err(Exit::coded(format!("{process} has stopped before it did so"), "not-found"));
        };
        let capsule = info.capsules.into_iter().find(|capsule| capsule.name == tune.capsule);
        if let Some(capsule) = capsule.filter(|capsule| tune.is_done(capsule)) {
            return Ok(capsule);
        }
        if now.since(began) >= tune.timeout {
            let said = "has not done so in time: its log says why, where it refuses; else wait longer with --timeout";
            return Err(Exit::TimeUp(format!("{process} {said}")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Reads a queue as a person writes it, to refuse a slip before a process does.
fn queue(text: &str) -> Result<String, String> {
    let text = text.trim();
    let weight = text.rsplit_once(',').map(|(_, weight)| weight.trim());
    if weight.is_some_and(|weight| weight.parse::<u32>().is_err()) {
        return Err("write a queue and its weight as critical,6, and each queue behind a -q of its own".to_owned());
    }
    QueueName::new(name(text)).map_err(|invalid| invalid.to_string())?;
    Ok(text.to_owned())
}

fn name(queue: &str) -> &str {
    queue.rsplit_once(',').map_or(queue, |(name, _)| name).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_a_name_and_perhaps_a_weight() {
        for right in ["default", "critical,6", "tenant:*", "!tenant:slow", " low , 2"] {
            assert_eq!(queue(right).as_deref(), Ok(right.trim()));
        }
        for wrong in ["", ",", ",6", "a,b", "a,-1", "a,b,2x"] {
            assert!(queue(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_capsule_is_as_was_asked_for_when_slots_and_names_are() {
        let capsule = |slots, queues: &[&str]| CapsuleInfo {
            name: "default".to_owned(),
            slots,
            order: "weighted".to_owned(),
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        };
        let tune = |slots, queues: &[&str]| Tune {
            who: "p".to_owned(),
            capsule: "default".to_owned(),
            slots,
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            timeout: Duration::ZERO,
        };
        assert!(tune(Some(3), &[]).is_done(&capsule(3, &["a"])));
        assert!(!tune(Some(3), &[]).is_done(&capsule(4, &["a"])));
        assert!(tune(None, &["a", "b,2"]).is_done(&capsule(4, &["a,1", "b,2"])));
        assert!(!tune(None, &["a", "b"]).is_done(&capsule(4, &["b", "a"])));
    }
}
