//! A store whose writes can be held back for a while.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chat_domain::ports::{Cost, LogWatcher, ReadJob, Refused, Store, WriteJob};
use chat_server::Seams;

use super::until;

/// Does what the store behind it does; writes perhaps later.
pub(super) struct Held {
    store: Arc<dyn Store>,
    held: Mutex<Waiting>,
}

/// What is held.
#[derive(Default)]
struct Waiting {
    /// How many writes still pass.
    passing: usize,
    /// How many have passed.
    passed: usize,
    /// The writes that wait; none while nothing is held.
    jobs: Option<Vec<Box<dyn WriteJob>>>,
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
            let waiting = Arc::new(Self {
                store,
                held: Mutex::default(),
            });
            drop(told.set(Arc::clone(&waiting)));
            waiting
        });
        (Found(found), seams)
    }

    /// Writes wait after the next `passing` ones, once `before` have passed: those of the test, and the two
    /// sweeps of a server that starts, which come when they like.
    pub(super) fn hold_after(&self, before: usize, passing: usize) {
        until("what was before has passed", || {
            self.held().passed >= before
        });
        let mut held = self.held();
        held.passing = passing;
        held.jobs = Some(Vec::new());
    }

    pub(super) fn holds_any(&self) -> bool {
        let held = self.held();
        held.jobs.as_ref().is_some_and(|jobs| !jobs.is_empty())
    }

    /// They wait no longer, and those that did are done.
    pub(super) fn let_go(&self) {
        let jobs = self.held().jobs.take();
        for job in jobs.into_iter().flatten() {
            assert!(self.store.submit(job).is_ok(), "the store is there");
        }
    }

    fn held(&self) -> MutexGuard<'_, Waiting> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Held {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        let mut held = self.held();
        let Waiting {
            passing,
            passed,
            jobs,
        } = &mut *held;
        match jobs {
            Some(jobs) if *passing == 0 => {
                jobs.push(job);
                Ok(())
            }
            _ => {
                *passing = passing.saturating_sub(1);
                *passed += 1;
                drop(held);
                self.store.submit(job)
            }
        }
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.store.submit_read(cost, job)
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.store.watch_log(watcher);
    }
}
