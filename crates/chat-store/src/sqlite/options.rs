//! Where the database lies, and how much of everything the store uses.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How to open a [`SqliteStore`](crate::SqliteStore). Only the path has to be said.
///
/// ```
/// use std::time::Duration;
/// use chat_store::SqliteOptions;
///
/// let options = SqliteOptions::new("data/chat.db")
///     .readers(4)
///     .busy_timeout(Duration::from_secs(1));
/// assert_eq!(options.path().to_str(), Some("data/chat.db"));
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(super) path: PathBuf,
    pub(super) readers: u32,
    pub(super) scans: u32,
    pub(super) queue: usize,
    pub(super) max_batch: usize,
    pub(super) batch_budget: Duration,
    pub(super) busy_timeout: Duration,
}

impl SqliteOptions {
    /// The database in the file at `path`, which is created if it is missing; its directory is not.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 16,
            scans: 2,
            queue: 1024,
            max_batch: 256,
            batch_budget: Duration::from_millis(50),
            busy_timeout: Duration::from_secs(5),
        }
    }

    /// The most connections for bounded reads, which run on their callers' threads; 16 when not given,
    /// and at least 1. Scans have their own.
    #[must_use]
    pub fn readers(mut self, connections: u32) -> Self {
        self.readers = connections.max(1);
        self
    }

    /// How many threads run reads of [`Cost::Scan`](chat_domain::ports::Cost::Scan); 2 when not
    /// given, and at least 1.
    #[must_use]
    pub fn scans(mut self, threads: u32) -> Self {
        self.scans = threads.max(1);
        self
    }

    /// How many jobs may wait, writes and scans each, before more are refused; 1024 when not given,
    /// and at least 1.
    #[must_use]
    pub fn queue(mut self, jobs: usize) -> Self {
        self.queue = jobs.max(1);
        self
    }

    /// The most writes that share a commit; 256 when not given. With 1 each has its own.
    #[must_use]
    pub fn max_batch(mut self, jobs: usize) -> Self {
        self.max_batch = jobs.max(1);
        self
    }

    /// How much work is put into a batch before it is committed although more jobs wait; 50
    /// milliseconds when not given. Tests that put jobs into one batch give more than they can take.
    #[doc(hidden)]
    #[must_use]
    pub fn batch_budget(mut self, work: Duration) -> Self {
        self.batch_budget = work;
        self
    }

    /// How long to wait for another program that holds the database locked; 5 seconds when not given.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
