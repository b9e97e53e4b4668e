//! Which figures a run's chart shows.

use crate::chart::{Bar, Chart, Section, Whose};
use crate::figure::Figures;
use crate::peers::{PEERS, Peer};
use crate::store::Kind;

/// What is drawn of each store: a title, Sancho's figure, the figure of its limit, and that of Sidekiq.
const DRAWN: [(&str, &str, &str, &str); 2] = [
    ("drain of no-op jobs, 100 slots, jobs/s", "drain100", "limit_drain", "sidekiq_drain"),
    ("bulk push, by 1,000, jobs/s", "bulk", "limit_bulk", "sidekiq_bulk"),
];

/// Two sections for each store, with the bars of which there are figures.
pub fn chart(figures: &Figures) -> Chart {
    let redis = [Kind::Redis, Kind::RedisAof];
    let sqlite = [Kind::SqliteFull, Kind::SqliteNormal];
    let sections = DRAWN.into_iter().flat_map(|drawn| {
        [("Redis", redis), ("SQLite", sqlite)].map(|(store, kinds)| section(figures, store, kinds, drawn))
    });
    Chart(sections.filter(|section| !section.bars.is_empty()).collect())
}

fn section(figures: &Figures, store: &str, kinds: [Kind; 2], drawn: (&str, &str, &str, &str)) -> Section {
    let (title, ours, limit, sidekiq) = drawn;
    let mut bars = Vec::new();
    let mut draw = |label: String, whose: Whose, name: String| {
        let samples = figures.get(&name);
        let bar = |median, min, max| Bar { label, whose, median, min, max };
        bars.extend(samples.map(|samples| bar(samples.median(), samples.min(), samples.max())));
    };
    for kind in kinds {
        draw(format!("Sancho: {kind}"), Whose::Ours, kind.figure(ours));
    }
    for Peer { program, name, .. } in PEERS.into_iter().filter(|peer| peer.kind == kinds[0]) {
        draw(program.to_owned(), Whose::Peer, kinds[0].figure(&format!("{name}_{ours}")));
    }
    draw("Sidekiq (Ruby)".to_owned(), Whose::Peer, kinds[0].figure(sidekiq));
    draw("limit of the store".to_owned(), Whose::Limit, kinds[0].figure(limit));
    Section { title: format!("{store}: {title}"), bars }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_the_bars_of_which_there_are_figures() {
        let mut figures = Figures::default();
        for name in ["redis_drain100", "redis_limit_drain", "redis_oxana_drain100", "redis_sidekiq_drain", "redis_idle"]
        {
            figures.add(name, 1.0);
        }
        let Chart(sections) = chart(&figures);
        let [section] = &sections[..] else { panic!("one section: {sections:?}") };
        assert_eq!(section.title, "Redis: drain of no-op jobs, 100 slots, jobs/s");
        let bars: Vec<_> = section.bars.iter().map(|bar| (bar.label.as_str(), bar.whose)).collect();
        let due = [
            ("Sancho: Redis, no persistence", Whose::Ours),
            ("oxana", Whose::Peer),
            ("Sidekiq (Ruby)", Whose::Peer),
            ("limit of the store", Whose::Limit),
        ];
        assert_eq!(bars, due);
    }
}
