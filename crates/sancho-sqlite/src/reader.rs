//! The reader: one thread and one connection for looking, which never waits for the writer nor holds it up.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;

use crate::failure::{Commit, Failure};
use crate::migrate;
use crate::task::Task;
use crate::unit::Unit;

/// Serves until every sender is gone. Each look sees one state of the file.
pub(crate) fn serve(connection: &Connection, looks: &Receiver<Box<dyn Task>>) {
    while let Ok(mut look) = looks.recv() {
        match look_once(connection, &mut *look) {
            Ok(()) => look.answer(None),
            Err(failure) => look.answer(Some((&failure, Commit::NotBegun))),
        }
    }
}

fn look_once(connection: &Connection, look: &mut dyn Task) -> Result<(), Failure> {
    let transaction = connection.unchecked_transaction()?;
    migrate::check(&transaction)??;
    // A look that fails keeps its failure for its own answer.
    let _kept = look.run(&mut Unit::new(&transaction));
    transaction.finish()?;
    Ok(())
}
