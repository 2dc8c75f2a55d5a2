//! A store whose writes can be held back for a while.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chat_domain::ports::{Cost, ReadJob, Refused, Store, WriteJob};
use chat_server::Seams;

/// Does what the store behind it does; writes perhaps later.
pub(super) struct Held {
    store: Arc<dyn Store>,
    /// The writes that wait; none while nothing is held.
    waiting: Mutex<Option<Vec<Box<dyn WriteJob>>>>,
}

/// Where a test finds it, once the server is composed.
pub(super) struct Found(Arc<OnceLock<Arc<Held>>>);

impl Found {
    pub(super) fn get(&self) -> &Held {
        self.0.get().expect("it is composed")
    }
}

impl Held {
    /// Puts one between the service and the store.
    pub(super) fn seams() -> (Found, Seams) {
        let found = Arc::new(OnceLock::new());
        let told = Arc::clone(&found);
        let seams = Seams::default().over_store(move |store| {
            let waiting = Mutex::new(None);
            let held = Arc::new(Self { store, waiting });
            drop(told.set(Arc::clone(&held)));
            held
        });
        (Found(found), seams)
    }

    /// From now on writes wait.
    pub(super) fn hold(&self) {
        self.waiting().get_or_insert_default();
    }

    pub(super) fn holds_any(&self) -> bool {
        self.waiting().as_ref().is_some_and(|jobs| !jobs.is_empty())
    }

    /// They wait no longer, and those that did are done.
    pub(super) fn let_go(&self) {
        let jobs = self.waiting().take();
        for job in jobs.into_iter().flatten() {
            assert!(self.store.submit(job).is_ok(), "the store is there");
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Vec<Box<dyn WriteJob>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Held {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        match &mut *self.waiting() {
            Some(jobs) => {
                jobs.push(job);
                Ok(())
            }
            None => self.store.submit(job),
        }
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.store.submit_read(cost, job)
    }
}
