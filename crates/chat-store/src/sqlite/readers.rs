//! Connections that only read, and the snapshot in which a job reads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use chat_domain::ports::{ReadJob, StoreError, StoreResult};
use diesel::r2d2::{self, ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use diesel::sqlite::SqliteConnection;

use super::connection::Database;
use super::stats::PoolState;
use super::tx::SqliteTx;
use super::{errors, transaction};

/// How long a read waits for a connection. A bounded read waits on its caller's thread, so that not
/// having one soon is better said than waited out.
const CHECKOUT: Duration = Duration::from_millis(250);

/// How long opening a store waits for its first reader.
const FIRST: Duration = Duration::from_secs(10);

/// The readers of a store; clones share them.
#[derive(Clone)]
pub(super) struct Readers(Pool<ConnectionManager<SqliteConnection>>);

/// A connection for one read.
pub(super) type Reader = PooledConnection<ConnectionManager<SqliteConnection>>;

impl Readers {
    /// At most `connections` to the database, opened as they are needed; the first one now, to see that
    /// it can be.
    pub(super) fn open(database: &Database, connections: u32) -> Result<Self, r2d2::PoolError> {
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .idle_timeout(None)
            .max_lifetime(None)
            // The file is here or it is not: asking first would tell nothing and cost each read.
            .test_on_check_out(false)
            .connection_timeout(CHECKOUT)
            .connection_customizer(Box::new(SetUp(database.clone())))
            .build_unchecked(ConnectionManager::new(database.reader_uri()));
        pool.get_timeout(FIRST)?;
        Ok(Self(pool))
    }

    /// A connection, if one is free soon.
    pub(super) fn get(&self) -> StoreResult<Reader> {
        self.0.get().map_err(|error| {
            log::warn!("no reader is free: {error}");
            StoreError::Overloaded
        })
    }

    /// How many there are, how many are in use, and the most there may be.
    pub(super) fn state(&self) -> PoolState {
        let now = self.0.state();
        PoolState {
            open: now.connections,
            in_use: now.connections.saturating_sub(now.idle_connections),
            most: self.0.max_size(),
        }
    }
}

/// Runs the job in a snapshot, which ends whatever the job does: a snapshot left open would keep
/// the log of the database from ever starting anew.
pub(super) fn read(mut conn: Reader, mut job: Box<dyn ReadJob>) {
    let outcome = in_snapshot(&mut conn, job.as_mut());
    // Given back before the job is told, so that whoever it wakes finds a reader free.
    drop(conn);
    job.finish(outcome);
}

fn in_snapshot(conn: &mut SqliteConnection, job: &mut dyn ReadJob) -> StoreResult<()> {
    let failed = |error| errors::of_database(&error).error;
    transaction::begin_to_read(conn).map_err(failed)?;
    let ran = catch_unwind(AssertUnwindSafe(|| {
        job.run(&mut SqliteTx::to_read(conn));
    }));
    let ended = transaction::roll_back(conn);
    ran.map_err(|_| StoreError::Panicked)?;
    ended.map_err(failed)
}

#[derive(Debug)]
struct SetUp(Database);

impl CustomizeConnection<SqliteConnection, r2d2::Error> for SetUp {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), r2d2::Error> {
        self.0.set_up_reader(conn).map_err(r2d2::Error::QueryError)
    }
}
