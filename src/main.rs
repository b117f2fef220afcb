//! The `gazetted` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    gazetted::cli::main()
}
