//! `sancho pause` and `sancho resume`: whether a queue, or a class, is claimed.

use clap::Args;
use sancho::Client;
use sancho_core::inspect::Paused;
use sancho_core::{Action, Filter, Pausable, QueueName, Selection, Set, limits};
use serde::Serialize;

use crate::exit::{self, Exit};
use crate::output::Output;
use crate::text::{counted, visible};

/// A queue or a class.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// The queue
    #[arg(value_name = "QUEUE", value_parser = |text: &str| QueueName::new(text))]
    queue: Option<QueueName>,

    /// A class of jobs, by its name on the wire, instead of a queue
    #[arg(long, value_name = "CLASS", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    class: Option<String>,
}

impl What {
    fn pausable(self) -> Pausable {
        match (self.queue, self.class) {
            (Some(queue), _) => Pausable::Queue(queue),
            (None, Some(class)) => Pausable::Class(class),
            (None, None) => unreachable!("the group of arguments requires one"),
        }
    }
}

/// What was done, for JSON output.
#[derive(Debug, Serialize)]
struct Deed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    paused: bool,
    /// Held jobs of the class that were enqueued.
    #[serde(skip_serializing_if = "Option::is_none")]
    enqueued: Option<u64>,
}

impl<'a> Deed<'a> {
    fn new(what: &'a Pausable, paused: bool) -> Self {
        let (queue, class) = match what {
            Pausable::Queue(queue) => (Some(queue.as_str()), None),
            Pausable::Class(class) => (None, Some(class.as_str())),
            _ => (None, None),
        };
        Deed { queue, class, paused, enqueued: None }
    }
}

pub(super) async fn pause(client: &Client, what: What, output: &mut Output) -> Result<(), Exit> {
    let (what, now) = (what.pausable(), client.clock().now());
    if let Pausable::Queue(queue) = &what
        && !client.inspect().queues(now).await?.iter().any(|row| row.name == *queue)
    {
        exit::note(&format!("no job was pushed to {queue} yet: see sancho queues for those that there are"));
    }
    client.inspect().pause(&what, now).await?;
    output.either(&Deed::new(&what, true), || match &what {
        Pausable::Class(class) => {
            format!("paused the class {}: its jobs are held when a server meets them", visible(class))
        }
        _ => format!("paused {}: what is in it stays", visible(&words(&what))),
    })
}

pub(super) async fn resume(client: &Client, what: What, output: &mut Output) -> Result<(), Exit> {
    let (what, now) = (what.pausable(), client.clock().now());
    if let Pausable::Queue(queue) = &what {
        let rows = client.inspect().queues(now).await?;
        if !rows.iter().any(|row| row.name == *queue && row.paused == Paused::Yes) {
            exit::note(&format!("the queue {queue} was not paused"));
        }
    }
    client.inspect().resume(&what, now).await?;
    let mut deed = Deed::new(&what, false);
    if let Pausable::Class(class) = &what {
        deed.enqueued = Some(run_held(client, class).await?);
    }
    output.either(&deed, || {
        let held = deed.enqueued.filter(|count| *count > 0);
        let held = held.map(|count| format!(", and enqueued {} that were held", counted(count, "job", "jobs")));
        format!("resumed {}{}", visible(&words(&what)), held.unwrap_or_default())
    })
}

/// Runs the held jobs of a class that is no longer paused.
async fn run_held(client: &Client, class: &str) -> Result<u64, Exit> {
    let quoted = class.replace('\\', "\\\\").replace('"', "\\\"");
    let filter = Filter::parse(&format!("class:\"{quoted}\""), client.clock().now()).map_err(Exit::usage)?;
    let (mut done, mut after) = (0, None);
    loop {
        let selection = Selection::All { set: Set::Held, filter: filter.clone(), after };
        let now = client.clock().now();
        let applied = client.inspect().apply(&Action::RunNow, &selection, limits::JOBS_PER_MOVE_MAX, now).await?;
        done += applied.done as u64;
        match applied.next {
            Some(next) => after = Some(next),
            None => return Ok(done),
        }
    }
}

fn words(what: &Pausable) -> String {
    match what {
        Pausable::Queue(queue) => format!("the queue {queue}"),
        Pausable::Class(class) => format!("the class {class}"),
        _ => "it".to_owned(),
    }
}
