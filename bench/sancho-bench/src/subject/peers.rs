//! The other job systems, each on a fresh store of the kind that it works on.

use anyhow::Result;

use super::{Figure, bulk};
use crate::peers::{PEERS, Peer, Peers, Said, Task};
use crate::store::Kind;
use crate::turn::Turn;

/// What each of them is asked: a figure's name and label, the task, its jobs, and the limit beside it.
fn tasks(peer: Peer) -> [(&'static str, &'static str, Task, u64, &'static str); 4] {
    [
        ("push1", "push, 1 pusher, jobs/s", Task::Push { pushers: 1 }, 10_000, "limit_push"),
        ("push50", "push, 50 pushers, jobs/s", Task::Push { pushers: 50 }, 40_000, "limit_push"),
        ("bulk", "bulk push by 1,000, jobs/s", Task::Bulk { batch: bulk::BATCH }, 100_000, "limit_bulk"),
        ("drain100", "drain, 100 slots, jobs/s", Task::Drain { slots: 100 }, peer.drain, "limit_drain"),
    ]
}

/// What a drain tells beside its rate.
const CPU: &str = "drain100_cpu_seconds";
const PEAK: &str = "drain100_peak_mib";

fn of(kind: Kind) -> impl Iterator<Item = Peer> {
    PEERS.into_iter().filter(move |peer| peer.kind == kind)
}

fn name(peer: Peer, figure: &str) -> String {
    format!("{}_{figure}", peer.name)
}

pub fn figures(kind: Kind) -> Vec<Figure> {
    let mut figures = Vec::new();
    for peer in of(kind) {
        let label = |of: &str| format!("{}: {of}", peer.program);
        for (figure, of, _, _, limit) in tasks(peer) {
            figures.push(Figure::new(name(peer, figure), label(of)).limit(limit));
        }
        figures.push(Figure::new(name(peer, CPU), label("drain, CPU s per 100,000")));
        figures.push(Figure::new(name(peer, PEAK), label("drain, peak memory, MiB")));
    }
    figures
}

/// Those that are not built.
pub fn missing(built: &Peers) -> Vec<&'static str> {
    PEERS.into_iter().filter(|&peer| !built.has(peer)).map(|peer| peer.program).collect()
}

/// Asks each of them in turn. What one cannot do, or fails to do, stands in the place of its figure: it does not end
/// the run, for the rest holds all the same.
pub async fn measure(turn: &mut Turn<'_>) -> Result<()> {
    for peer in of(turn.kind) {
        if !turn.peers.has(peer) {
            for figure in [tasks(peer).map(|(figure, ..)| figure).as_slice(), &[CPU, PEAK]].concat() {
                turn.miss(&name(peer, figure), "not built");
            }
            continue;
        }
        for (figure, _, task, jobs, _) in tasks(peer) {
            let (warm_up, jobs) = turn.jobs(jobs);
            let store = turn.store()?;
            let said = turn.peers.measure(peer, task, &store.plain_url(), warm_up, jobs).await;
            note(turn, peer, figure, task, said);
        }
    }
    Ok(())
}

fn note(turn: &mut Turn<'_>, peer: Peer, figure: &str, task: Task, said: Result<Said>) {
    match said {
        Ok(Said::Measured(measured)) => {
            turn.add(&name(peer, figure), measured.jobs_per_second);
            if let Task::Drain { .. } = task {
                turn.add_told(&name(peer, CPU), measured.cpu_seconds_per_100k);
                turn.add_told(&name(peer, PEAK), measured.rss_mib);
            }
        }
        Ok(Said::Unsupported { unsupported }) => turn.miss(&name(peer, figure), &unsupported),
        Err(error) => {
            eprintln!("{}: {error:#}", peer.program);
            turn.fail(&name(peer, figure), &format!("{error:#}"));
        }
    }
}
