//! SQLite is a store: every fact holds for it.

mod common;

use common::SqliteFactory;

sancho_testkit::conformance_suite!(SqliteFactory::default());
