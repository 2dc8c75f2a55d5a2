//! One transaction of the writer: several jobs, one commit.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use chat_domain::ports::{Outcome, StoreError, Verdict};
use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;

use super::head::write_head;
use super::job::Job;
use super::stats::Stats;
use super::tx::{Savepoint, SqliteTx, Trace};
use super::writer::Writing;
use super::{errors, savepoint, transaction};

/// A job that holds the writer longer than this is worth a line in the log: everybody waits for it.
const SLOW: Duration = Duration::from_millis(50);

/// The jobs of a transaction, and how each left it.
pub(super) struct Batch {
    ran: Vec<(Job, End)>,
    /// Why nothing of the batch may be committed.
    failed: Option<StoreError>,
    wrote: bool,
    log_grew: bool,
    alone: bool,
}

/// How a job left the transaction.
enum End {
    Kept,
    Undone,
    Failed(StoreError),
}

/// Begins the transaction of a batch.
pub(super) fn begin(writing: &mut Writing) -> QueryResult<()> {
    transaction::begin_to_write(&mut writing.conn)?;
    // Inside the transaction: from here to its end nobody else can write.
    let version = transaction::data_version(&mut writing.conn)?;
    writing.facts.begin(version);
    Ok(())
}

impl Batch {
    /// Runs `waiting` jobs inside the transaction until there are none, one fails it, or the time is
    /// over; the others keep waiting.
    pub(super) fn run(
        writing: &mut Writing,
        waiting: &mut VecDeque<Job>,
        budget: Duration,
    ) -> Self {
        let mut batch = Self {
            ran: Vec::with_capacity(waiting.len()),
            failed: None,
            wrote: false,
            log_grew: false,
            alone: waiting.len() == 1,
        };
        let begun = Instant::now();
        while let Some(job) = waiting.pop_front() {
            batch.run_one(writing, job);
            if batch.failed.is_some() || begun.elapsed() >= budget {
                break;
            }
        }
        batch
    }

    fn run_one(&mut self, writing: &mut Writing, mut job: Job) {
        let Writing { conn, facts } = writing;
        let savepoint = if self.alone {
            Savepoint::Whole
        } else {
            Savepoint::Due
        };
        let begun = Instant::now();
        let mut tx = SqliteTx::to_write(conn, facts, savepoint);
        let verdict = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx)));
        let trace = tx.into_trace();
        let took = begun.elapsed();
        if took > SLOW {
            log::warn!("a write held the writer for {} ms", took.as_millis());
        }

        let end = match (&trace.fatal, verdict) {
            (Some(error), _) => {
                self.failed = Some(error.clone());
                End::Failed(error.clone())
            }
            (None, Ok(Verdict::Keep)) => trace.half_done.clone().map_or(End::Kept, End::Failed),
            (None, Ok(Verdict::Undo)) => End::Undone,
            (None, Err(_)) => End::Failed(StoreError::Panicked),
        };
        let end = match self.settle(conn, &trace, &end) {
            Ok(()) => end,
            Err(error) => {
                let error = errors::of_database(&error).error;
                self.failed = Some(error.clone());
                End::Failed(error)
            }
        };
        facts.end_job(matches!(end, End::Kept));
        self.ran.push((job, end));
    }

    /// Keeps or undoes what the job wrote.
    fn settle(&mut self, conn: &mut SqliteConnection, trace: &Trace, end: &End) -> QueryResult<()> {
        if self.failed.is_some() {
            return Ok(());
        }
        transaction::close_nested(conn)?;
        match (end, trace.savepoint) {
            (End::Kept, savepoint) => {
                self.wrote |= trace.wrote;
                self.log_grew |= trace.log_grew;
                if savepoint == Savepoint::Taken {
                    savepoint::release(conn)?;
                }
            }
            (_, Savepoint::Taken) => savepoint::undo(conn)?,
            // Alone in the transaction: it is rolled back as a whole. Or nothing was written.
            (_, Savepoint::Whole | Savepoint::Due) => {}
        }
        Ok(())
    }

    /// Commits what was kept, or undoes all of it. False when the connection must not be used again:
    /// it may still be in a transaction, or the system may have lost what was written by it.
    #[must_use]
    pub(super) fn end(&mut self, conn: &mut SqliteConnection, stats: &Stats) -> bool {
        if self.failed.is_none()
            && self.log_grew
            && let Err(error) = write_head(conn)
        {
            self.failed = Some(errors::of_query(error).error);
        }
        if let Some(error) = &self.failed {
            // Giving up the connection undoes it.
            stats.failed();
            log::error!("a batch of {} writes is undone: {error}", self.ran.len());
            return false;
        }
        let kept = self.ran.iter().any(|(_, end)| matches!(end, End::Kept));
        if self.alone && !kept {
            return transaction::roll_back(conn).is_ok();
        }
        let begun = Instant::now();
        match transaction::commit(conn) {
            Ok(()) => {
                // Without anything to write it waits for no disk, and would say nothing of one.
                if self.wrote {
                    stats.committed(begun.elapsed());
                }
                true
            }
            Err(error) => {
                stats.failed();
                let error = errors::of_commit(&error);
                log::error!("a commit of {} writes failed: {error}", self.ran.len());
                self.failed = Some(error);
                false
            }
        }
    }

    /// Tells every job that has run what became of it. What a job found in a transaction that was not
    /// committed is not so: one that asked to be undone, perhaps because of what another wrote, failed
    /// with the batch like the others.
    pub(super) fn finish(self) {
        let Self { ran, failed, .. } = self;
        for (job, end) in ran {
            match (&end, &failed) {
                (End::Kept, None) => finish(job, Outcome::Committed),
                (End::Undone, None) => finish(job, Outcome::Undone),
                (End::Failed(error), _) => finish(job, Outcome::Failed(error)),
                (_, Some(error)) => finish(job, Outcome::Failed(&shared(error))),
            }
        }
    }

    /// Whether the log has grown by it, for all to see.
    pub(super) fn has_grown_the_log(&self) -> bool {
        self.failed.is_none() && self.log_grew
    }

    pub(super) fn len(&self) -> usize {
        self.ran.len()
    }
}

/// Tells a job what became of it; a panic of it is its own affair.
pub(super) fn finish(job: Job, outcome: Outcome<'_>) {
    if catch_unwind(AssertUnwindSafe(|| job.finish(outcome))).is_err() {
        log::error!("a write's finish panicked; the write itself is not touched by that");
    }
}

/// What the failure of a batch means for a job that did not cause it: even a defect of the other's
/// is no reason not to try this one again.
fn shared(error: &StoreError) -> StoreError {
    match error {
        StoreError::OutcomeUnknown(_) | StoreError::Unavailable(_) => error.clone(),
        other => StoreError::Unavailable(format!("a write of the same commit failed: {other}")),
    }
}
