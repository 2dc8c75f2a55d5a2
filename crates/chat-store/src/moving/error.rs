//! Why nothing was moved, or not all.

use super::Report;
use super::tables::{Key, Table};
use crate::{postgres, sqlite};

/// Why a move did not come to its end. Each says in one sentence what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// A SQLite database can't be opened.
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    /// A PostgreSQL database can't be opened.
    #[error(transparent)]
    Postgres(#[from] postgres::OpenError),
    /// Somebody is writing to the source or to the target.
    #[error("the {side} is in use ({reason}): stop every server on it, and run the move again")]
    InUse {
        /// Which.
        side: Side,
        /// What the database said.
        reason: String,
    },
    /// There is something in the target.
    #[error(
        "the target is not empty, its table {table} has rows: move into a database that has none"
    )]
    NotEmpty {
        /// The first table with rows.
        table: &'static str,
    },
    /// The target has a part of another database.
    #[error(
        "into the target a move of another database was begun, of the log {log_id}: run that one \
         again to its end, or move into another database"
    )]
    OtherSource {
        /// The log of the database that was being moved.
        log_id: String,
    },
    /// The source is not what it was when the move was begun.
    #[error(
        "the source has changed since the move was begun ({0}): move into another database, which \
         is empty"
    )]
    SourceChanged(String),
    /// The source contradicts itself in what the target would go on from.
    #[error("the source can't be moved ({0}): mend it with recount --repair, or restore a backup")]
    Unsound(String),
    /// The target has not taken a row that the source has.
    #[error(
        "the target refuses the row {key} of {table} ({reason}): mend it in the source, and move \
         into another database"
    )]
    Refused {
        /// The table.
        table: &'static str,
        /// The row's key; several columns stand in parentheses.
        key: String,
        /// What the database said.
        reason: String,
    },
    /// A database has failed; what was moved until then stays.
    #[error("the move broke off {doing} ({reason}): run it again, and it goes on from there")]
    Failed {
        /// What it was doing.
        doing: String,
        /// What the database said.
        reason: String,
    },
    /// All was copied, and the sides are not equal. A target that was not used yet stays unusable.
    #[error("the target is not equal to the source: move into another database, which is empty")]
    Differs(Box<Report>),
}

/// One of the two databases of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that is read.
    Source,
    /// The one that is written.
    Target,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

impl MoveError {
    pub(crate) fn failed(doing: impl Into<String>, error: &diesel::result::Error) -> Self {
        Self::Failed {
            doing: doing.into(),
            reason: one_line(&error.to_string()),
        }
    }

    pub(crate) fn refused(table: Table, key: &Key, error: &diesel::result::Error) -> Self {
        Self::Refused {
            table: table.name(),
            key: key.to_string(),
            reason: one_line(&error.to_string()),
        }
    }
}

/// What begins or ends a transaction has failed.
impl From<diesel::result::Error> for MoveError {
    fn from(error: diesel::result::Error) -> Self {
        Self::failed("at the end of a transaction", &error)
    }
}

/// Databases say some things in several.
pub(crate) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").trim().to_owned()
}
