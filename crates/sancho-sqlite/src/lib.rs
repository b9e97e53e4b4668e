//! sancho-sqlite
