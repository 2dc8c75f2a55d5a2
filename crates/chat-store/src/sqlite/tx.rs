//! A transaction on SQLite, as a job sees it. The ports it offers are in `queries`.

use chat_domain::ports::{StoreError, StoreResult};
use chat_domain::{ConversationId, GroupId, Seq};
use diesel::sqlite::SqliteConnection;

use super::errors::{self, Failure};
use super::facts::{Facts, Remembered};
use super::savepoint;
use crate::rows::Queried;

/// One job's share of a transaction. It offers every port of the domain; a read sees it as a
/// [`ReadTx`](chat_domain::ports::ReadTx), a write as a [`WriteTx`](chat_domain::ports::WriteTx).
pub struct SqliteTx<'c> {
    conn: &'c mut SqliteConnection,
    /// What the writer remembers; a reader remembers nothing.
    facts: Option<&'c mut Facts>,
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
    /// A read's whole transaction.
    pub(super) fn to_read(conn: &'c mut SqliteConnection) -> Self {
        Self::new(conn, None, Savepoint::Whole)
    }

    /// A write's share of a transaction.
    pub(super) fn to_write(
        conn: &'c mut SqliteConnection,
        facts: &'c mut Facts,
        savepoint: Savepoint,
    ) -> Self {
        Self::new(conn, Some(facts), savepoint)
    }

    fn new(
        conn: &'c mut SqliteConnection,
        facts: Option<&'c mut Facts>,
        savepoint: Savepoint,
    ) -> Self {
        Self {
            conn,
            facts,
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
        self.distrust();
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
                self.distrust();
            }
        })
    }

    /// What is remembered of the fact, or what the query finds, which is remembered then.
    pub(super) fn known<F: Remembered>(
        &mut self,
        fact: F,
        query: impl FnOnce(&mut SqliteConnection) -> Queried<Option<F::Says>>,
    ) -> StoreResult<Option<F::Says>> {
        if let Some(says) = self.facts.as_ref().and_then(|facts| fact.recall(facts)) {
            return Ok(Some(says));
        }
        let found = self.read(query)?;
        if let (Some(says), Some(facts)) = (found, &mut self.facts) {
            facts.remember(fact, says);
        }
        Ok(found)
    }

    /// The fact is about to be changed.
    pub(super) fn forget(&mut self, fact: impl Remembered) {
        if let Some(facts) = &mut self.facts {
            fact.forget(facts);
        }
    }

    /// The group is about to be deleted, with all that is said of it.
    pub(super) fn forget_group(&mut self, group: GroupId) {
        if let Some(facts) = &mut self.facts {
            facts.forget_group(group);
        }
    }

    /// A message has taken the next place of the conversation.
    pub(super) fn reached(&mut self, conversation: ConversationId, seq: Seq) {
        if let Some(facts) = &mut self.facts {
            facts.reached(conversation, seq);
        }
    }

    /// What is remembered may not be so any more.
    fn distrust(&mut self) {
        if let Some(facts) = &mut self.facts {
            facts.distrust();
        }
    }

    /// Before the log is read: it always has all that was committed.
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "another backend waits"
    )]
    pub(super) fn catch_up(&mut self) -> StoreResult<()> {
        Ok(())
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
            self.distrust();
        }
        failure.error
    }
}
