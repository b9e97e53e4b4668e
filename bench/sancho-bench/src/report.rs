//! What a run prints, and the file that it writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::figure::Figures;

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// The figure's name.
    pub figure: String,
    /// What it is, for people.
    pub label: String,
    /// The figure of another program that it is compared with, if there is one.
    pub peer: Option<String>,
    /// The figure of the limit that it is compared with, if there is one.
    pub limit: Option<String>,
}

/// The table: median, range, and the ratios of the medians to the peer's, where any row has one, and to the limit's.
pub fn table(figures: &Figures, rows: &[Row]) -> String {
    let peers = rows.iter().any(|row| row.peer.is_some());
    let peer = |text: &str| if peers { format!("   {text:>8}") } else { String::new() };
    let heading = peer("to peer");
    let mut out = format!("{:<50} {:>10}   {:>21}{heading}   {:>8}\n", "figure", "median", "min - max", "to limit");
    for row in rows {
        let Some(samples) = figures.get(&row.figure) else { continue };
        let range = format!("{} - {}", number(samples.min()), number(samples.max()));
        let ratio = |to: &Option<String>| {
            let ratio = to.as_deref().and_then(|to| figures.ratio(&row.figure, to));
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        let (median, to_peer, to_limit) = (number(samples.median()), peer(&ratio(&row.peer)), ratio(&row.limit));
        out.push_str(&format!("{:<50} {median:>10}   {range:>21}{to_peer}   {to_limit:>8}\n", row.label));
    }
    out
}

/// A figure with three significant digits or more, and thousands set apart.
fn number(value: f64) -> String {
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

/// Writes every figure (median, min, max) and the ratios to a file.
pub fn write_json(file: &Path, figures: &Figures, ratios: &BTreeMap<String, f64>) -> Result<()> {
    let all: BTreeMap<&str, Value> = figures
        .iter()
        .map(|(name, samples)| {
            (name, json!({ "median": samples.median(), "min": samples.min(), "max": samples.max() }))
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "figures": all, "ratios": ratios }))?;
    fs::write(file, text + "\n").with_context(|| format!("failed to write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(1_234_567.4), "1,234,567");
        assert_eq!(number(123.0), "123");
        assert_eq!(number(2.7049), "2.70");
    }
}
