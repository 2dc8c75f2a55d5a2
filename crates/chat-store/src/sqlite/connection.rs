//! Connections to the database's file, and what has to be set on each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection};
use diesel::result::{ConnectionError, ConnectionResult, QueryResult};
use diesel::sqlite::SqliteConnection;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What may stand in a path of a URI as it is. Everything else is encoded, so that a `?` or `%` in a
/// file's name is not taken for syntax.
const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The database's file, and how long to wait while another program holds it locked.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    pub(super) busy_timeout: Duration,
}

impl Database {
    /// A connection that can write and is not set up yet; the file is created if it is missing.
    pub(super) fn create(&self) -> ConnectionResult<SqliteConnection> {
        SqliteConnection::establish(&uri(&self.path, "rwc"))
    }

    /// One more connection that writes. A file that is gone is not replaced by an empty one.
    pub(super) fn writer(&self) -> ConnectionResult<SqliteConnection> {
        let mut conn = self.existing()?;
        self.set_up_writer(&mut conn)
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }

    /// A connection to a file that is there, for reading alone; it is not set up yet.
    pub(super) fn reader(&self) -> ConnectionResult<SqliteConnection> {
        SqliteConnection::establish(&self.reader_uri())
    }

    /// A connection to a file that is there; it is not set up yet.
    pub(super) fn existing(&self) -> ConnectionResult<SqliteConnection> {
        SqliteConnection::establish(&uri(&self.path, "rw"))
    }

    /// Where a connection that only reads is made.
    pub(super) fn reader_uri(&self) -> String {
        uri(&self.path, "ro")
    }

    /// Makes a writing connection durable: a commit returns when the disk has it. Checkpoints are
    /// made beside it and never by a commit.
    pub(super) fn set_up_writer(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        self.set_busy_timeout(conn, self.busy_timeout)?;
        conn.batch_execute(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;",
        )
    }

    /// Keeps a reading connection from writing, should the file's mode ever be ignored.
    pub(super) fn set_up_reader(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        self.set_busy_timeout(conn, self.busy_timeout)?;
        conn.batch_execute(
            "PRAGMA query_only = ON;
             PRAGMA cache_size = -8192;
             PRAGMA temp_store = MEMORY;",
        )
    }

    /// The same for a connection that reads everything once: what it sorts may be larger than the
    /// memory, and goes to temporary files.
    pub(super) fn set_up_scanner(&self, conn: &mut SqliteConnection) -> QueryResult<()> {
        self.set_up_reader(conn)?;
        conn.batch_execute("PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;")
    }

    /// How long the connection waits for a lock.
    pub(super) fn set_busy_timeout(
        &self,
        conn: &mut SqliteConnection,
        timeout: Duration,
    ) -> QueryResult<()> {
        conn.batch_execute(&format!("PRAGMA busy_timeout = {}", timeout.as_millis()))
    }
}

pub(super) fn uri(path: &Path, mode: &str) -> String {
    let path = percent_encode(path.as_os_str().as_encoded_bytes(), IN_PATHS).to_string();
    // An empty authority, or else `//data` would be taken for one; and a place, or else `:memory:` would
    // not be a file.
    let place = if path.starts_with('/') { "//" } else { "./" };
    format!("file:{place}{path}?mode={mode}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_taken_for_syntax() {
        assert_eq!(
            uri(Path::new("/data/a?mode=rw#100% ä.db"), "ro"),
            "file:///data/a%3Fmode%3Drw%23100%25%20%C3%A4.db?mode=ro"
        );
        assert_eq!(uri(Path::new("chat.db"), "rw"), "file:./chat.db?mode=rw");
        assert_eq!(
            uri(Path::new(":memory:"), "rw"),
            "file:./%3Amemory%3A?mode=rw"
        );
        assert_eq!(
            uri(Path::new("//chat.db"), "rw"),
            "file:////chat.db?mode=rw"
        );
    }

    fn database(dir: &tempfile::TempDir) -> Database {
        Database {
            path: dir.path().join("chat.db"),
            busy_timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_reader_can_not_write() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir);
        let mut writer = database.create().unwrap();
        database.set_up_writer(&mut writer).unwrap();
        writer.batch_execute("CREATE TABLE t (n)").unwrap();
        let mut reader = SqliteConnection::establish(&database.reader_uri()).unwrap();
        let by_mode = reader.batch_execute("INSERT INTO t VALUES (1)");
        assert!(by_mode.unwrap_err().to_string().contains("readonly"));
        database.set_up_reader(&mut writer).unwrap();
        let by_pragma = writer.batch_execute("INSERT INTO t VALUES (1)");
        assert!(by_pragma.unwrap_err().to_string().contains("readonly"));
    }

    #[test]
    fn a_file_that_is_gone_is_not_replaced_by_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(&dir);
        assert!(database.writer().is_err());
        assert!(!database.path.exists());
    }
}
