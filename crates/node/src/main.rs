//! The native node.
fn main() {}
