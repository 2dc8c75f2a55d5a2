//! A `chat-server` that acknowledges a write before its commit. It is wrong on purpose: the crash test
//! must find it out, or it proves nothing of the good one.

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use chat_domain::ports::{
    Cost, LogWatcher, Outcome, ReadJob, Refused, Store, Verdict, WriteJob, WriteTx,
};
use chat_server::Seams;

/// How long a job that was told its end keeps the commit waiting. Without it the server is found out just
/// as surely, but after how many kills depends on how fast the machine is.
const HOLD: Duration = Duration::from_millis(2);

fn main() -> ExitCode {
    chat_server::main_over(Seams::default().over_store(|store| Arc::new(EarlyAck(store))))
}

/// Tells each write that it is committed as soon as it has run.
struct EarlyAck(Arc<dyn Store>);

impl Store for EarlyAck {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        self.0.submit(Box::new(Early(Some(job))))
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.0.submit_read(cost, job)
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.0.watch_log(watcher);
    }
}

/// A job until it is told its end.
struct Early(Option<Box<dyn WriteJob>>);

impl WriteJob for Early {
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        let Some(mut job) = self.0.take() else {
            return Verdict::Keep;
        };
        let verdict = job.run(tx);
        match verdict {
            Verdict::Keep => {
                job.finish(Outcome::Committed);
                thread::sleep(HOLD);
            }
            Verdict::Undo => self.0 = Some(job),
        }
        verdict
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        if let Some(job) = self.0 {
            job.finish(outcome);
        }
    }
}
