//! A transaction on PostgreSQL, as a job sees it. The ports it offers are in `queries`.

use chat_domain::ports::{StoreError, StoreResult};
use chat_domain::{ConversationId, GroupId, Seq};
use diesel::pg::PgConnection;

use super::errors::{self, After, Failure};
use super::log::Log;
use super::queries::facts::Fact;
use crate::rows::Queried;

/// A job's transaction. It offers every port of the domain; a read sees it as a
/// [`ReadTx`](chat_domain::ports::ReadTx), a write as a [`WriteTx`](chat_domain::ports::WriteTx).
pub struct PostgresTx<'c> {
    conn: &'c mut PgConnection,
    /// What has to be waited for before the log is read; a write does not wait.
    log: Option<&'c Log>,
    asked: bool,
    trace: Trace,
}

/// What a job leaves behind.
#[derive(Default)]
pub(super) struct Trace {
    /// What has ended the transaction.
    pub(super) failed: Option<Failure>,
    /// Why the job has to be undone.
    pub(super) half_done: Option<StoreError>,
    /// Whether the job was given the connection itself.
    pub(super) native: bool,
    pub(super) log_grew: bool,
}

impl<'c> PostgresTx<'c> {
    /// A read's transaction, which has begun and asked nothing yet.
    pub(super) fn to_read(conn: &'c mut PgConnection, log: &'c Log) -> Self {
        Self {
            log: Some(log),
            ..Self::to_write(conn)
        }
    }

    /// A write's transaction.
    pub(super) fn to_write(conn: &'c mut PgConnection) -> Self {
        Self {
            conn,
            log: None,
            asked: false,
            trace: Trace::default(),
        }
    }

    /// The connection itself, inside the transaction: a nested `transaction` is a savepoint of it, and
    /// ending the transaction itself is not the job's to do.
    ///
    /// # Errors
    /// If the transaction has failed already.
    pub fn connection(&mut self) -> StoreResult<&mut PgConnection> {
        self.sound()?;
        self.asked = true;
        self.trace.native = true;
        Ok(self.conn)
    }

    pub(super) fn into_trace(self) -> Trace {
        self.trace
    }

    /// Runs a query that writes nothing.
    pub(super) fn read<T>(
        &mut self,
        query: impl FnOnce(&mut PgConnection) -> Queried<T>,
    ) -> StoreResult<T> {
        self.sound()?;
        self.asked = true;
        query(self.conn).map_err(|error| self.note(errors::of_query(error)))
    }

    /// Runs queries that write. They may break off after the first has written, so that what they
    /// did is never kept, even if the job swallows the error; a conflict is the port's own way to say no.
    pub(super) fn write<T>(
        &mut self,
        query: impl FnOnce(&mut PgConnection) -> Queried<T>,
    ) -> StoreResult<T> {
        self.read(query).inspect_err(|error| {
            if !matches!(error, StoreError::Conflict(_)) {
                self.trace.half_done = Some(error.clone());
            }
        })
    }

    /// What the query finds. Others write too, so that nothing is remembered.
    pub(super) fn known<F: Fact>(
        &mut self,
        _: F,
        query: impl FnOnce(&mut PgConnection) -> Queried<Option<F::Says>>,
    ) -> StoreResult<Option<F::Says>> {
        self.read(query)
    }

    /// Nothing was remembered.
    #[allow(clippy::unused_self, reason = "another backend remembers")]
    pub(super) fn forget(&mut self, _: impl Fact) {}

    /// Nothing was remembered.
    #[allow(clippy::unused_self, reason = "another backend remembers")]
    pub(super) fn forget_group(&mut self, _: GroupId) {}

    /// Nothing is remembered.
    #[allow(clippy::unused_self, reason = "another backend remembers")]
    pub(super) fn reached(&mut self, _: ConversationId, _: Seq) {}

    /// Notes that there is something for the sequencer.
    pub(super) fn grow_log(&mut self) {
        self.trace.log_grew = true;
    }

    /// Before the log is read: whatever this node has said to be stored must be in it. A read that has
    /// asked something else before reads the log of that moment.
    pub(super) fn catch_up(&mut self) -> StoreResult<()> {
        match self.log {
            Some(log) if !self.asked => log.catch_up(),
            _ => Ok(()),
        }
    }

    fn sound(&self) -> StoreResult<()> {
        match &self.trace.failed {
            None => Ok(()),
            Some(failure) => Err(failure.error.clone()),
        }
    }

    /// After a failure the job goes on in a transaction that is over: all it can still do is to fail,
    /// whatever it makes of the error.
    fn note(&mut self, failure: Failure) -> StoreError {
        let error = failure.error.clone();
        if failure.after != After::GoOn {
            self.trace.failed = Some(failure);
        }
        error
    }
}
