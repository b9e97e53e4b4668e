//! What a run prints, and the file that it writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::figure::Figures;

/// Lines of the table that belong together.
#[derive(Debug)]
pub struct Group {
    pub title: String,
    pub rows: Vec<Row>,
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// The figure's name.
    pub figure: String,
    /// What it is, for people.
    pub label: String,
    /// The figure of Sidekiq's that it is compared with, if there is one.
    pub sidekiq: Option<String>,
    /// The figure of the limit that it is compared with, if there is one.
    pub limit: Option<String>,
}

/// The table: median, range, and the ratios of the medians to Sidekiq's and to the limit's. A figure of which it was
/// said why it is missing has that in the place of its numbers; one of which nothing is known is left out.
pub fn table(figures: &Figures, groups: &[Group]) -> String {
    let mut out =
        format!("{:<50} {:>10}   {:>21}   {:>10}   {:>8}\n", "figure", "median", "min - max", "to Sidekiq", "to limit");
    for group in groups {
        let lines: Vec<_> = group.rows.iter().filter_map(|row| line(figures, row)).collect();
        if !lines.is_empty() {
            out.push_str(&format!("\n{}\n{}", group.title, lines.concat()));
        }
    }
    out
}

fn line(figures: &Figures, row: &Row) -> Option<String> {
    let label = format!("  {}", row.label);
    let Some(samples) = figures.get(&row.figure) else {
        let why = figures.why_missing(&row.figure)?;
        return Some(format!("{label:<50} {:>10}   {why}\n", "-"));
    };
    let range = format!("{} - {}", number(samples.min()), number(samples.max()));
    let ratio = |to: &Option<String>| {
        let ratio = to.as_deref().and_then(|to| figures.ratio(&row.figure, to));
        let digits = |ratio: f64| if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") };
        ratio.map_or_else(|| "-".to_owned(), digits)
    };
    let (median, to_sidekiq, to_limit) = (number(samples.median()), ratio(&row.sidekiq), ratio(&row.limit));
    Some(format!("{label:<50} {median:>10}   {range:>21}   {to_sidekiq:>10}   {to_limit:>8}\n"))
}

/// A figure with three significant digits or more, and thousands set apart.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Writes every figure (median, min, max), the ratios, the figures that are missing (and why), and what was left out
/// to a file.
pub fn write_json(file: &Path, figures: &Figures, ratios: &BTreeMap<String, f64>, left_out: &[String]) -> Result<()> {
    let all: BTreeMap<&str, Value> = figures
        .iter()
        .map(|(name, samples)| {
            (name, json!({ "median": samples.median(), "min": samples.min(), "max": samples.max() }))
        })
        .collect();
    let whole = json!({ "figures": all, "ratios": ratios, "missing": figures.missing(), "left_out": left_out });
    let text = serde_json::to_string_pretty(&whole)?;
    fs::write(file, text + "\n").with_context(|| format!("failed to write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(figure: &str, sidekiq: Option<&str>, limit: Option<&str>) -> Row {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        Row { figure: figure.to_owned(), label: format!("the {figure}"), sidekiq: owned(sidekiq), limit: owned(limit) }
    }

    fn figures() -> Figures {
        let mut figures = Figures::default();
        for (name, sample) in [("drain", 1_500.0), ("drain", 1_000.0), ("drain", 3_000.0), ("limit", 2_000.0)] {
            figures.add(name, sample);
        }
        figures.miss("peer", "not built");
        figures
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(1_234_567.4), "1,234,567");
        assert_eq!(number(123.0), "123");
        assert_eq!(number(2.7049), "2.70");
    }

    #[test]
    fn a_line_has_the_median_the_range_and_the_ratios() {
        let rows =
            vec![row("drain", Some("sidekiq"), Some("limit")), row("peer", None, None), row("unknown", None, None)];
        let groups = [Group { title: "Redis".to_owned(), rows }, Group { title: "None".to_owned(), rows: vec![] }];
        let table = table(&figures(), &groups);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[2], ["Redis"]);
        assert_eq!(lines[3], ["the", "drain", "1,500", "1,000", "-", "3,000", "-", "0.75"]);
        assert_eq!(lines[4], ["the", "peer", "-", "not", "built"]);
        assert_eq!(lines.len(), 5, "{table}");
    }

    #[test]
    fn the_file_has_figures_ratios_and_what_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("run.json");
        write_json(&file, &figures(), &[("drain_vs_limit".to_owned(), 0.75)].into(), &["backlog".to_owned()]).unwrap();
        let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(written["figures"]["drain"], json!({ "median": 1_500.0, "min": 1_000.0, "max": 3_000.0 }));
        assert_eq!(written["ratios"]["drain_vs_limit"], json!(0.75));
        assert_eq!(written["missing"]["peer"], json!("not built"));
        assert_eq!(written["left_out"], json!(["backlog"]));
    }
}
