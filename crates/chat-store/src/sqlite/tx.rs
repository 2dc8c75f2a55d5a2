//! A transaction on SQLite, as a job sees it. The ports it offers are in `queries`.

use chat_domain::ports::{StoreError, StoreResult};
use diesel::sqlite::SqliteConnection;

use super::errors::{self, Failure};
use super::savepoint;
use crate::rows::Queried;

/// One job's share of a transaction. It offers every port of the domain; a read sees it as a
/// [`ReadTx`](chat_domain::ports::ReadTx), a write as a [`WriteTx`](chat_domain::ports::WriteTx).
pub struct SqliteTx<'c> {
    conn: &'c mut SqliteConnection,
    savepoint: Savepoint,
    fatal: Option<StoreError>,
    half_done: Option<StoreError>,
    wrote: bool,
    log_grew: bool,
}

/// Where the job's own writes begin within the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Savepoint {
    /// With the transaction: the job is alone in it.
    Whole,
    /// Nowhere yet; the first write takes the savepoint.
    Due,
    /// At the savepoint.
    Taken,
}

/// What a job leaves behind.
pub(super) struct Trace {
    pub(super) savepoint: Savepoint,
    /// Why the whole transaction has to be undone.
    pub(super) fatal: Option<StoreError>,
    /// Why the job has to be undone.
    pub(super) half_done: Option<StoreError>,
    /// Whether it was about to write, at least.
    pub(super) wrote: bool,
    pub(super) log_grew: bool,
}

impl<'c> SqliteTx<'c> {
    pub(super) fn new(conn: &'c mut SqliteConnection, savepoint: Savepoint) -> Self {
        Self {
            conn,
            savepoint,
            fatal: None,
            half_done: None,
            wrote: false,
            log_grew: false,
        }
    }

    /// The connection itself, inside the transaction: a nested `transaction` is a savepoint of it, and
    /// ending the transaction itself is not the job's to do.
    ///
    /// # Errors
    /// If the transaction has failed already.
    pub fn connection(&mut self) -> StoreResult<&mut SqliteConnection> {
        self.begin_write()?;
        Ok(self.conn)
    }

    pub(super) fn into_trace(self) -> Trace {
        Trace {
            savepoint: self.savepoint,
            fatal: self.fatal,
            half_done: self.half_done,
            wrote: self.wrote,
            log_grew: self.log_grew,
        }
    }

    /// Runs a query that writes nothing.
    pub(super) fn read<T>(
        &mut self,
        query: impl FnOnce(&mut SqliteConnection) -> Queried<T>,
    ) -> StoreResult<T> {
        match &self.fatal {
            None => query(self.conn).map_err(|error| self.note(errors::of_query(error))),
            Some(error) => Err(error.clone()),
        }
    }

    /// Runs queries that write. They may break off after the first has written, so that what they
    /// did is never kept, even if the job swallows the error; a conflict is the port's own way to say no.
    pub(super) fn write<T>(
        &mut self,
        query: impl FnOnce(&mut SqliteConnection) -> Queried<T>,
    ) -> StoreResult<T> {
        self.begin_write()?;
        self.read(query).inspect_err(|error| {
            if !matches!(error, StoreError::Conflict(_)) {
                self.half_done = Some(error.clone());
            }
        })
    }

    /// Notes that the head of the log has to be written before the commit.
    pub(super) fn grow_log(&mut self) {
        self.log_grew = true;
    }

    fn begin_write(&mut self) -> StoreResult<()> {
        if let Some(error) = &self.fatal {
            return Err(error.clone());
        }
        if self.savepoint == Savepoint::Due {
            savepoint::take(self.conn).map_err(|error| self.note(errors::of_database(&error)))?;
            self.savepoint = Savepoint::Taken;
        }
        self.wrote = true;
        Ok(())
    }

    /// After a fatal failure the job goes on in a transaction that may be gone: all it can still do is
    /// to fail, whatever it makes of the error.
    fn note(&mut self, failure: Failure) -> StoreError {
        if failure.fatal {
            self.fatal = Some(failure.error.clone());
        }
        failure.error
    }
}
