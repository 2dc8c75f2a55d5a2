//! The thread that writes: it takes what waits, runs it in one transaction, and commits once for all.
//!
//! It never waits for a batch to fill. While a commit is on its way to the disk the next batch gathers
//! by itself; when nothing else waits, a job is committed alone and at once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use chat_domain::ports::{Outcome, StoreError};
use diesel::sqlite::SqliteConnection;

use super::batch::{self, Batch};
use super::checkpoint::Checkpoints;
use super::connection::Database;
use super::facts::Facts;
use super::job::Job;
use super::lock::FileLock;
use super::stats::Stats;
use crate::watcher::Watcher;

/// The writing side of a store. It owns the lock on the file, which so outlives the last commit.
pub(super) struct Writer {
    pub(super) database: Database,
    pub(super) conn: Option<Writing>,
    pub(super) queue: Receiver<Job>,
    pub(super) max_batch: usize,
    /// After this much work a batch is committed although more jobs wait: the first of them has waited
    /// for all of it.
    pub(super) budget: Duration,
    pub(super) running: Arc<AtomicBool>,
    pub(super) stats: Arc<Stats>,
    pub(super) checkpoints: Checkpoints,
    pub(super) watcher: Arc<Watcher>,
    pub(super) _lock: FileLock,
}

/// The connection that writes, and what is remembered of what it has written. A new one begins with
/// nothing.
pub(super) struct Writing {
    pub(super) conn: SqliteConnection,
    pub(super) facts: Facts,
}

impl Writing {
    pub(super) fn over(conn: SqliteConnection) -> Self {
        let facts = Facts::new();
        Self { conn, facts }
    }
}

impl Writer {
    /// Works until the store is closed and everything it had accepted is done.
    pub(super) fn work(mut self) {
        let mut waiting = VecDeque::new();
        while self.gather(&mut waiting) {
            self.commit_some(&mut waiting);
        }
        let conn = self.conn.as_mut().map(|writing| &mut writing.conn);
        self.checkpoints.stop(&self.database, conn);
    }

    /// Takes what waits, up to a batch of it; false when nothing will come any more.
    fn gather(&self, waiting: &mut VecDeque<Job>) -> bool {
        let left = waiting.len();
        if waiting.is_empty() {
            match self.queue.recv() {
                Ok(job) => waiting.push_back(job),
                Err(_) => return false,
            }
        }
        while waiting.len() < self.max_batch {
            match self.queue.try_recv() {
                Ok(job) => waiting.push_back(job),
                Err(_) => break,
            }
        }
        self.stats.writes.go(waiting.len() - left);
        true
    }

    fn commit_some(&mut self, waiting: &mut VecDeque<Job>) {
        let mut writing = match self.connection() {
            Ok(writing) => writing,
            Err(error) => return self.refuse(waiting, &error),
        };
        if let Err(error) = batch::begin(&mut writing) {
            return self.refuse(waiting, &StoreError::Unavailable(error.to_string()));
        }
        self.running.store(true, Ordering::Relaxed);
        let mut batch = Batch::run(&mut writing, waiting, self.budget);
        self.running.store(false, Ordering::Relaxed);
        // Only a connection of which nothing is in doubt is used again. Dropping it undoes what is
        // left of the transaction, before any job is told so.
        if batch.end(&mut writing.conn, &self.stats) {
            self.conn = Some(writing);
        } else if catch_unwind(AssertUnwindSafe(|| drop(writing))).is_err() {
            // Diesel panics when SQLite can't close; the jobs must be told their end all the same.
            log::error!("a connection that was given up could not be closed");
        }
        let jobs = batch.len();
        self.stats.batch(jobs);
        let log_grew = batch.has_grown_the_log();
        batch.finish();
        if log_grew {
            self.watcher.tell();
        }
        self.checkpoint(jobs);
    }

    /// The connection; a new one if the last was given up.
    fn connection(&mut self) -> Result<Writing, StoreError> {
        if let Some(writing) = self.conn.take() {
            return Ok(writing);
        }
        log::warn!("the writer connects again");
        self.database
            .writer()
            .map(Writing::over)
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Has the checkpointer look after so many jobs; makes room itself when that was not enough.
    fn checkpoint(&mut self, jobs: usize) {
        if !self.checkpoints.after(jobs) {
            return;
        }
        let Some(mut writing) = self.conn.take() else {
            return;
        };
        match self.checkpoints.restart(&self.database, &mut writing.conn) {
            Ok(()) => self.conn = Some(writing),
            Err(error) => log::warn!("the log of the database can't start anew: {error}"),
        }
    }

    /// Fails every job that waits.
    fn refuse(&self, waiting: &mut VecDeque<Job>, error: &StoreError) {
        log::error!("{} writes failed: {error}", waiting.len());
        self.stats.failed();
        for job in waiting.drain(..) {
            batch::finish(job, Outcome::Failed(error));
        }
    }
}
