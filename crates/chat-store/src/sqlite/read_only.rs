//! A store that only reads, beside whoever has the database open.

use chat_domain::ports::{Cost, LogWatcher, ReadJob, Refused, Store, StoreError, WriteJob};

use super::readers::{self, Readers};
use super::recount::existing;
use super::{OpenError, SqliteOptions, migrate};

/// A [`Store`] over a SQLite file that another store may have open: it changes nothing, and refuses
/// every write as `Unavailable`. Reads of any cost run on the caller's thread.
pub struct ReadOnlySqliteStore(Readers);

impl ReadOnlySqliteStore {
    /// Opens a database that must be there, in the schema of this version.
    ///
    /// # Errors
    /// If there is no database, its schema is not that of this version, or it can't be read.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let database = existing(options)?;
        let unreadable = |error| OpenError::from_text_of_reading(&database.path, error);
        let mut conn = database
            .reader()
            .map_err(|error| unreadable(error.to_string()))?;
        migrate::refuse_other(&mut conn, &database.path)?;
        let readers = Readers::open(&database, options.readers);
        readers
            .map(Self)
            .map_err(|error| unreadable(error.to_string()))
    }
}

impl Store for ReadOnlySqliteStore {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        let cause = "it was opened for reading alone".to_owned();
        Err((StoreError::Unavailable(cause), job))
    }

    /// What is written is another store's.
    fn watch_log(&self, _: LogWatcher) {}

    fn submit_read(&self, _: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        match self.0.get() {
            Ok(conn) => {
                readers::read(conn, job);
                Ok(())
            }
            Err(error) => Err((error, job)),
        }
    }
}
