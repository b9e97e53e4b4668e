//! What is measured: each subject has its figures, and a way to measure them once on one kind of store.

mod backlog;
pub mod bulk;
mod drain;
mod failures;
mod far;
mod footprint;
mod idle;
mod latency;
mod lateness;
mod limits;
mod pair;
mod peers;
mod push;
mod queues;
mod sidekiq;
mod sizes;
mod work;

use std::fmt;

use anyhow::Result;
use clap::ValueEnum;

use crate::figure::Figures;
use crate::peers::Peers;
use crate::store::Kind;
use crate::turn::{Extent, Turn};

/// One figure of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name, behind the store's.
    pub name: String,
    /// What it is, for people.
    pub label: String,
    /// The figure of Sidekiq's that it is compared with, less its beginning, if there is one.
    pub sidekiq: Option<&'static str>,
    /// The figure of the same store's limits that it is compared with, if there is one.
    pub limit: Option<&'static str>,
    /// Whether a quick run leaves it out.
    pub long: bool,
}

impl Figure {
    fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Figure { name: name.into(), label: label.into(), sidekiq: None, limit: None, long: false }
    }

    fn sidekiq(self, name: &'static str) -> Self {
        Figure { sidekiq: Some(name), ..self }
    }

    fn limit(self, name: &'static str) -> Self {
        Figure { limit: Some(name), ..self }
    }

    fn long(self) -> Self {
        Figure { long: true, ..self }
    }
}

/// Something that is measured, in the order in which it is: each limit goes right before what is compared with it, for
/// a machine is not the same some minutes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    Limits,
    Push,
    Bulk,
    Drain,
    Sidekiq,
    Peers,
    Work,
    Failures,
    Sizes,
    Queues,
    Pair,
    Far,
    Latency,
    Lateness,
    Idle,
    Footprint,
    Backlog,
}

impl Subject {
    /// Its figures on a kind of store; none where it does not apply.
    pub fn figures(self, kind: Kind) -> Vec<Figure> {
        match self {
            Subject::Limits => limits::figures(kind),
            Subject::Push => push::figures(),
            Subject::Bulk => bulk::figures(),
            Subject::Drain => drain::figures(kind),
            Subject::Sidekiq if kind == Kind::Redis => sidekiq::figures(),
            Subject::Peers => peers::figures(kind),
            Subject::Latency => latency::figures(kind),
            Subject::Work if kind.is_first() => work::figures(),
            Subject::Failures if kind.is_first() => failures::figures(),
            Subject::Sizes if kind.is_first() => sizes::figures(),
            Subject::Queues if kind.is_first() => queues::figures(),
            Subject::Pair if kind.is_first() => pair::figures(),
            Subject::Far if kind == Kind::Redis => far::figures(),
            Subject::Lateness if kind.is_first() => lateness::figures(),
            Subject::Idle if kind.is_first() => idle::figures(kind),
            Subject::Footprint if kind.is_first() => footprint::figures(),
            Subject::Backlog if kind.is_first() => backlog::figures(),
            _ => Vec::new(),
        }
    }

    /// Whether it is measured on a kind of store, in a run of this extent.
    pub fn applies(self, kind: Kind, extent: Extent) -> bool {
        self.figures(kind).iter().any(|figure| extent == Extent::Whole || !figure.long)
    }

    /// Whether something of it is compared with Ruby's Sidekiq by running that.
    pub fn needs_sidekiq(self) -> bool {
        matches!(self, Subject::Sidekiq | Subject::Far)
    }

    /// Measures each of its figures once.
    pub async fn measure(self, turn: &mut Turn<'_>) -> Result<()> {
        match self {
            Subject::Limits => limits::measure(turn).await,
            Subject::Push => push::measure(turn).await,
            Subject::Bulk => bulk::measure(turn).await,
            Subject::Drain => drain::measure(turn).await,
            Subject::Sidekiq => sidekiq::measure(turn),
            Subject::Peers => peers::measure(turn).await,
            Subject::Work => work::measure(turn).await,
            Subject::Failures => failures::measure(turn).await,
            Subject::Sizes => sizes::measure(turn).await,
            Subject::Queues => queues::measure(turn).await,
            Subject::Pair => pair::measure(turn).await,
            Subject::Far => far::measure(turn).await,
            Subject::Latency => latency::measure(turn).await,
            Subject::Lateness => lateness::measure(turn).await,
            Subject::Idle => idle::measure(turn).await,
            Subject::Footprint => footprint::measure(turn).await,
            Subject::Backlog => backlog::measure(turn).await,
        }
    }
}

/// Draws what can be drawn only once every round is over: which of Sidekiq's ways is its best.
pub fn conclude(figures: &mut Figures) {
    sidekiq::choose(figures);
    far::choose(figures);
}

/// The peers that are not built.
pub fn missing_peers(built: &Peers) -> Vec<&'static str> {
    peers::missing(built)
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Limits => "limits of the store itself",
            Subject::Push => "push, one by one",
            Subject::Bulk => "bulk push",
            Subject::Drain => "drain of no-op jobs",
            Subject::Sidekiq => "Debian's Ruby Sidekiq",
            Subject::Peers => "other job systems",
            Subject::Work => "drain of jobs that wait for 1 ms",
            Subject::Failures => "drain with failures",
            Subject::Sizes => "large arguments",
            Subject::Queues => "drain of many queues",
            Subject::Pair => "two processes",
            Subject::Far => "Redis 1 ms away",
            Subject::Latency => "latency, idle server",
            Subject::Lateness => "lateness of scheduled jobs, idle server",
            Subject::Idle => "idle server",
            Subject::Footprint => "a server in a process of its own, 100 slots",
            Subject::Backlog => "beside a backlog elsewhere",
        })
    }
}

/// Names of so many queues.
fn queue_names(queues: usize) -> Vec<String> {
    (0..queues).map(|number| format!("queue-{number}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        let of = |kind: Kind| {
            let subjects = Subject::value_variants().iter();
            subjects.flat_map(move |subject| subject.figures(kind)).map(move |figure| kind.figure(&figure.name))
        };
        let names: Vec<_> = Kind::ALL.into_iter().flat_map(of).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn what_is_compared_with_is_a_figure() {
        let names = |kind: Kind| -> BTreeSet<String> {
            let subjects = Subject::value_variants().iter();
            subjects.flat_map(|subject| subject.figures(kind)).map(|figure| figure.name).collect()
        };
        for kind in Kind::ALL {
            for figure in Subject::value_variants().iter().flat_map(|subject| subject.figures(kind)) {
                assert!(figure.limit.is_none_or(|limit| names(kind).contains(limit)), "{figure:?}");
                let sidekiq = figure.sidekiq.map(|name| format!("sidekiq_{name}"));
                assert!(sidekiq.is_none_or(|name| names(Kind::Redis).contains(&name)), "{figure:?}");
            }
        }
    }
}
