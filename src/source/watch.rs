//! Tells when something in a folder moves, so that a new piece need not wait
//! for the next visit. A folder that cannot be watched is visited all the same.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// A folder is quiet when nothing has moved for so long.
const QUIET: Duration = Duration::from_millis(400);
/// A folder that is never quiet is looked at all the same.
const PATIENCE: u32 = 25;

/// Watches one folder for as long as it lives.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
    moved: Arc<Notify>,
}

impl Watch {
    /// Watches a folder with all below it.
    ///
    /// # Errors
    /// In words; nothing is lost but speed.
    pub fn folder(path: &Path) -> Result<Self, String> {
        let moved = Arc::new(Notify::new());
        let signal = moved.clone();
        let watching = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is an event too: what a visit itself does must not cause the next.
            if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
                signal.notify_one();
            }
        });
        watching
            .and_then(|mut watcher| {
                watcher.watch(path, RecursiveMode::Recursive)?;
                Ok(Self { _watcher: watcher, moved })
            })
            .map_err(|error| {
                format!(
                    "{} cannot be watched ({error}); it is looked at every so often instead",
                    path.display()
                )
            })
    }

    /// Waits until something has moved and the folder is quiet again.
    pub async fn moved(&self) {
        self.moved.notified().await;
        for _ in 0..PATIENCE {
            if tokio::time::timeout(QUIET, self.moved.notified()).await.is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_file_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let Ok(watch) = Watch::folder(folder.path()) else { return };

        std::fs::write(folder.path().join("a.md"), "# A").unwrap();

        watch.moved().await;
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        assert!(
            Watch::folder(Path::new("/nowhere/at/all")).unwrap_err().contains("/nowhere/at/all")
        );
    }
}
