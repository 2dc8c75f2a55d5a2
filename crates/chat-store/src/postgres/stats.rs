//! What the store counts of its own work, and how it tells.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat_domain::ports::{Figure, Measured, Measurement, StoreError};

use super::PostgresStore;
use super::queue::Kind;
use crate::histogram::{MICROSECONDS, Recorder};

/// The counts.
pub(super) struct Stats {
    commit_micros: Recorder,
    reruns: AtomicU64,
    failed: AtomicU64,
    sequenced: AtomicU64,
}

impl Stats {
    pub(super) fn new() -> Self {
        Self {
            commit_micros: Recorder::new(MICROSECONDS, 1_000_000),
            reruns: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            sequenced: AtomicU64::new(0),
        }
    }

    /// A commit went well, and took so long.
    pub(super) fn committed(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.add(micros);
    }

    /// A write is run again.
    pub(super) fn rerun(&self) {
        self.reruns.fetch_add(1, Ordering::Relaxed);
    }

    /// A job failed. What it has done itself is not counted: only the database's failures are.
    pub(super) fn failed(&self, error: &StoreError) {
        if let StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) = error {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many events got their places.
    pub(super) fn sequenced(&self, events: i64) {
        let events = u64::try_from(events).unwrap_or_default();
        self.sequenced.fetch_add(events, Ordering::Relaxed);
    }
}

impl Measured for PostgresStore {
    fn measure(&self) -> Vec<Measurement> {
        let shared = self.shared();
        let (stats, queue) = (&shared.stats, &shared.queue);
        let waiting = |kind| gauge(queue.waiting(kind));
        let counter = |count: &AtomicU64| Figure::Counter(count.load(Ordering::Relaxed));
        [
            (
                "chat_store_writes_waiting",
                "Writes in the queue that no connection has taken yet.",
                waiting(Kind::Write),
            ),
            (
                "chat_store_reads_waiting",
                "Bounded reads in the queue that no connection has taken yet.",
                waiting(Kind::Read),
            ),
            (
                "chat_store_scans_waiting",
                "Scans in the queue that no connection has taken yet.",
                waiting(Kind::Scan),
            ),
            (
                "chat_store_queue_capacity",
                "How many writes may wait, how many bounded reads, and how many scans, before more \
                 are refused.",
                gauge(self.capacity()),
            ),
            (
                "chat_store_commit_duration_seconds",
                "Time of a COMMIT, which ends when the server has made it durable.",
                Figure::Histogram(stats.commit_micros.read()),
            ),
            (
                "chat_store_reruns_total",
                "Transactions that were run again after a deadlock or the like.",
                counter(&stats.reruns),
            ),
            (
                "chat_store_jobs_failed_total",
                "Jobs that failed because the database was not there, or broke off.",
                counter(&stats.failed),
            ),
            (
                "chat_store_connections_in_use",
                "Connections that run a job just now.",
                gauge(queue.running()),
            ),
            (
                "chat_store_connections_most",
                "How many connections for jobs there may be.",
                gauge(self.connections()),
            ),
            (
                "chat_store_events_sequenced_total",
                "Events that this node has given their places in the log.",
                counter(&stats.sequenced),
            ),
            (
                "chat_store_commits_unsequenced",
                "Commits of this node whose events have no place in the log yet.",
                Figure::Gauge(shared.log.behind()),
            ),
        ]
        .map(|(name, help, figure)| Measurement { name, help, figure })
        .into()
    }
}

fn gauge(number: usize) -> Figure {
    Figure::Gauge(u64::try_from(number).unwrap_or(u64::MAX))
}
