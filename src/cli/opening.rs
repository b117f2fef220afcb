//! From the command line to a [`House`]: config, store, keys, settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::Global;
use crate::clock::SystemClock;
use crate::config::{self, Config, Problem};
use crate::daemon::assemble;
use crate::flow::House;
use crate::region::Gazetteer;
use crate::store::{Store, StoreError};

/// Why a command cannot even begin: the config is wrong (exit code 78).
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What is wrong in it.
    #[error("the configuration is wrong:\n{}", lines(.0))]
    Config(Vec<Problem>),
    /// What cannot be put together from it.
    #[error("{0}")]
    Words(String),
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Which config this is about.
///
/// # Errors
/// If none is named and none is there.
pub fn locate(global: &Global) -> anyhow::Result<PathBuf> {
    config::locate(global.config.as_deref(), None)
        .map_err(|problem| Refusal::Config(vec![problem]).into())
}

/// The config, with overrides from the environment.
///
/// # Errors
/// Everything that is wrong with it.
pub fn config(path: &Path) -> Result<Config, Vec<Problem>> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    config::load(path, environment(), credentials.as_deref())
}

/// The environment as text; what is no text cannot be meant for us.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Everything that a command needs.
///
/// # Errors
/// [`Refusal`] if the config is wrong; else what failed.
pub async fn open(global: &Global) -> anyhow::Result<(Arc<House>, Config)> {
    let path = locate(global)?;
    let config = config(&path).map_err(Refusal::Config)?;
    let house = house(&config).await?;
    Ok((house, config))
}

/// Puts the house together from a config.
///
/// # Errors
/// [`Refusal`] if templates or the store are refused; else what failed.
pub async fn house(config: &Config) -> anyhow::Result<Arc<House>> {
    let settings = assemble::settings(config).map_err(Refusal::Words)?;
    let store = match Store::open(&config.store.url).await {
        Ok(store) => store,
        Err(StoreError::Refused(words)) => return Err(Refusal::Words(words).into()),
        Err(error) => return Err(error).context("the database cannot be opened"),
    };
    let clock = Arc::new(SystemClock);
    let keys = assemble::keys(&store, clock.as_ref()).await?;
    let gazetteer = Arc::new(Gazetteer::builtin());
    let house = House::new(store, clock, gazetteer, keys, settings);
    crate::flow::reclassify::if_regions_changed(&house).await?;
    Ok(Arc::new(house))
}
