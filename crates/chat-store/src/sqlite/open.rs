//! Why a database can't be opened.

use std::path::{Path, PathBuf};

/// Why a database can't be opened. Each says in one sentence what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another store of this one, has the database open.
    #[error(
        "the database {} is in use by another process: end that one, or use another file",
        path.display()
    )]
    Locked {
        /// The database's file.
        path: PathBuf,
    },
    /// The database was made by a later version of this program.
    #[error(
        "the database has migration {version}, which this version does not know: use a newer one"
    )]
    Newer {
        /// The first migration that is unknown.
        version: String,
    },
    /// The database was made by an earlier version of this program, or is empty.
    #[error("the database lacks migration {version}: bring it up to date with migrate first")]
    Older {
        /// The first migration that is missing.
        version: String,
    },
    /// What was moved into the database has not all arrived.
    #[error(
        "a move into this database was broken off: run it again to its end, or use another database"
    )]
    HalfMoved,
    /// There is no database, and this is no way to make one.
    #[error("there is no database {}: give the path of one", path.display())]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file can't be read.
    #[error(
        "{} can't be read ({reason}): let this user read it and write its directory, or use another",
        path.display()
    )]
    Unreadable {
        /// The file that was to be read.
        path: PathBuf,
        /// What the system or the database said.
        reason: String,
    },
    /// The file is something else than a SQLite database.
    #[error("{} is not a SQLite database: use another file, or move it away", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The directory of the database is missing.
    #[error("the directory of {} does not exist: make it, or use another", path.display())]
    NoDirectory {
        /// The database's file.
        path: PathBuf,
    },
    /// The file, or its directory, can't be written.
    #[error(
        "{} can't be written ({reason}): let this user write it and its directory, or use another",
        path.display()
    )]
    Unwritable {
        /// The file that was to be written.
        path: PathBuf,
        /// What the system or the database said.
        reason: String,
    },
    /// A migration failed and was undone; those before it stay.
    #[error(
        "the database can't be brought up to date ({0}): restore a backup (the README says how), or use another file"
    )]
    Migration(String),
    /// The database does not do what it must.
    #[error(
        "the database can't be opened ({0}): restore a backup (the README says how), or use another file"
    )]
    Database(String),
}

impl OpenError {
    /// What `text`, the message of a failure while opening the file at `path` for reading, means.
    pub(super) fn from_text_of_reading(path: &Path, text: String) -> Self {
        match Self::from_text(path, text) {
            Self::Unwritable { path, reason } => Self::Unreadable { path, reason },
            other => other,
        }
    }

    /// What `text`, the message of a failure while opening the file at `path`, means.
    pub(super) fn from_text(path: &Path, text: String) -> Self {
        let path = path.to_path_buf();
        if text.contains("not a database") {
            Self::NotADatabase { path }
        } else if text.contains("readonly database") || text.contains("unable to open") {
            Self::Unwritable { path, reason: text }
        } else {
            Self::Database(text)
        }
    }
}
