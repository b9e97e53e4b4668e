//! snippets
fn main() {}
