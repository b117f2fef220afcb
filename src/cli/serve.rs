//! `gazetted serve`: the daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use super::Global;
use super::opening::{self, Refusal};
use crate::config::Config;
use crate::daemon::{self, Parts, assemble};
use crate::flow::{House, Settings};
use crate::incoming;
use crate::web::{self, Desk};

/// Run the daemon until SIGTERM; SIGHUP reads configuration and templates again.
#[derive(Debug, Args)]
pub struct Serve {}

impl Serve {
    pub async fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let path = opening::locate(global)?;
        let config = opening::config(&path).map_err(Refusal::Config)?;
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let house = opening::house(&config).await?;
        daemonize(house, config, reload_from(path)).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How a reload gets its settings.
pub type Reload = Box<dyn Fn() -> Result<Settings, String> + Send + Sync>;

fn reload_from(path: PathBuf) -> Reload {
    Box::new(move || {
        let config = opening::config(&path).map_err(|problems| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        })?;
        assemble::settings(&config)
    })
}

/// Runs the daemon on a house that is open.
///
/// # Errors
/// If another daemon has the store, the address is taken, or the store fails.
pub async fn daemonize(house: Arc<House>, config: Config, reload: Reload) -> anyhow::Result<()> {
    let _lock = lock(&house)?;
    let listener = listener(&config)?;
    let address = listener.local_addr().context("the socket has no address")?;
    let door = incoming::open(config.feedback.listen).map_err(anyhow::Error::msg)?;
    let mailer = assemble::mailer_of(&house);
    let fetch = assemble::fetch(Some(&config.site));
    let parts = Parts {
        fetch: Arc::clone(&fetch),
        mailer: Arc::clone(&mailer),
        reload,
        instance: instance(),
    };
    let desk = Desk {
        mailer: house.settings().mail.as_ref().and_then(|mail| mailer(mail).ok()),
        fetch: Some(fetch),
        inbox: house.settings().mail.as_ref().is_some_and(assemble::has_inbox),
        trusted: config.server.trusted_proxies.clone(),
    };
    let site = web::Site::new(house.clone(), desk);
    tracing::info!("Listening on http://{address}");
    if let Some(door) = &door {
        tracing::info!("Listening for what comes back on {}", door.local_addr()?);
    }
    let taking_in = house.clone();
    daemon::run(house, parts, move |mut stop| async move {
        let coming_back = incoming::run(taking_in, door, stop.clone());
        let follow = stop.clone();
        let stopped = async move {
            // An error means that nobody is left to say stop.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let following = site.follow(follow);
        let serving = web::server::serve(listener, site.clone(), stopped);
        let (served, (), ()) = tokio::join!(serving, following, coming_back);
        served
    })
    .await
}

/// A socket that systemd handed over, else one of our own.
fn listener(config: &Config) -> anyhow::Result<std::net::TcpListener> {
    let mut handed = listenfd::ListenFd::from_env();
    if let Some(listener) = handed
        .take_tcp_listener(0)
        .context("the socket that systemd handed over is no TCP socket")?
    {
        return Ok(listener);
    }
    std::net::TcpListener::bind(config.server.listen).with_context(|| {
        format!(
            "cannot listen on {}; is another program there? [server] listen names another address",
            config.server.listen
        )
    })
}

/// On SQLite one daemon at a time: the lock says so, and dies with its holder.
fn lock(house: &House) -> anyhow::Result<Option<std::fs::File>> {
    let Some(file) = house.store.file() else { return Ok(None) };
    let path = lock_path(file);
    let lock = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!(
                "another gazetted serves {}; stop it first, or use PostgreSQL for several",
                file.display()
            )
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

fn lock_path(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// A name that no other running process has, on any machine.
#[must_use]
pub fn instance() -> String {
    format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple())
}
