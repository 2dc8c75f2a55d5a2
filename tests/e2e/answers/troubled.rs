//! A store that fails, or takes jobs and never does them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chat_domain::ports::{Cost, LogWatcher, ReadJob, Refused, Store, StoreError, WriteJob};

/// What it does with jobs.
pub(super) enum Troubled {
    Refusing(StoreError),
    Hanging(Mutex<Vec<Box<dyn WriteJob>>>),
    Turning(Arc<dyn Store>, Turned, AtomicBool),
}

/// What one that has turned does with writes.
pub(super) enum Turned {
    /// It hands them back.
    Refusing(StoreError),
    /// It keeps them.
    Hanging(Mutex<Vec<Box<dyn WriteJob>>>),
}

impl Troubled {
    /// It hands every job back.
    pub(super) fn refusing(error: StoreError) -> Self {
        Self::Refusing(error)
    }

    /// It keeps every write, and hands every read back.
    pub(super) fn hanging() -> Self {
        Self::Hanging(Mutex::default())
    }

    /// It does what another does, until it turns: then it hands every write back.
    pub(super) fn turning(store: Arc<dyn Store>, error: StoreError) -> Self {
        Self::Turning(store, Turned::Refusing(error), AtomicBool::new(false))
    }

    /// It does what another does, until it turns: then it keeps every write.
    pub(super) fn stalling(store: Arc<dyn Store>) -> Self {
        let turned = Turned::Hanging(Mutex::default());
        Self::Turning(store, turned, AtomicBool::new(false))
    }

    /// From now on it fails.
    pub(super) fn turn(&self) {
        if let Self::Turning(_, _, turned) = self {
            turned.store(true, Ordering::SeqCst);
        }
    }

    /// Forgets the writes that it has kept.
    pub(super) fn let_go(&self) {
        if let Self::Hanging(jobs) | Self::Turning(_, Turned::Hanging(jobs), _) = self {
            jobs.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl Store for Troubled {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        match self {
            Self::Refusing(error) => return Err((error.clone(), job)),
            Self::Turning(store, _, turned) if !turned.load(Ordering::SeqCst) => {
                return store.submit(job);
            }
            Self::Turning(_, Turned::Refusing(error), _) => return Err((error.clone(), job)),
            Self::Hanging(jobs) | Self::Turning(_, Turned::Hanging(jobs), _) => jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(job),
        }
        Ok(())
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        match self {
            Self::Refusing(error) => Err((error.clone(), job)),
            Self::Hanging(_) => Err((StoreError::Overloaded, job)),
            Self::Turning(store, ..) => store.submit_read(cost, job),
        }
    }

    fn watch_log(&self, watcher: LogWatcher) {
        if let Self::Turning(store, ..) = self {
            store.watch_log(watcher);
        }
    }
}
