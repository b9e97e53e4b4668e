//! sancho-testkit
