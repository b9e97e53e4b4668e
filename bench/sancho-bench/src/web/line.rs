//! What was measured: a line for each, and whether it keeps within its bound.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::slowlog::Slow;
use crate::figure::Samples;

/// What a command may hold up Redis for, in microseconds.
const SLOW_MICROS_MAX: u64 = 5_000;

/// Slow commands of one line that are kept.
const SLOW_SHOWN: usize = 3;

/// What is bounded of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The median, in milliseconds: of pages, which are asked for many times.
    Median(f64),
    /// The largest, in milliseconds: of steps, which each come once.
    Max(f64),
    /// Nothing: it is told for its own sake.
    None,
}

/// One thing that was measured.
#[derive(Debug)]
pub struct Line {
    pub store: &'static str,
    pub what: String,
    /// The first time, in milliseconds, where it is told apart.
    pub first: Option<f64>,
    /// Every time but that, in milliseconds.
    pub samples: Samples,
    pub count: usize,
    pub bound: Bound,
    /// Commands that held up Redis for long, the slowest first.
    pub slow: Vec<Slow>,
}

impl Line {
    pub fn new(store: &'static str, what: impl Into<String>, bound: Bound) -> Self {
        let (samples, slow) = (Samples::default(), Vec::new());
        Line { store, what: what.into(), first: None, samples, count: 0, bound, slow }
    }

    pub fn add(&mut self, took: Duration) {
        self.samples.add(took.as_secs_f64() * 1e3);
        self.count += 1;
    }

    fn holds(&self) -> bool {
        let within = match self.bound {
            Bound::Median(most) => self.samples.median() <= most,
            Bound::Max(most) => self.samples.max() <= most,
            Bound::None => true,
        };
        within && (self.bound == Bound::None || self.is_quick())
    }

    /// Whether no command held up Redis for too long.
    fn is_quick(&self) -> bool {
        self.slow.first().is_none_or(|slow| slow.micros <= SLOW_MICROS_MAX)
    }

    fn slowest(&self) -> String {
        match (self.store, self.slow.first()) {
            ("redis", None) => "< 1".to_owned(),
            ("redis", Some(slow)) => format!("{:.1}", slow.micros as f64 / 1e3),
            _ => "-".to_owned(),
        }
    }

    fn json(&self) -> Value {
        let slow = self.slow.iter().take(SLOW_SHOWN).map(|slow| json!({ "us": slow.micros, "what": slow.what }));
        json!({
            "store": self.store, "what": self.what, "count": self.count, "first_ms": self.first,
            "median_ms": self.samples.median(), "p99_ms": self.samples.quantile(0.99), "max_ms": self.samples.max(),
            "holds": self.holds(), "slow": slow.collect::<Vec<_>>(),
        })
    }
}

/// All that was measured. Shown as a table.
#[derive(Debug, Default)]
pub struct Lines(Vec<Line>);

impl Lines {
    pub fn add(&mut self, line: Line) {
        self.0.push(line);
    }

    pub fn all_hold(&self) -> bool {
        self.0.iter().all(Line::holds)
    }

    pub fn write_json(&self, file: &Path) -> Result<()> {
        let lines: Vec<Value> = self.0.iter().map(Line::json).collect();
        let text = serde_json::to_string_pretty(&json!({ "lines": lines, "all_hold": self.all_hold() }))?;
        fs::write(file, text + "\n").with_context(|| format!("failed to write {}", file.display()))
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["first", "median", "p99", "max"].map(|word| format!("{word:>9}")).concat();
        writeln!(
            f,
            "{:<7} {:<58} {:>6} {head} {:>10} {:>14}",
            "store", "what, ms", "times", "slowlog ms", "bound, ms"
        )?;
        for line in &self.0 {
            let number = |value: f64| if value.is_finite() { format!("{value:>9.1}") } else { format!("{:>9}", "-") };
            let figures = [line.samples.median(), line.samples.quantile(0.99), line.samples.max()].map(number).concat();
            let bound = match line.bound {
                Bound::Median(most) => format!("median {most:.0}"),
                Bound::Max(most) => format!("each {most:.0}"),
                Bound::None => "-".to_owned(),
            };
            let verdict = if line.holds() { "" } else { "  BROKEN" };
            let (first, slowest) = (number(line.first.unwrap_or(f64::NAN)), line.slowest());
            writeln!(
                f,
                "{:<7} {:<58} {:>6} {first}{figures} {slowest:>10} {bound:>14}{verdict}",
                line.store, line.what, line.count
            )?;
        }
        for line in &self.0 {
            for slow in line.slow.iter().take(SLOW_SHOWN).filter(|slow| slow.micros > SLOW_MICROS_MAX) {
                writeln!(f, "held up Redis for {:.1} ms: {}: {}", slow.micros as f64 / 1e3, line.what, slow.what)?;
            }
        }
        writeln!(f, "{}", if self.all_hold() { "every bound holds" } else { "BOUNDS ARE BROKEN" })
    }
}
