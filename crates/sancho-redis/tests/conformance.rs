//! Redis is a store: every fact holds for it.

mod common;

use common::Redis;

sancho_testkit::conformance_suite!(Redis::default());
