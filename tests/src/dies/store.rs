//! The store with a step before each write is handed over, and one when it is committed and nobody
//! has been told. What only reads can't leave anything half-done.

use std::sync::Arc;

use chat_domain::ports::{
    Cost, LogWatcher, Outcome, ReadJob, Refused, Store, Verdict, WriteJob, WriteTx,
};

use crate::steps::Steps;

/// A store whose writes are counted.
pub(crate) struct Counted {
    store: Arc<dyn Store>,
    steps: Arc<Steps>,
}

impl Counted {
    pub(crate) fn new(store: Arc<dyn Store>, steps: Arc<Steps>) -> Self {
        Self { store, steps }
    }
}

impl Store for Counted {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        self.steps.take("commit", "asked");
        let steps = Arc::clone(&self.steps);
        self.store.submit(Box::new(Job { job, steps }))
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.store.submit_read(cost, job)
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.store.watch_log(watcher);
    }
}

struct Job {
    job: Box<dyn WriteJob>,
    steps: Arc<Steps>,
}

impl WriteJob for Job {
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        self.job.run(tx)
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        if outcome == Outcome::Committed {
            self.steps.take("commit", "answered");
        }
        self.job.finish(outcome);
    }
}
