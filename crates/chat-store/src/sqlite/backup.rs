//! A copy of a database, made beside the server that uses it.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::connection::{Database, uri};
use super::{OpenError, SqliteOptions, migrate, recount};
use crate::schema::event_log;

/// Why a backup could not be made. Nothing is left of it then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database can't be opened, or the copy's directory can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something has the name that the copy was to get.
    #[error(
        "{} exists, and a backup replaces nothing: choose another name, or move it away",
        path.display()
    )]
    Exists {
        /// The copy's file, or one beside it that SQLite would take for the copy's.
        path: PathBuf,
    },
    /// The copy was to get an empty name.
    #[error("the copy has no name: give the path of a file that does not exist")]
    NoName,
    /// The copy has a beginning.
    #[error(
        "{} exists: another backup is writing it, or one was killed; wait for it, or remove the file",
        path.display()
    )]
    Begun {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The copy could not be finished.
    #[error("the backup broke off ({0}): make room for a second copy, or choose another disk")]
    Failed(String),
}

/// Writes a copy of the database to `target`, which must not exist, and gives the copy a new id of its
/// log: whoever has followed the one can't take the other for it.
///
/// It runs beside an open store; the copy is the database of the moment at which it began, in one file
/// that any store opens. It takes its name when all of it is on the disk. While it is being written,
/// the write-ahead log of the database can't start anew and grows with what is written.
///
/// # Errors
/// If there is no database, a newer version made it, `target` or a journal of that name exists, or it
/// can't be written.
pub fn backup(options: &SqliteOptions, target: &Path) -> Result<(), BackupError> {
    let database = recount::existing(options)?;
    if target.as_os_str().is_empty() {
        return Err(BackupError::NoName);
    }
    free(target)?;
    let unreadable =
        |error: ConnectionError| OpenError::from_text_of_reading(&database.path, error.to_string());
    let mut conn = database.reader().map_err(unreadable)?;
    migrate::refuse_foreign(&mut conn, &database.path)?;
    let part = Part::begin(target)?;
    copy(&mut conn, &database, &part).map_err(|error| BackupError::Failed(error.to_string()))?;
    part.sync_like(&database.path)
        .and_then(|()| part.take_name(target))
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => BackupError::Exists {
                path: target.to_path_buf(),
            },
            _ => BackupError::Failed(error.to_string()),
        })
}

/// What SQLite looks for beside a database. Left from another one, it would be taken for the copy's
/// when that is opened, and written over it.
const BESIDE: [&str; 3] = ["-wal", "-journal", "-shm"];

/// Asks for all names before the work, so that it is not done for nothing; that no copy is replaced does
/// not rest on it.
fn free(target: &Path) -> Result<(), BackupError> {
    let beside = BESIDE.map(|end| with_end(target, end));
    for path in std::iter::once(target.to_path_buf()).chain(beside) {
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path });
        }
    }
    Ok(())
}

/// The path of what lies beside a file under its name and `end`.
fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

/// Copies all of the database, and makes the copy's log another one.
fn copy(conn: &mut SqliteConnection, database: &Database, part: &Part) -> QueryResult<()> {
    database.set_busy_timeout(conn, database.busy_timeout)?;
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(uri(&part.0, "rw"))
        .execute(conn)?;
    let copy = Database {
        path: part.0.clone(),
        busy_timeout: database.busy_timeout,
    };
    let mut conn = copy.existing().map_err(failed)?;
    let changed = diesel::update(event_log::table.find(1))
        .set(event_log::log_id.eq(sql::<Text>("lower(hex(randomblob(16)))")))
        .execute(&mut conn)?;
    match changed {
        1 => Ok(()),
        _ => Err(failed("the table event_log has no row")),
    }
}

/// What went wrong without a statement having failed.
fn failed(reason: impl Into<Box<dyn Error + Send + Sync>>) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(reason.into())
}

/// The copy while it has no name yet: a file beside the one it will be, gone when this is dropped.
struct Part(PathBuf);

impl Part {
    /// Begins an empty file, which nobody else may read yet.
    fn begin(target: &Path) -> Result<Self, BackupError> {
        let path = with_end(target, ".part");
        let unwritable = |reason: io::Error| match reason.kind() {
            ErrorKind::AlreadyExists => BackupError::Begun { path: path.clone() },
            ErrorKind::NotFound => OpenError::NoDirectory {
                path: target.to_path_buf(),
            }
            .into(),
            _ => OpenError::Unwritable {
                path: target.to_path_buf(),
                reason: reason.to_string(),
            }
            .into(),
        };
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(unwritable)?;
        Ok(Self(path))
    }

    /// Lets whoever may read the database read the copy, and waits until the disk has it.
    fn sync_like(&self, database: &Path) -> io::Result<()> {
        let file = File::options().write(true).open(&self.0)?;
        file.set_permissions(fs::metadata(database)?.permissions())?;
        file.sync_all()
    }

    /// Gives it its name, if that is free at this moment.
    fn take_name(&self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.0, target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
            // Not every file system has links. There the name is taken by an empty file first.
            Err(_) => {
                File::create_new(target)?;
                fs::rename(&self.0, target)
                    .inspect_err(|_| fs::remove_file(target).unwrap_or_default())?;
            }
        }
        sync_directory(target)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                log::warn!("{} can't be removed: {error}", self.0.display());
            }
            _ => {}
        }
    }
}

/// Waits until the disk has the names in the directory of `path`.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

/// A directory can't be opened as a file here.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
