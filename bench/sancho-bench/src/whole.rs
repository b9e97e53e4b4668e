//! A run that ends in one table: subjects on kinds of stores, in turn, some rounds.

mod drawing;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use tokio::time::{Instant, timeout};

use crate::figure::Figures;
use crate::peers::Peers;
use crate::ratios::ratios;
use crate::report::{self, Group, Row};
use crate::scratch::Scratch;
use crate::sidekiq::Sidekiq;
use crate::store::Kind;
use crate::subject::{self, Figure, Subject};
use crate::turn::{Extent, Turn};

/// No subject may take longer on one store in one round: a run is bounded, whatever becomes of it.
const SUBJECT_MAX: Duration = Duration::from_secs(15 * 60);

/// Options of every run that ends in a table.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Options {
    /// Once instead of three times, a fifth of the jobs, and without what takes long.
    #[arg(long)]
    quick: bool,

    /// Writes every figure and the ratios to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draws the rates of drains and bulk pushes as a chart in this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Measures only these subjects.
    #[arg(long, value_name = "SUBJECT", value_enum, value_delimiter = ',')]
    only: Vec<Subject>,

    /// A list of the programs of other job systems.
    #[arg(long, value_name = "FILE", hide = true)]
    peers: Option<PathBuf>,
}

impl Options {
    fn extent(&self) -> Extent {
        if self.quick { Extent::Quick } else { Extent::Whole }
    }
}

/// What a run is of, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    kinds: Vec<Kind>,
    subjects: Vec<Subject>,
}

impl Plan {
    /// Everything.
    pub fn whole() -> Self {
        Plan { kinds: Kind::ALL.into(), subjects: Subject::value_variants().into() }
    }

    /// SQLite beside its own limits.
    pub fn sqlite() -> Self {
        let subjects = [Subject::Limits, Subject::Push, Subject::Bulk, Subject::Drain, Subject::Latency];
        Plan { kinds: vec![Kind::SqliteFull, Kind::SqliteNormal], subjects: subjects.into() }
    }

    /// Redis beside its own limits and Sidekiq.
    pub fn redis() -> Self {
        let Plan { mut subjects, .. } = Plan::sqlite();
        subjects.extend([Subject::Sidekiq, Subject::Idle]);
        Plan { kinds: vec![Kind::Redis], subjects }
    }

    /// Each subject on each kind that it applies to, one store after the other.
    fn turns(&self, options: &Options) -> Vec<(Kind, Subject)> {
        let wanted = |subject: &Subject| options.only.is_empty() || options.only.contains(subject);
        let on = |kind: Kind| {
            let subjects = self.subjects.iter().copied().filter(wanted);
            subjects.filter(move |subject| subject.applies(kind, options.extent())).map(move |subject| (kind, subject))
        };
        self.kinds.iter().copied().flat_map(on).collect()
    }
}

/// Measures what is planned, prints the table, and writes the files that are asked for; whether nothing failed.
///
/// A subject that fails does not end the run, which may have been long: its figures are named at the end, those of its
/// rounds that did not fail stand. A job system that is not built is named, and is no failure: whoever reads the figures knows what they lack.
pub async fn run(scratch: &Scratch, plan: &Plan, options: &Options) -> Result<bool> {
    let (extent, turns) = (options.extent(), plan.turns(options));
    anyhow::ensure!(!turns.is_empty(), "nothing is left to measure: name subjects that apply to these stores");
    let needs_sidekiq = turns.iter().any(|(_, subject)| subject.needs_sidekiq());
    let sidekiq = if needs_sidekiq { Some(Sidekiq::find(scratch)?) } else { None };
    let peers = options.peers.as_deref().map_or_else(|| Ok(Peers::default()), Peers::read)?;
    let mut figures = Figures::default();
    let began = Instant::now();
    for round in 1..=extent.rounds() {
        for &(kind, subject) in &turns {
            let seconds = began.elapsed().as_secs();
            eprintln!("{seconds:>5} s, round {round} of {}, {kind}: {subject}", extent.rounds());
            let mut turn =
                Turn { scratch, kind, extent, sidekiq: sidekiq.as_ref(), peers: &peers, figures: &mut figures };
            let measured = timeout(SUBJECT_MAX, subject.measure(&mut turn)).await;
            let measured = measured.with_context(|| format!("no end within {SUBJECT_MAX:?}")).flatten();
            if let Err(error) = measured {
                eprintln!("failed to measure: {kind}: {subject}: {error:#}");
                let names = subject.figures(kind).into_iter().map(|figure| kind.figure(&figure.name));
                names.for_each(|name| figures.fail(name, &format!("{error:#}")));
            }
        }
    }
    subject::conclude(&mut figures);
    let lacks_peers = turns.iter().any(|(_, subject)| *subject == Subject::Peers);
    let lacking = if lacks_peers { subject::missing_peers(&peers) } else { Vec::new() };
    tell(options, &turns, &figures, &lacking)?;
    eprintln!("measured in {} s", began.elapsed().as_secs());
    Ok(!figures.has_failed())
}

fn tell(options: &Options, turns: &[(Kind, Subject)], figures: &Figures, lacking: &[&str]) -> Result<()> {
    let groups: Vec<_> = turns.iter().map(|&(kind, subject)| group(kind, subject)).collect();
    println!("{}", report::table(figures, &groups));
    let left_out = left_out(options.extent(), turns);
    let ratios = ratios(figures);
    if let Some(file) = &options.json {
        report::write_json(file, figures, &ratios, &left_out)?;
        eprintln!("figures: {}", file.display());
    }
    if let Some(file) = &options.svg {
        let chart = drawing::chart(figures).to_string();
        std::fs::write(file, chart).with_context(|| format!("failed to write {}", file.display()))?;
        eprintln!("chart: {}", file.display());
    }
    if !left_out.is_empty() {
        println!("left out of a quick run: {}", left_out.join("; "));
    }
    if !lacking.is_empty() {
        println!("not built, and so not measured: {}", lacking.join(", "));
    }
    if figures.has_failed() {
        println!("failed: {}", figures.failed().collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn group(kind: Kind, subject: Subject) -> Group {
    let row = |figure: Figure| Row {
        figure: kind.figure(&figure.name),
        label: figure.label,
        sidekiq: figure.sidekiq.map(|name| Kind::Redis.figure(&format!("sidekiq_{name}"))),
        limit: figure.limit.map(|name| kind.figure(name)),
    };
    Group { title: format!("{kind}: {subject}"), rows: subject.figures(kind).into_iter().map(row).collect() }
}

/// What a run of this extent does not measure of its subjects.
fn left_out(extent: Extent, turns: &[(Kind, Subject)]) -> Vec<String> {
    if extent == Extent::Whole {
        return Vec::new();
    }
    let long = |&(kind, subject): &(Kind, Subject)| {
        let figures = subject.figures(kind).into_iter().filter(|figure| figure.long);
        figures.map(move |figure| kind.figure(&figure.name))
    };
    turns.iter().flat_map(long).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn options(arguments: &[&str]) -> Options {
        Command::parse_from([&["run"], arguments].concat()).options
    }

    #[test]
    fn a_run_of_everything_has_every_subject_on_every_store_that_it_applies_to() {
        let turns = Plan::whole().turns(&options(&[]));
        for subject in Subject::value_variants() {
            assert!(turns.iter().any(|(_, measured)| measured == subject), "{subject:?}");
        }
        for kind in Kind::ALL {
            assert!(turns.contains(&(kind, Subject::Drain)), "{kind}");
        }
        assert!(!turns.contains(&(Kind::SqliteFull, Subject::Far)));
    }

    #[test]
    fn a_run_is_of_what_is_named() {
        let turns = Plan::redis().turns(&options(&["--only", "idle,drain"]));
        assert_eq!(turns, [(Kind::Redis, Subject::Drain), (Kind::Redis, Subject::Idle)]);
    }

    #[test]
    fn a_quick_run_says_what_it_leaves_out() {
        let quick = options(&["--quick"]);
        let turns = Plan::whole().turns(&quick);
        let left_out = left_out(quick.extent(), &turns);
        assert!(left_out.contains(&"redis_backlog1000000_drain100".to_owned()), "{left_out:?}");
        assert!(super::left_out(Extent::Whole, &turns).is_empty());
    }

    #[test]
    fn a_line_is_compared_with_the_limit_of_its_store_and_with_sidekiq_on_redis() {
        let group = group(Kind::RedisAof, Subject::Bulk);
        assert_eq!(group.title, "Redis, AOF everysec: bulk push");
        let [row] = &group.rows[..] else { panic!("one row") };
        assert_eq!(row.sidekiq.as_deref(), Some("redis_sidekiq_bulk"));
        assert_eq!(row.limit.as_deref(), Some("redis_aof_limit_bulk"));
    }
}
