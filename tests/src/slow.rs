//! A `chat-server` whose store does one write at a time, and each takes its time: its capacity is known on
//! every machine, so that a test can ask for more than it.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use chat_domain::ports::{
    Cost, LogWatcher, Outcome, ReadJob, Refused, Store, Verdict, WriteJob, WriteTx,
};
use chat_server::Seams;

/// How long a write takes: no more than 125 of them are done in a second.
const WRITE: Duration = Duration::from_millis(8);

fn main() -> ExitCode {
    chat_server::main_over(Seams::default().over_store(|inner| {
        let one = Arc::default();
        Arc::new(Slow { inner, one })
    }))
}

/// Does one write at a time.
struct Slow {
    inner: Arc<dyn Store>,
    one: Arc<Mutex<()>>,
}

impl Store for Slow {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        let one = Arc::clone(&self.one);
        let job = Box::new(SlowJob { job, one });
        self.inner.submit(job)
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.inner.submit_read(cost, job)
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.inner.watch_log(watcher);
    }
}

struct SlowJob {
    job: Box<dyn WriteJob>,
    one: Arc<Mutex<()>>,
}

impl WriteJob for SlowJob {
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        {
            let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
            thread::sleep(WRITE);
        }
        self.job.run(tx)
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        self.job.finish(outcome);
    }
}
