//! One command a file. This one says which there are, and how a command ends.

mod articles;
mod check;
mod completions;
mod database;
mod demo;
mod digest;
mod dkim;
mod editions;
mod feedback;
mod feeds;
mod ingest;
mod opening;
mod parse;
mod print;
mod regions;
mod related;
mod serve;
mod sources;
mod status;
mod subscribers;
mod suppressions;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use opening::Refusal;

/// Articles in, feeds and digests by world region out.
#[derive(Debug, Parser)]
#[command(name = "gazetted", version, about, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 it failed while running, 2 wrong use, 78 the configuration is wrong."
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command knows.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The configuration [default: ./gazetted.toml, then /etc/gazetted/gazetted.toml]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "GAZETTED_CONFIG",
        hide_env_values = true
    )]
    config: Option<PathBuf>,
    /// Machine output on stdout: one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    /// More of the story in the log; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Only what will be looked at in the log; twice: only what wakes somebody up
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "verbose")]
    quiet: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole product with no set-up: a sample magazine and an inbox page
    Demo(demo::Demo),
    /// Run the daemon
    Serve(serve::Serve),
    /// Find everything that is wrong with the configuration, at once
    Check(check::Check),
    /// Visit the sources once, then exit
    Ingest(ingest::Ingest),
    /// Look at and correct what was taken in
    #[command(subcommand)]
    Articles(articles::Articles),
    /// Show the earlier articles that belong beside one, or beside every one
    Related(related::Related),
    /// Write feeds as files
    #[command(subcommand)]
    Feeds(feeds::Feeds),
    /// List, preview and send digests
    #[command(subcommand)]
    Digest(digest::Digest),
    /// Look at and steer editions
    #[command(subcommand)]
    Editions(editions::Editions),
    /// Add, import, export, show, remove and forget subscribers
    #[command(subcommand)]
    Subscribers(subscribers::Subscribers),
    /// Addresses that are never mailed
    #[command(subcommand)]
    Suppressions(suppressions::Suppressions),
    /// Look at sources
    #[command(subcommand)]
    Sources(sources::Sources),
    /// Show how feed or page files are read; nothing is stored
    Parse(parse::Parse),
    /// Look at regions
    #[command(subcommand)]
    Regions(regions::Regions),
    /// Keys that sign mail
    #[command(subcommand)]
    Dkim(dkim::Dkim),
    /// Take in one bounce, complaint or unsubscribe mail from stdin
    Feedback(feedback::Feedback),
    /// Show sources, next slots and the ledger
    Status(status::Status),
    /// Upgrade or back up the database
    #[command(subcommand)]
    Database(database::Database),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Write manual pages to a folder
    Man(completions::Man),
}

/// Runs the command line and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            // Nobody is left to tell if stderr is gone.
            let _ = error.print();
            let wordy = || std::env::args().any(|arg| arg == "-v" || arg == "--verbose");
            if error.kind() == clap::error::ErrorKind::DisplayVersion && wordy() {
                let _ = print::line(crate::region::CREDITS.trim_end());
            }
            return ExitCode::from(code);
        }
    };
    crate::telemetry::init(
        i8::try_from(cli.global.verbose.min(9)).unwrap_or(0)
            - i8::try_from(cli.global.quiet.min(9)).unwrap_or(0),
    );
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::complain(&format!("cannot start: {error}"));
            return ExitCode::from(1);
        }
    };
    let outcome = runtime.block_on(run(cli));
    // A thread that still parses a hanging document must not hold the exit.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            if error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
            {
                return ExitCode::SUCCESS;
            }
            if let Some(refusal) = error.downcast_ref::<Refusal>() {
                print::complain(&refusal.to_string());
                ExitCode::from(78)
            } else {
                print::complain(&format!("{error:#}"));
                ExitCode::from(1)
            }
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let global = cli.global;
    match cli.command {
        Command::Demo(command) => command.run(&global).await,
        Command::Serve(command) => command.run(&global).await,
        Command::Check(command) => command.run(&global).await,
        Command::Ingest(command) => command.run(&global).await,
        Command::Articles(command) => command.run(&global).await,
        Command::Related(command) => command.run(&global).await,
        Command::Feeds(command) => command.run(&global).await,
        Command::Digest(command) => command.run(&global).await,
        Command::Editions(command) => command.run(&global).await,
        Command::Subscribers(command) => command.run(&global).await,
        Command::Suppressions(command) => command.run(&global).await,
        Command::Sources(command) => command.run(&global).await,
        Command::Parse(command) => command.run(&global),
        Command::Regions(command) => command.run(&global).await,
        Command::Dkim(command) => command.run(&global),
        Command::Feedback(command) => command.run(&global).await,
        Command::Status(command) => command.run(&global).await,
        Command::Database(command) => command.run(&global).await,
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    }
}
