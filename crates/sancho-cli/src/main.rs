//! sancho
fn main() {}
