//! A store that fails, or takes jobs and never does them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chat_domain::ports::{Cost, ReadJob, Refused, Store, StoreError, WriteJob};

/// What it does with jobs.
pub(super) enum Troubled {
    Refusing(StoreError),
    Hanging(Mutex<Vec<Box<dyn WriteJob>>>),
    Turning(Arc<dyn Store>, StoreError, AtomicBool),
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
        Self::Turning(store, error, AtomicBool::new(false))
    }

    /// From now on it fails.
    pub(super) fn turn(&self) {
        if let Self::Turning(_, _, turned) = self {
            turned.store(true, Ordering::SeqCst);
        }
    }

    /// Forgets the writes that it has kept.
    pub(super) fn let_go(&self) {
        if let Self::Hanging(jobs) = self {
            jobs.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

impl Store for Troubled {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        match self {
            Self::Refusing(error) => return Err((error.clone(), job)),
            Self::Turning(_, error, turned) if turned.load(Ordering::SeqCst) => {
                return Err((error.clone(), job));
            }
            Self::Turning(store, ..) => return store.submit(job),
            Self::Hanging(jobs) => jobs
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
}
