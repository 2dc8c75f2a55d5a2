//! A database's file at either end of a move, which no server has open meanwhile.

use std::fmt::Display;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;

use super::connection::Database;
use super::lock::FileLock;
use super::migrate;
use super::recount::existing;
use super::{OpenError, SqliteOptions};
use crate::moving::MoveError;
use crate::moving::ends::{self, Read, Work, Write};

/// A file to be moved.
pub(crate) struct Source {
    /// In a transaction that lasts as long as this does.
    conn: SqliteConnection,
    _lock: FileLock,
}

impl Source {
    /// Opens a database that must be there, in the schema of this version.
    pub(crate) fn open(options: &SqliteOptions) -> Result<Self, MoveError> {
        let database = existing(options)?;
        let lock = FileLock::take(&database.path)?;
        let failed = |error: &dyn Display| {
            OpenError::from_text_of_reading(&database.path, error.to_string())
        };
        let mut conn = database.reader().map_err(|error| failed(&error))?;
        migrate::refuse_other(&mut conn, &database.path)?;
        database
            .set_up_scanner(&mut conn)
            .and_then(|()| AnsiTransactionManager::begin_transaction(&mut conn))
            .map_err(|error| failed(&error))?;
        Ok(Self { conn, _lock: lock })
    }
}

impl ends::Source for Source {
    fn reader(&mut self) -> &mut dyn Read {
        &mut self.conn
    }
}

/// A file to move into.
pub(crate) struct Target {
    conn: SqliteConnection,
    database: Database,
    _lock: FileLock,
}

impl Target {
    /// Opens the file, which is made if it is missing.
    pub(crate) fn open(options: &SqliteOptions) -> Result<Self, MoveError> {
        let lock = FileLock::take(&options.path)?;
        let database = Database {
            path: options.path.clone(),
            busy_timeout: options.busy_timeout,
        };
        let failed = |error: &dyn Display| OpenError::from_text(&options.path, error.to_string());
        let mut conn = database.create().map_err(|error| failed(&error))?;
        // Nothing is written before it is known what this is, not even the journal's mode.
        database
            .set_busy_timeout(&mut conn, database.busy_timeout)
            .and_then(|()| Write::note(&mut conn).map(drop))
            .map_err(|error| failed(&error))?;
        Ok(Self {
            conn,
            database,
            _lock: lock,
        })
    }

    /// Checkpoints are made by commits: nobody else does, and what a page brings is much.
    fn set_up(&mut self) -> Result<(), OpenError> {
        self.database
            .set_up_writer(&mut self.conn)
            .and_then(|()| self.conn.batch_execute("PRAGMA wal_autocheckpoint = 16384"))
            .map_err(|error| OpenError::from_text(&self.database.path, error.to_string()))
    }
}

impl ends::Target for Target {
    fn writer(&mut self) -> &mut dyn Write {
        &mut self.conn
    }

    fn prepare(&mut self) -> Result<(), MoveError> {
        (self.conn, _) = migrate::open_migrated(&self.database)?;
        Ok(self.set_up()?)
    }

    fn go_on(&mut self) -> Result<(), MoveError> {
        migrate::refuse_other_schema(&mut self.conn, &self.database.path)?;
        Ok(self.set_up()?)
    }

    fn transaction(&mut self, work: Work<'_>) -> Result<(), MoveError> {
        self.conn.immediate_transaction(|conn| work(conn))
    }

    fn alone(&mut self, work: Work<'_>) -> Result<(), MoveError> {
        // Only one writes at any time.
        self.transaction(work)
    }

    fn settle(&mut self) -> QueryResult<()> {
        Ok(())
    }
}
