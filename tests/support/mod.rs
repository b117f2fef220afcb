//! What tests of several folders share: stores on both engines, a world with a
//! clock that stands still, a server of feeds, and a server that takes mail.

pub mod dice;
pub mod engines;
pub mod mortal;
pub mod newsroom;
pub mod postbox;
pub mod postfix;
mod postgres;
pub mod program;
pub mod world;

pub use engines::Database;
pub(crate) use engines::on_both_engines;
pub use world::World;

/// A word that nobody overhears about a test that cannot run on this machine;
/// with `CI=true` that is a failure.
pub fn loudly_without(package: &str) {
    use std::io::Write;
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!ci, "{package} does not work here: install Debian's `{package}`");
    // Written past the capture of the test harness.
    let _ = writeln!(
        std::io::stderr(),
        "\n*** {package} does not work on this machine: tests with it are SKIPPED. \
         Install it (Debian: {package}) to run them. ***\n"
    );
}
