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
    /// The figure of the limit that it is compared with, if there is one.
    pub limit: Option<String>,
}

/// The table: median, range, and the ratio of the medians to the limit's.
pub fn table(figures: &Figures, rows: &[Row]) -> String {
    let mut out = format!("{:<50} {:>10}   {:>21}   {:>8}\n", "figure", "median", "min - max", "to limit");
    for Row { figure, label, limit } in rows {
        let Some(samples) = figures.get(figure) else { continue };
        let range = format!("{} - {}", number(samples.min()), number(samples.max()));
        let ratio = limit.as_deref().and_then(|limit| figures.ratio(figure, limit));
        let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        out.push_str(&format!("{label:<50} {:>10}   {range:>21}   {ratio:>8}\n", number(samples.median())));
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
