//! Moving commits from the write-ahead log into the database, off the way of a commit.
//!
//! The writer counts its jobs and now and then wakes a thread, which looks how much the log holds and
//! moves it, beside the writer. While readers overlap without end the log can't start anew by that and
//! grows; beyond a limit the writer makes it start anew itself. A reader that stays (a backup, a
//! recount) makes that fail: then it is tried again only when the log has doubled, since each try
//! holds every write up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use super::connection::Database;

/// The writer wakes the checkpointer once in so many jobs.
const JOBS: usize = 128;

/// A checkpoint costs two syncs, so it waits until it has so many pages to move: 4 MiB.
const WORTH_MOVING: i64 = 1_024;

/// Beyond so many pages in the log the writer makes it start anew: 64 MiB.
const LIMIT: i64 = 16_384;

/// How long the writer waits for readers then.
const RESTART_WAIT: Duration = Duration::from_millis(10);

/// How long the last checkpoint waits for readers.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// The writer's side.
pub(super) struct Checkpoints {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    jobs: usize,
}

/// What both sides see.
struct Shared {
    /// How many pages the log may hold before the writer makes it start anew.
    limit: AtomicI64,
    over_limit: AtomicBool,
}

impl Checkpoints {
    /// Starts the thread with its own connection.
    pub(super) fn start(conn: SqliteConnection) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let shared = Arc::new(Shared {
            limit: AtomicI64::new(LIMIT),
            over_limit: AtomicBool::new(false),
        });
        let checkpointer = Checkpointer {
            conn,
            shared: Arc::clone(&shared),
        };
        let thread = thread::Builder::new()
            .name("chat-checkpoints".into())
            .spawn(move || checkpointer.work(&woken))?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
            shared,
            jobs: 0,
        })
    }

    /// Counts jobs that were committed; true when the writer has to make the log start anew.
    pub(super) fn after(&mut self, jobs: usize) -> bool {
        self.jobs += jobs;
        if self.jobs < JOBS {
            return false;
        }
        self.jobs = 0;
        if let Some(wake) = &self.wake {
            // A full channel means that it is awake already.
            let _ = wake.try_send(());
        }
        self.shared.over_limit.swap(false, Ordering::Relaxed)
    }

    /// Makes the log start anew, on the writer's own connection, if no reader stays in its way.
    pub(super) fn restart(
        &self,
        database: &Database,
        conn: &mut SqliteConnection,
    ) -> QueryResult<()> {
        let done = checkpoint_within(RESTART_WAIT, "RESTART", database, conn)?;
        let limit = if done.busy == 0 { LIMIT } else { done.log * 2 };
        self.shared.limit.store(limit, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the thread, after a checkpoint that is under way, and moves all that is left.
    pub(super) fn stop(&mut self, database: &Database, conn: Option<&mut SqliteConnection>) {
        self.wake = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the checkpointer panicked");
        }
        // What is not moved now is moved when the database is opened the next time.
        if let Some(conn) = conn
            && let Err(error) = checkpoint_within(LAST_WAIT, "TRUNCATE", database, conn)
        {
            log::debug!("the last checkpoint: {error}");
        }
    }
}

/// The thread's side.
struct Checkpointer {
    conn: SqliteConnection,
    shared: Arc<Shared>,
}

/// What a checkpoint came to; the log's size is in pages.
#[derive(QueryableByName)]
struct Checkpoint {
    /// 0 when nobody stood in its way.
    #[diesel(sql_type = BigInt)]
    busy: i64,
    #[diesel(sql_type = BigInt)]
    log: i64,
    #[diesel(sql_type = BigInt)]
    checkpointed: i64,
}

impl Checkpointer {
    fn work(mut self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            match self.look() {
                Ok(over) => self.shared.over_limit.store(over, Ordering::Relaxed),
                Err(error) => log::warn!("a checkpoint failed: {error}"),
            }
        }
    }

    /// Moves what can be moved if that is worth it; whether the log is beyond its limit then.
    fn look(&mut self) -> QueryResult<bool> {
        let now = checkpoint("NOOP", &mut self.conn)?;
        if now.log - now.checkpointed < WORTH_MOVING {
            return Ok(false);
        }
        let after = checkpoint("PASSIVE", &mut self.conn)?;
        Ok(after.log > self.shared.limit.load(Ordering::Relaxed))
    }
}

fn checkpoint(mode: &str, conn: &mut SqliteConnection) -> QueryResult<Checkpoint> {
    diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(conn)
}

/// A checkpoint that waits for readers, but not for long.
fn checkpoint_within(
    wait: Duration,
    mode: &str,
    database: &Database,
    conn: &mut SqliteConnection,
) -> QueryResult<Checkpoint> {
    database.set_busy_timeout(conn, wait)?;
    let done = checkpoint(mode, conn);
    database.set_busy_timeout(conn, database.busy_timeout)?;
    done
}
