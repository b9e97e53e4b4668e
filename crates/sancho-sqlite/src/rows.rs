//! Statements that add many rows: to begin and to end one costs about as much as to add a row.

/// How many rows a statement adds: as many at once as there are. People count batches and slots in tens.
const SIZES: [usize; 3] = [100, 10, 1];

/// A statement that adds rows, in all its sizes.
#[derive(Debug)]
pub(crate) struct Insert([String; SIZES.len()]);

impl Insert {
    /// Into a table with its columns, the rows of values that `row` writes: the first of a statement is row 0.
    pub(crate) fn new(into: &str, row: impl Fn(usize) -> String) -> Self {
        Insert(SIZES.map(|size| {
            let rows: Vec<String> = (0..size).map(&row).collect();
            format!("INSERT INTO {into} VALUES {}", rows.join(", "))
        }))
    }

    /// The statement for a piece that [`pieces`] made of the rows.
    pub(crate) fn of<T>(&self, piece: &[T]) -> &str {
        let size = SIZES.iter().position(|size| *size == piece.len()).expect("pieces have these sizes");
        &self.0[size]
    }
}

/// Rows in pieces, each of which one statement adds.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_a_piece_and_in_order() {
        let rows: Vec<usize> = (0..321).collect();
        let sizes: Vec<usize> = pieces(&rows).map(<[usize]>::len).collect();
        assert_eq!(sizes, [100, 100, 100, 10, 10, 1]);
        assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn a_statement_has_a_row_of_values_for_each_of_its_piece() {
        let insert = Insert::new("t (a, b)", |row| format!("(?1 + {row}, ?{})", 2 + row));
        assert_eq!(insert.of(&[()]), "INSERT INTO t (a, b) VALUES (?1 + 0, ?2)");
        assert!(insert.of(&[(); 10]).ends_with("(?1 + 9, ?11)"));
    }
}
