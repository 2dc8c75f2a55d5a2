//! A collection that deletes bytes before it is written that they may go.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chat_domain::ports::{
    BlobStore, Clock, Cost, LogWatcher, Outcome, ReadJob, ReadTx, Refused, Store, StoreResult,
    SystemClock, WriteJob,
};
use chat_domain::{BlobKey, Timestamp};
use tokio::sync::oneshot;

/// Where files are kept: the store comes to be before that.
pub(crate) type Blobs = Arc<OnceLock<Arc<dyn BlobStore>>>;

/// The grace period that the test gives.
const GRACE: Duration = Duration::from_secs(1);

/// How many are deleted at once.
const MOST: i64 = 100;

/// Deletes the bytes that no file has before each write: also before the one that dooms their records.
#[derive(Clone)]
pub(crate) struct EarlyDelete {
    store: Arc<dyn Store>,
    blobs: Blobs,
}

impl EarlyDelete {
    pub(crate) fn new(store: Arc<dyn Store>, blobs: Blobs) -> Self {
        Self { store, blobs }
    }

    async fn delete_unused(&self) {
        let (found, unused) = oneshot::channel();
        let job = Unused {
            before: SystemClock.now().earlier_by(GRACE),
            keys: Vec::new(),
            found,
        };
        if self.store.submit_read(Cost::Scan, Box::new(job)).is_err() {
            return;
        }
        let Some(blobs) = self.blobs.get() else {
            return;
        };
        for key in unused.await.unwrap_or_default() {
            // What is not deleted now is deleted when it should be.
            drop(blobs.delete(key).await);
        }
    }
}

impl Store for EarlyDelete {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        let this = self.clone();
        drop(tokio::spawn(async move {
            this.delete_unused().await;
            if let Err((error, job)) = this.store.submit(job) {
                job.finish(Outcome::Failed(&error));
            }
        }));
        Ok(())
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        self.store.submit_read(cost, job)
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.store.watch_log(watcher);
    }
}

/// Finds the blobs that no file has, nor may have soon.
struct Unused {
    before: Timestamp,
    keys: Vec<BlobKey>,
    found: oneshot::Sender<Vec<BlobKey>>,
}

impl ReadJob for Unused {
    fn run(&mut self, tx: &mut dyn ReadTx) {
        for id in tx.unused_blobs(self.before, MOST).unwrap_or_default() {
            self.keys
                .extend(tx.blob(id).ok().flatten().map(|blob| blob.key()));
        }
    }

    fn finish(self: Box<Self>, _: StoreResult<()>) {
        // The write that waits for it may be gone.
        drop(self.found.send(self.keys));
    }
}
