//! The model is a store: every fact holds for it.

use sancho_testkit::ModelFactory;

sancho_testkit::conformance_suite!(ModelFactory);
