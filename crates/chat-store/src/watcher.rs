//! Whom a store tells that its log has grown.

use std::sync::{PoisonError, RwLock};

use chat_domain::ports::LogWatcher;

/// The one that is told, if there is one.
#[derive(Default)]
pub(crate) struct Watcher(RwLock<Option<LogWatcher>>);

impl Watcher {
    /// From now on this one is told.
    pub(crate) fn set(&self, watcher: LogWatcher) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
    }

    /// Tells it, out of the lock.
    pub(crate) fn tell(&self) {
        let watcher = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(watcher) = watcher {
            watcher();
        }
    }
}
