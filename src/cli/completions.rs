//! `gazetted completions` and `gazetted man`: from the same definitions as `--help`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory};

/// Print completions for a shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut super::Cli::command(), "gazetted", &mut script);
        std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Write manual pages to a folder.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder
    folder: PathBuf,
}

impl Man {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make {}", self.folder.display()))?;
        clap_mangen::generate_to(super::Cli::command(), &self.folder)
            .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
