//! `gazetted check`: everything that is wrong, at once.

mod online;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Global, opening, print};
use crate::config::{Config, Problem};
use crate::daemon::assemble;
use crate::store::{Store, StoreError};

/// Check configuration, templates, secrets and database; exit 78 if anything is wrong.
#[derive(Debug, Args)]
pub struct Check {
    /// Also visit the sources, greet the relays, and look up SPF, DKIM and DMARC
    #[arg(long)]
    online: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    severity: &'a str,
    key: &'a str,
    file: &'a str,
    line: Option<u32>,
    message: &'a str,
    remedy: &'a str,
}

impl Check {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let path = match crate::config::locate(global.config.as_deref(), None) {
            Ok(path) => path,
            Err(problem) => return report(&[problem], &[], global.json),
        };
        let config = match opening::config(&path) {
            Ok(config) => config,
            Err(mut problems) => {
                // Templates can be looked at even if other sections are wrong.
                problems.extend(
                    template_problems(templates_folder(&path).as_deref()).unwrap_or_default(),
                );
                return report(&problems, &[], global.json);
            }
        };
        let mut problems = template_problems(config.templates.as_deref()).unwrap_or_default();
        problems.extend(mail_problem(&config, &path));
        problems.extend(store_problem(&config, &path).await);
        let mut warnings = config.warnings.clone();
        if self.online && problems.is_empty() {
            problems.extend(super::sources::unreachable(&config, &path).await?);
            let mail = online::mail(&config, &path).await;
            problems.extend(mail.problems);
            warnings.extend(mail.warnings);
        }
        report(&problems, &warnings, global.json)
    }
}

/// The template folder that a config names, however wrong the rest of it is.
fn templates_folder(path: &std::path::Path) -> Option<std::path::PathBuf> {
    let text = std::fs::read_to_string(path).ok()?;
    let table: toml::Table = toml::from_str(&text).ok()?;
    let folder = table.get("templates")?.get("path")?.as_str()?;
    Some(path.parent()?.join(folder))
}

fn template_problems(folder: Option<&std::path::Path>) -> Option<Vec<Problem>> {
    let errors = crate::template::Templates::load(folder).err()?;
    Some(errors.into_iter().map(|error| assemble::template_problem(&error, folder)).collect())
}

fn mail_problem(config: &Config, path: &std::path::Path) -> Option<Problem> {
    let message = assemble::mail(config).err()?;
    Some(Problem {
        key: "mail".to_owned(),
        file: path.display().to_string(),
        line: None,
        message,
        remedy: "correct [mail]".to_owned(),
    })
}

async fn store_problem(config: &Config, path: &std::path::Path) -> Option<Problem> {
    let (message, remedy) = match Store::open(&config.store.url).await {
        Ok(store) => {
            store.close().await;
            return None;
        }
        Err(StoreError::Refused(words)) => (words, "see the message".to_owned()),
        Err(error) => (error.to_string(), "start the database, or correct [store] url".to_owned()),
    };
    Some(Problem {
        key: "store.url".to_owned(),
        file: path.display().to_string(),
        line: None,
        message,
        remedy,
    })
}

fn report(problems: &[Problem], warnings: &[Problem], json: bool) -> anyhow::Result<ExitCode> {
    let all = problems
        .iter()
        .map(|problem| ("error", problem))
        .chain(warnings.iter().map(|problem| ("warning", problem)));
    for (severity, problem) in all {
        if json {
            print::json(&Line {
                severity,
                key: &problem.key,
                file: &problem.file,
                line: problem.line,
                message: &problem.message,
                remedy: &problem.remedy,
            })?;
        } else {
            print::line(format!("{severity}: {problem}"))?;
        }
    }
    if problems.is_empty() {
        if !json {
            print::line("The configuration is good.")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !json {
        print::line(format!("{} to correct.", problems.len()))?;
    }
    Ok(ExitCode::from(78))
}
