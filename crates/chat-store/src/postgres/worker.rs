//! A thread that runs jobs, one at a time, each in a transaction on the thread's own connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chat_domain::ports::{Outcome, ReadJob, StoreError, StoreResult, Verdict};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;

use super::connection::Server;
use super::errors::{self, After, Failure};
use super::job::{Job, Write};
use super::log::Log;
use super::queue::Queue;
use super::stats::Stats;
use super::store::WRITING;
use super::transaction;
use super::tx::{PostgresTx, Trace};
use crate::watcher::Watcher;

/// How often a job is run again, and for how long, when the database says that it should be.
const RERUNS: u32 = 8;
const RERUN_FOR: Duration = Duration::from_secs(3);

/// A job that holds its connection longer than this is worth a line in the log.
const SLOW: Duration = Duration::from_secs(1);

/// What the threads of a store share.
pub(super) struct Shared {
    pub(super) server: Server,
    pub(super) queue: Queue,
    pub(super) log: Log,
    pub(super) stats: Stats,
    pub(super) watcher: Watcher,
}

/// A thread's part of the store.
pub(super) struct Worker {
    shared: Arc<Shared>,
    conn: Option<PgConnection>,
}

/// How a run of a write ended.
enum End {
    Committed,
    Undone,
    Failed(StoreError),
    /// Undone, and to be run again.
    Again(StoreError),
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, conn: None }
    }

    /// Works until the store is closed and everything it had accepted is done.
    pub(super) fn work(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some((kind, job)) = shared.queue.pop() {
            let begun = Instant::now();
            // Free for the next before the job is told its end, so that whoever it wakes finds it so.
            let told: Box<dyn FnOnce()> = match job {
                Job::Write(job) => self.write(job),
                Job::Read(job) => self.read(job),
            };
            let took = begun.elapsed();
            if took > SLOW {
                log::warn!("a {kind:?} held a connection for {} ms", took.as_millis());
            }
            shared.queue.done(kind);
            if catch_unwind(AssertUnwindSafe(told)).is_err() {
                log::error!("a job's finish panicked; the job itself is not touched by that");
            }
        }
    }

    fn write(&mut self, mut job: Write) -> Box<dyn FnOnce()> {
        let begun = Instant::now();
        let mut runs = 0;
        let end = loop {
            match self.write_once(&mut job) {
                End::Again(error) if runs >= RERUNS || begun.elapsed() >= RERUN_FOR => {
                    log::warn!("a write was run {} times in vain: {error}", runs + 1);
                    break End::Failed(error);
                }
                End::Again(error) => {
                    log::debug!("a write is run again: {error}");
                    self.shared.stats.rerun();
                    thread::sleep(pause(runs));
                    runs += 1;
                }
                end => break end,
            }
        };
        if let End::Failed(error) = &end {
            self.shared.stats.failed(error);
        }
        Box::new(move || {
            job.finish(match &end {
                End::Committed => Outcome::Committed,
                End::Undone => Outcome::Undone,
                End::Failed(error) | End::Again(error) => Outcome::Failed(error),
            });
        })
    }

    fn write_once(&mut self, job: &mut Write) -> End {
        let conn = match self.begin(transaction::begin_to_write) {
            Ok(conn) => conn,
            Err(error) => return End::Failed(error),
        };
        let mut tx = PostgresTx::to_write(conn);
        WRITING.set(true);
        let verdict = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx)));
        WRITING.set(false);
        let trace = tx.into_trace();
        if let Some(failure) = trace.failed {
            return self.give_up(failure);
        }
        match (verdict, &trace.half_done) {
            (Ok(Verdict::Keep), None) => self.commit(&trace),
            (Ok(Verdict::Keep), Some(error)) => self.undo(End::Failed(error.clone())),
            (Ok(Verdict::Undo), _) => self.undo(End::Undone),
            (Err(_), _) => self.undo(End::Failed(StoreError::Panicked)),
        }
    }

    fn commit(&mut self, trace: &Trace) -> End {
        let Some(conn) = &mut self.conn else {
            return End::Failed(gone());
        };
        if trace.native
            && let Err(error) =
                transaction::close_nested(conn).and_then(|()| transaction::assert_sound(conn))
        {
            return self.give_up(errors::of_database(&error));
        }
        let begun = Instant::now();
        match transaction::commit(conn) {
            Ok(()) => {
                self.shared.stats.committed(begun.elapsed());
                if trace.log_grew {
                    self.shared.log.committed();
                }
                End::Committed
            }
            Err(error) => {
                let failure = errors::of_database(&error);
                // A server that still answers has said no. From one that does not nothing is known.
                if conn.batch_execute("SELECT 1").is_ok() {
                    return self.give_up(failure);
                }
                self.conn = None;
                End::Failed(StoreError::OutcomeUnknown(failure.error.to_string()))
            }
        }
    }

    fn undo(&mut self, end: End) -> End {
        if let Some(conn) = &mut self.conn
            && let Err(error) = close_and_roll_back(conn)
        {
            log::debug!("a connection is given up: {error}");
            self.conn = None;
        }
        end
    }

    /// What follows from a failure that has ended the transaction.
    fn give_up(&mut self, failure: Failure) -> End {
        let Failure { error, after } = failure;
        match after {
            After::Reconnect => {
                self.conn = None;
                End::Failed(error)
            }
            After::RunAgain => self.undo(End::Again(error)),
            After::GoOn | After::RollBack => self.undo(End::Failed(error)),
        }
    }

    fn read(&mut self, mut job: Box<dyn ReadJob>) -> Box<dyn FnOnce()> {
        let outcome = self.in_snapshot(job.as_mut());
        if let Err(error) = &outcome {
            self.shared.stats.failed(error);
        }
        Box::new(move || job.finish(outcome))
    }

    fn in_snapshot(&mut self, job: &mut dyn ReadJob) -> StoreResult<()> {
        let shared = Arc::clone(&self.shared);
        let conn = self.begin(transaction::begin_to_read)?;
        let mut tx = PostgresTx::to_read(conn, &shared.log);
        let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx)));
        let end = match (tx.into_trace().failed, ran) {
            (Some(failure), _) => self.give_up(failure),
            (None, Ok(())) => self.undo(End::Undone),
            (None, Err(_)) => self.undo(End::Failed(StoreError::Panicked)),
        };
        match end {
            End::Failed(error) | End::Again(error) => Err(error),
            End::Committed | End::Undone => Ok(()),
        }
    }

    /// The connection, inside of a new transaction. One that was lost while nothing was asked of it is
    /// replaced: nobody need hear of that.
    fn begin(
        &mut self,
        begin: fn(&mut PgConnection) -> QueryResult<()>,
    ) -> StoreResult<&mut PgConnection> {
        let kept = self.conn.take();
        let sound = kept.and_then(|mut conn| begin(&mut conn).is_ok().then_some(conn));
        let conn = match sound {
            Some(conn) => conn,
            None => {
                let mut conn = self.shared.server.connect_soon()?;
                begin(&mut conn).map_err(|error| errors::of_database(&error).error)?;
                conn
            }
        };
        Ok(self.conn.insert(conn))
    }
}

/// Ends a job that was not run.
pub(super) fn fail(job: Job, error: &StoreError) {
    if catch_unwind(AssertUnwindSafe(|| job.fail(error))).is_err() {
        log::error!("a job's finish panicked; the job itself was not run");
    }
}

fn close_and_roll_back(conn: &mut PgConnection) -> QueryResult<()> {
    transaction::close_nested(conn)?;
    transaction::roll_back(conn)
}

fn gone() -> StoreError {
    StoreError::Unavailable("the connection is gone".to_owned())
}

/// How long to wait before the next run: longer each time, and not the same for two that met.
fn pause(runs: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};

    let most = 2_000_u64 << runs.min(6);
    Duration::from_micros(500 + RandomState::new().hash_one(runs) % most)
}
