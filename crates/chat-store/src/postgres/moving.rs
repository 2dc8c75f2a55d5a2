//! A database on a server at either end of a move, which no node changes meanwhile.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::connection::{Alone, Server};
use super::sequencer::Outbox;
use super::{OpenError, PostgresOptions, migrate};
use crate::moving::ends::{self, Read, Work, Write};
use crate::moving::tables::Table;
use crate::moving::{MoveError, Side, one_line};

/// A database to be moved.
pub(crate) struct Source {
    /// In a transaction that lasts as long as this does, and keeps also those from writing who are no node.
    conn: PgConnection,
    _alone: Alone,
}

impl Source {
    /// Opens a database in the schema of this version, which no node has open, and puts all events into
    /// its log.
    pub(crate) fn open(options: &PostgresOptions) -> Result<Self, MoveError> {
        let alone = Alone::take(options)?;
        let mut conn = open(options)?;
        migrate::refuse_other(&mut conn)?;
        // What was put into the log is committed, so that it stays where the target has it from; and
        // looked for again when nobody could have written since.
        while drain(&mut conn)? > 0 {
            AnsiTransactionManager::commit_transaction(&mut conn)
                .map_err(|error| failed(&error))?;
        }
        Ok(Self {
            conn,
            _alone: alone,
        })
    }
}

/// Begins a transaction that keeps everybody else from writing, and puts all events into the log; how many.
fn drain(conn: &mut PgConnection) -> Result<i64, MoveError> {
    AnsiTransactionManager::begin_transaction_sql(
        conn,
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    )
    .map_err(|error| failed(&error))?;
    hold_writers(conn, Side::Source)?;
    let (mut outbox, mut all) = (Outbox::default(), 0);
    loop {
        match outbox.move_some(conn).map_err(|error| failed(&error))? {
            (0, _) => return Ok(all),
            (some, after) => (all, outbox) = (all + some, after),
        }
    }
}

fn failed(error: &diesel::result::Error) -> MoveError {
    MoveError::failed("while the last events were put into the log", error)
}

impl ends::Source for Source {
    fn reader(&mut self) -> &mut dyn Read {
        &mut self.conn
    }
}

/// A database to move into.
pub(crate) struct Target {
    conn: PgConnection,
    options: PostgresOptions,
    _alone: Alone,
}

impl Target {
    /// Opens the database, which no node has open, and into which nobody else is moving.
    pub(crate) fn open(options: &PostgresOptions) -> Result<Self, MoveError> {
        let alone = Alone::take(options)?;
        Ok(Self {
            conn: open(options)?,
            options: options.clone(),
            _alone: alone,
        })
    }
}

impl ends::Target for Target {
    fn writer(&mut self) -> &mut dyn Write {
        &mut self.conn
    }

    fn prepare(&mut self) -> Result<(), MoveError> {
        // On a connection of its own: that of a migration keeps others away until it ends.
        migrate::migrate_alone(&self.options)?;
        Ok(())
    }

    fn go_on(&mut self) -> Result<(), MoveError> {
        Ok(migrate::refuse_other_schema(&mut self.conn)?)
    }

    fn transaction(&mut self, work: Work<'_>) -> Result<(), MoveError> {
        self.conn.transaction(|conn| work(conn))
    }

    fn alone(&mut self, work: Work<'_>) -> Result<(), MoveError> {
        self.conn.transaction(|conn| {
            hold_writers(conn, Side::Target)?;
            work(conn)
        })
    }

    fn settle(&mut self) -> QueryResult<()> {
        let tables = Table::ALL.map(Table::name).join(", ");
        self.conn.batch_execute(&format!("ANALYZE {tables}"))
    }
}

/// A connection that may take its time.
fn open(options: &PostgresOptions) -> Result<PgConnection, MoveError> {
    let mut conn = Server::alone(options).open()?;
    conn.batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        .map_err(|error| unusable(&error))?;
    Ok(conn)
}

fn unusable(error: &diesel::result::Error) -> OpenError {
    OpenError::Database(one_line(&error.to_string()))
}

/// Keeps everybody else from writing until the transaction ends.
fn hold_writers(conn: &mut PgConnection, side: Side) -> Result<(), MoveError> {
    // In the order in which writers take them, as far as there is one.
    conn.batch_execute(
        "LOCK TABLE idempotency_keys, groups, group_members, conversations, messages, participants, \
         seens, seen_ranges, users, files, blobs, uploads, file_releases, event_outbox, event_log, tickets, \
         events IN SHARE ROW EXCLUSIVE MODE",
    )
    .map_err(|error| MoveError::InUse {
        side,
        reason: one_line(&error.to_string()),
    })
}
