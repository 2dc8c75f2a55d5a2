//! Threads for reads that may take long, so that they never run on a caller's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use chat_domain::ports::{ReadJob, Refused, StoreError};

use super::readers::{self, Readers};
use super::stats::Stats;

/// The queue of long reads.
pub(super) struct Scans {
    queue: SyncSender<Box<dyn ReadJob>>,
    stats: Arc<Stats>,
}

impl Scans {
    /// Starts the threads. They end when this is dropped and all that was queued is done.
    pub(super) fn start(
        readers: &Readers,
        threads: u32,
        queue: usize,
        stats: &Arc<Stats>,
    ) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (sender, receiver) = sync_channel(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let threads = (0..threads)
            .map(|_| {
                let (readers, receiver) = (readers.clone(), Arc::clone(&receiver));
                let stats = Arc::clone(stats);
                thread::Builder::new()
                    .name("chat-scans".into())
                    .spawn(move || work(&readers, &receiver, &stats))
            })
            .collect::<Result<_, _>>()?;
        let scans = Self {
            queue: sender,
            stats: Arc::clone(stats),
        };
        Ok((scans, threads))
    }

    /// Queues a read; a full queue hands it back.
    pub(super) fn submit(&self, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.stats.scans.come();
        self.queue.try_send(job).map_err(|refused| {
            self.stats.scans.go(1);
            match refused {
                TrySendError::Full(job) => (StoreError::Overloaded, job),
                TrySendError::Disconnected(job) => (super::store::closed(), job),
            }
        })
    }
}

fn work(readers: &Readers, queue: &Mutex<Receiver<Box<dyn ReadJob>>>, stats: &Stats) {
    loop {
        // Held while waiting: the next thread then waits for the lock and not for the queue.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        stats.scans.go(1);
        let done = catch_unwind(AssertUnwindSafe(|| match readers.get() {
            Ok(conn) => readers::read(conn, job),
            Err(error) => job.finish(Err(error)),
        }));
        if done.is_err() {
            log::error!("a read's finish panicked");
        }
    }
}
