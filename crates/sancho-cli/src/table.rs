//! Columns of text for people.

use crate::text;

/// The gap between two columns.
const GAP: &str = "  ";

/// Rows of cells under headings. Cells are made harmless as they are added.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// Columns, by index, whose cells stand to the right: numbers.
    right: &'static [usize],
}

impl Table {
    /// A table with these headings, whose columns in `right` hold numbers.
    pub(crate) fn new(headings: &[&str], right: &'static [usize]) -> Self {
        Table { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()], right }
    }

    /// Adds a row.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = std::borrow::Cow<'a, str>>) {
        self.rows.push(cells.into_iter().map(|cell| text::visible(&cell).into_owned()).collect());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[column] - cell.chars().count());
                if column > 0 {
                    line.push_str(GAP);
                }
                if self.right.contains(&column) {
                    line.push_str(&pad);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    line.push_str(&pad);
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right() {
        let mut table = Table::new(&["queue", "size"], &[1]);
        table.row(["low".into(), "7".into()]);
        table.row(["mail\u{7}ers".into(), "1200".into()]);
        assert_eq!(table.to_string(), "queue         size\nlow              7\nmail\\u{7}ers  1200\n");
    }
}
