//! The table of queues: which of them, in which order, how many at a time.

use std::collections::HashMap;
use std::time::Duration;

use sancho_core::inspect::Paused;
use sancho_core::{QueueName, QueueRow};

use super::rate::{MINUTES, Rate};
use crate::fields::Fields;
use crate::frame::Frame;

/// Queues of one page.
const ROWS: usize = 100;

/// One queue.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) latency: Duration,
    pub(super) is_paused: bool,
    pub(super) rate: Option<Rate>,
}

impl Row {
    pub(super) fn of(row: QueueRow, rates: &HashMap<&QueueName, Rate>) -> Row {
        Row {
            rate: rates.get(&row.name).copied(),
            name: row.name.as_str().to_owned(),
            size: row.size,
            latency: row.latency,
            is_paused: row.paused == Paused::Yes,
        }
    }

    /// Jobs a minute, with a digit behind the point where they are few.
    pub(super) fn per_minute(&self, f: &Frame) -> String {
        match &self.rate {
            None => "–".to_owned(),
            Some(rate) if rate.per_minute < 9.95 => f.decimal(rate.per_minute, 1),
            Some(rate) => f.number(rate.per_minute.round() as u64),
        }
    }

    /// How many failed of late.
    pub(super) fn failures(&self) -> u64 {
        self.rate.map_or(0, |rate| rate.failures)
    }
}

/// By what queues are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Name,
    /// The largest first.
    Size,
    /// The one that has waited longest first.
    Latency,
    /// The busiest first.
    Rate,
}

impl Sort {
    const ALL: [Sort; 4] = [Sort::Name, Sort::Size, Sort::Latency, Sort::Rate];

    /// Its name in addresses; nothing for the one that needs none.
    pub(super) fn named(self) -> &'static str {
        match self {
            Sort::Name => "",
            Sort::Size => "size",
            Sort::Latency => "latency",
            Sort::Rate => "rate",
        }
    }

    /// The key of its column's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Sort::Name => "job.queue",
            Sort::Size => "queue.size",
            Sort::Latency => "queue.latency",
            Sort::Rate => "queue.rate",
        }
    }

    /// What `aria-sort` says of the column when it is sorted by it.
    pub(super) fn aria(self) -> &'static str {
        if self == Sort::Name { "ascending" } else { "descending" }
    }
}

/// Which queues are shown, as the address says.
pub(super) struct Table {
    /// A part of the names that are asked for.
    pub(super) asked: String,
    pub(super) sort: Sort,
    /// The number of the page, from one.
    pub(super) number: usize,
    /// Queues that there are in all.
    pub(super) all: usize,
}

impl Table {
    pub(super) fn of(fields: &Fields, all: usize) -> Table {
        let named = fields.get("sort");
        Table {
            asked: fields.get("name").to_owned(),
            sort: Sort::ALL.into_iter().find(|sort| sort.named() == named).unwrap_or_default(),
            number: fields.number("page").unwrap_or(1).clamp(1, usize::MAX / ROWS - 1),
            all,
        }
    }

    pub(super) fn columns(&self) -> [Sort; 4] {
        Sort::ALL
    }

    /// The key of what the page says when it shows no queue.
    pub(super) fn nothing(&self) -> &'static str {
        match (self.number, self.asked.is_empty()) {
            (2.., _) => "queue.beyond",
            (_, true) => "queue.none",
            (_, false) => "queue.no_match",
        }
    }

    pub(super) fn minutes(&self) -> u32 {
        MINUTES
    }

    /// Whether a person needs to search, or is at it.
    pub(super) fn is_long(&self) -> bool {
        self.all > 10 || !self.asked.is_empty()
    }

    /// The queues of this page, and the number of the last page.
    pub(super) fn shown(&self, mut rows: Vec<Row>) -> (Vec<Row>, usize) {
        let asked = self.asked.trim().to_lowercase();
        rows.retain(|row| row.name.to_lowercase().contains(&asked));
        // They come sorted by name, and sorting is stable.
        match self.sort {
            Sort::Name => {}
            Sort::Size => rows.sort_by_key(|row| std::cmp::Reverse(row.size)),
            Sort::Latency => rows.sort_by_key(|row| std::cmp::Reverse(row.latency)),
            Sort::Rate => {
                let rate = |row: &Row| row.rate.map_or(0.0, |rate| rate.per_minute);
                rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
            }
        }
        let first = (self.number - 1) * ROWS;
        let last = rows.len().div_ceil(ROWS).max(1);
        (rows.into_iter().skip(first).take(ROWS).collect(), last)
    }
}
