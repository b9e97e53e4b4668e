//! A series over time: its numbers as a table, and a drawing of them. Scripts draw it anew, from the table, as
//! something that can be pointed at; without them the server's own drawing is what is seen.

use std::time::Duration;

use sancho_core::Timestamp;

use crate::chart::{Column, Columns, Line, Lines, Svg};
use crate::frame::Frame;
use crate::when::{self, run_time};

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What went well at the foot, what failed above it.
    Bars,
    Lines,
}

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Millis,
}

/// How far apart rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Minutes,
    /// Days of UTC.
    Day,
}

/// What one row tells: a time, and a number of each series, where there is one.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) at: Timestamp,
    pub(crate) numbers: Vec<Option<u64>>,
    /// What was deployed then.
    pub(crate) mark: Option<String>,
}

/// A series over time. Templates know it as `plot`.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    /// What it is, for those who do not see it.
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) by: By,
    /// The series: the name of their color, and what they are called.
    pub(crate) series: Vec<(&'static str, String)>,
    /// The earliest first.
    pub(crate) rows: Vec<Row>,
}

/// A cell of the table: the number for people, and for scripts where these differ.
pub(crate) struct Cell {
    pub(crate) shown: String,
    pub(crate) plain: Option<u64>,
}

impl Plot {
    /// Whether there is anything to see.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.numbers.iter().all(|number| number.unwrap_or(0) == 0))
    }

    /// Whether a row has a mark.
    pub(crate) fn has_marks(&self) -> bool {
        self.rows.iter().any(|row| row.mark.is_some())
    }

    /// The attributes by which scripts know how to draw it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Bars => "bars",
            Kind::Lines => "lines",
        }
    }

    pub(crate) fn unit(&self) -> &'static str {
        match self.unit {
            Unit::Count => "count",
            Unit::Millis => "ms",
        }
    }

    pub(crate) fn by(&self) -> &'static str {
        match self.by {
            By::Minutes => "minute",
            By::Day => "day",
        }
    }

    /// The time of a row in UTC, as the table has it: by the day, or by the minute.
    pub(crate) fn time(&self, row: &Row) -> String {
        let exact = when::exact(row.at);
        match (self.by, exact.split_once('T')) {
            (By::Day, Some((day, _))) => day.to_owned(),
            (By::Minutes, Some((day, time))) => format!("{day} {}", time.get(..5).unwrap_or(time)),
            (_, None) => exact,
        }
    }

    /// The same as RFC 3339 has it.
    pub(crate) fn exact(&self, row: &Row) -> String {
        when::exact(row.at)
    }

    /// A number of a row.
    pub(crate) fn cell(&self, f: &Frame, number: &Option<u64>) -> Cell {
        let Some(number) = *number else { return Cell { shown: String::new(), plain: None } };
        let shown = self.said(f, number);
        let differs = shown.parse() != Ok(number);
        Cell { shown, plain: differs.then_some(number) }
    }

    /// The number that the top of the server's drawing stands for.
    pub(crate) fn top(&self, f: &Frame) -> String {
        let top = match self.kind {
            Kind::Bars => self.columns().top(),
            Kind::Lines => self.lines().top(),
        };
        self.said(f, top)
    }

    /// When the first row is, and the last.
    pub(crate) fn ends(&self, f: &Frame) -> (String, String) {
        let first = self.rows.first().map(|row| row.at);
        match self.by {
            By::Minutes => {
                let from = first.map(|at| when::in_words(f, at)).unwrap_or_default();
                (from, f.t("time.now").to_owned())
            }
            By::Day => {
                let days = f.count("time.day", self.rows.len().saturating_sub(1));
                (f.with("time.ago", days), f.t("dashboard.today").to_owned())
            }
        }
    }

    /// The server's own drawing.
    pub(crate) fn svg(&self) -> Svg {
        match self.kind {
            Kind::Bars => self.columns().draw(&self.label),
            Kind::Lines => self.lines().draw(&self.label),
        }
    }

    fn said(&self, f: &Frame, number: u64) -> String {
        match self.unit {
            Unit::Count => f.number(number),
            Unit::Millis => run_time(f, Duration::from_millis(number)),
        }
    }

    fn columns(&self) -> Columns {
        let column = |row: &Row| {
            let number = |index: usize| row.numbers.get(index).copied().flatten().unwrap_or(0);
            Column { title: String::new(), good: number(0), bad: number(1) }
        };
        let marks = self.rows.iter().enumerate();
        let marks = marks.filter_map(|(index, row)| Some((index, row.mark.clone()?)));
        Columns { columns: self.rows.iter().map(column).collect(), marks: marks.collect() }
    }

    fn lines(&self) -> Lines {
        let line = |(index, (color, _)): (usize, &(&'static str, String))| Line {
            color,
            points: self.rows.iter().map(|row| row.numbers.get(index).copied().flatten()).collect(),
        };
        Lines(self.series.iter().enumerate().map(line).collect())
    }
}
