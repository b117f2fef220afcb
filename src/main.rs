//! The `gazetted` binary.

fn main() {}
