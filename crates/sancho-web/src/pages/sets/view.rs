//! How a list is looked at. All of it stands in the address, so that it can be kept and sent.

use sancho_core::Cursor;

use super::list::List;
use crate::fields::Fields;
use crate::find::carried;
use crate::frame::Frame;

/// Jobs of one page of a list, unless the query asks for fewer or more.
const ROWS: usize = 50;

/// Jobs of one page of a list at most.
pub(super) const ROWS_MAX: usize = 200;

/// What a page offers for the number of its rows.
const ROWS_OFFERED: [usize; 4] = [25, ROWS, 100, ROWS_MAX];

/// Which jobs come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Those of the earliest time.
    Earliest,
    /// Those of the latest time.
    Latest,
}

impl Order {
    /// Its name in addresses.
    fn name(self) -> &'static str {
        match self {
            Order::Earliest => "earliest",
            Order::Latest => "latest",
        }
    }

    fn named(name: &str) -> Option<Order> {
        [Order::Earliest, Order::Latest].into_iter().find(|order| order.name() == name)
    }

    fn reversed(self) -> Order {
        match self {
            Order::Earliest => Order::Latest,
            Order::Latest => Order::Earliest,
        }
    }

    /// What `aria-sort` says of the column of times.
    fn aria(self) -> &'static str {
        match self {
            Order::Earliest => "ascending",
            Order::Latest => "descending",
        }
    }
}

/// How a list is looked at.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The filter, as it was typed.
    pub(super) asked: String,
    pub(super) order: Order,
    /// Jobs of one page.
    pub(super) rows: usize,
    /// Where the page before this one ended.
    pub(super) after: Option<Cursor>,
    /// About how many jobs the pages before this one have looked at in vain.
    pub(super) seen: u64,
    own_order: Order,
}

impl View {
    pub(super) fn of(f: &Frame, list: &List) -> View {
        let fields = Fields::from(f.query.clone());
        let own_order = list.own_order();
        View {
            asked: fields.get("q").to_owned(),
            order: Order::named(fields.get("order")).unwrap_or(own_order),
            rows: fields.number("rows").unwrap_or(ROWS).clamp(1, ROWS_MAX),
            after: Some(fields.get("after")).filter(|after| !after.is_empty()).map(|after| Cursor(after.to_owned())),
            seen: fields.number("seen").unwrap_or(0),
            own_order,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// What `aria-sort` says of the column of times.
    pub(super) fn sorted(&self) -> &'static str {
        self.order.aria()
    }

    /// The key of the words for the order that a click brings.
    pub(super) fn sort_word(&self) -> &'static str {
        match self.order.reversed() {
            Order::Earliest => "list.earliest_first",
            Order::Latest => "list.latest_first",
        }
    }

    /// The same list the other way round, from its start.
    pub(super) fn reversed(&self, f: &Frame) -> String {
        let other = self.order.reversed();
        let named = if other == self.own_order { "" } else { other.name() };
        f.here([("order", named), ("after", ""), ("seen", ""), ("did", "")])
    }

    /// The numbers of rows that are offered, this one among them.
    pub(super) fn rows_offered(&self) -> Vec<usize> {
        let mut offered = ROWS_OFFERED.to_vec();
        if let Err(place) = offered.binary_search(&self.rows) {
            offered.insert(place, self.rows);
        }
        offered
    }

    /// What the choice of a number of rows carries on of the address.
    pub(super) fn carried(&self, f: &Frame) -> Vec<(String, String)> {
        carried(f, &["rows", "after", "seen", "did"])
    }

    /// The first page of the same list.
    pub(super) fn first(&self, f: &Frame) -> String {
        f.here([("after", ""), ("seen", ""), ("did", "")])
    }

    /// The page behind this one, which has looked at so many jobs in vain so far.
    pub(super) fn next(&self, f: &Frame, cursor: &Cursor, seen: u64) -> String {
        let seen = if seen == 0 { String::new() } else { seen.to_string() };
        f.here([("after", cursor.0.as_str()), ("seen", seen.as_str()), ("did", "")])
    }
}
