//! `sancho pause` and `sancho resume`: whether a queue, or a class, is claimed.

use clap::Args;
use sancho::Client;
use sancho_core::Pausable;
use sancho_core::inspect::{Paused, run_held};
use serde::Serialize;

use crate::exit::{self, Exit};
use crate::output::Output;
use crate::text::{counted, visible};

/// A queue or a class.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct What {
    /// The queue
    #[arg(value_name = "QUEUE", value_parser = |text: &str| Pausable::queue(text))]
    queue: Option<Pausable>,

    /// A class of jobs, by its name on the wire, instead of a queue
    #[arg(long, value_name = "CLASS", value_parser = |text: &str| Pausable::class(text))]
    class: Option<Pausable>,
}

impl What {
    fn pausable(self) -> Pausable {
        self.queue.or(self.class).expect("the group of arguments requires one")
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
        let queue = what.as_queue().map(|queue| queue.as_str());
        Deed { queue, class: what.as_class(), paused, enqueued: None }
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
        _ => format!("paused {}: what is in it stays", visible(&format!("the {what}"))),
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
        deed.enqueued = Some(run_held(&**client.inspect(), &**client.clock(), class).await?);
    }
    output.either(&deed, || {
        let held = deed.enqueued.filter(|count| *count > 0);
        let held = held.map(|count| format!(", and enqueued {} that were held", counted(count, "job", "jobs")));
        format!("resumed {}{}", visible(&format!("the {what}")), held.unwrap_or_default())
    })
}
