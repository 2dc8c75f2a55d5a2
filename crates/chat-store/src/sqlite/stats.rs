//! What the store counts of its own work, and how it tells.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_domain::ports::{Figure, Measured, Measurement};

use super::SqliteStore;
use crate::histogram::{MICROSECONDS, Recorder};

/// Jobs of a batch.
const JOBS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/// The counts. A write costs one atomic add when it is queued, and its batch a few more.
pub(super) struct Stats {
    pub(super) writes: Waiting,
    pub(super) scans: Waiting,
    batch_jobs: Recorder,
    commit_micros: Recorder,
    failed: AtomicU64,
    /// How many writes may wait, and how many scans.
    queue: u64,
    wal: PathBuf,
}

impl Stats {
    /// For the open database at `path`, with queues of so many jobs.
    pub(super) fn new(path: &Path, queue: usize) -> Self {
        Self {
            writes: Waiting::default(),
            scans: Waiting::default(),
            batch_jobs: Recorder::new(JOBS, 1),
            commit_micros: Recorder::new(MICROSECONDS, 1_000_000),
            failed: AtomicU64::new(0),
            queue: wide(queue),
            wal: wal_path(path),
        }
    }

    /// A transaction has run so many jobs.
    pub(super) fn batch(&self, jobs: usize) {
        self.batch_jobs.add(wide(jobs));
    }

    /// A commit went well, and took so long.
    pub(super) fn committed(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.add(micros);
    }

    /// A batch failed as a whole.
    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// How many jobs wait in a queue, which itself can't be asked.
#[derive(Default)]
pub(super) struct Waiting(AtomicU64);

impl Waiting {
    /// Before a job is queued, so that whoever takes it finds it counted.
    pub(super) fn come(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// So many were taken, or not accepted after all.
    pub(super) fn go(&self, jobs: usize) {
        self.0.fetch_sub(wide(jobs), Ordering::Relaxed);
    }

    fn now(&self) -> Figure {
        Figure::Gauge(self.0.load(Ordering::Relaxed))
    }
}

impl Measured for SqliteStore {
    fn measure(&self) -> Vec<Measurement> {
        let stats = &self.stats;
        let pool = self.pool();
        let failed = stats.failed.load(Ordering::Relaxed);
        let gauge = Figure::Gauge;
        [
            (
                "chat_store_writes_waiting",
                "Writes in the queue that the writer has not taken yet.",
                stats.writes.now(),
            ),
            (
                "chat_store_scans_waiting",
                "Scans in the queue that no thread has taken yet.",
                stats.scans.now(),
            ),
            (
                "chat_store_queue_capacity",
                "How many writes may wait, and how many scans, before more are refused.",
                gauge(stats.queue),
            ),
            (
                "chat_store_batch_jobs",
                "Writes that ran in one transaction.",
                Figure::Histogram(stats.batch_jobs.read()),
            ),
            (
                "chat_store_commit_duration_seconds",
                "Time of a COMMIT, which ends when the disk has it.",
                Figure::Histogram(stats.commit_micros.read()),
            ),
            (
                "chat_store_batches_failed_total",
                "Batches of which nothing was committed, because the store failed.",
                Figure::Counter(failed),
            ),
            (
                "chat_store_wal_bytes",
                "Size of the file with the write-ahead log.",
                gauge(std::fs::metadata(&stats.wal).map_or(0, |file| file.len())),
            ),
            (
                "chat_store_readers_open",
                "Connections that are open for reading.",
                gauge(pool.open.into()),
            ),
            (
                "chat_store_readers_in_use",
                "Connections that read just now.",
                gauge(pool.in_use.into()),
            ),
            (
                "chat_store_readers_most",
                "How many connections for reading there may be.",
                gauge(pool.most.into()),
            ),
        ]
        .map(|(name, help, figure)| Measurement { name, help, figure })
        .into()
    }
}

impl SqliteStore {
    /// The state of the readers; none once the store is closed.
    fn pool(&self) -> PoolState {
        let intake = self.intake.read().unwrap_or_else(PoisonError::into_inner);
        let readers = intake.as_ref().map(|open| open.readers.state());
        readers.unwrap_or_default()
    }
}

/// The connections of the pool.
#[derive(Default)]
pub(super) struct PoolState {
    pub(super) open: u32,
    pub(super) in_use: u32,
    pub(super) most: u32,
}

/// The log's file, which SQLite puts beside the database itself and not beside a link to it.
fn wal_path(database: &Path) -> PathBuf {
    let real = database.canonicalize();
    let mut name = real.unwrap_or_else(|_| database.into()).into_os_string();
    name.push("-wal");
    name.into()
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
