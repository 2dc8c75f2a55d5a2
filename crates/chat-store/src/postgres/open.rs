//! Why a database can't be opened.

use super::connection::HELD;

/// Why a database can't be opened. Each says in one sentence what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nobody answers there, or not to this user.
    #[error("PostgreSQL can't be reached ({0}): start it, or mend the URL of the database")]
    Unreachable(String),
    /// The URL, or a variable of libpq, asks for TLS, which a build without `postgres-tls` has not.
    #[error(
        "the URL of the database, or PGSSLMODE, asks for TLS, which this build does not have: build with \
         the feature postgres-tls, or say sslmode=disable for a server on this machine or a private network"
    )]
    NoTls,
    /// Somebody is alone with the database.
    #[error("a repair or a move has the database for itself: wait until it is over")]
    Held,
    /// A node is connected, where none may be, or somebody else is alone with the database.
    #[error("the database is in use by a node, a repair or a move: end all of them first")]
    InUse,
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
    /// The server or the database is not one that this program can use.
    #[error("{0}")]
    Unfit(String),
    /// A migration failed and was undone; those before it stay.
    #[error(
        "the database can't be brought up to date ({0}): let this role make tables, or restore a backup"
    )]
    Migration(String),
    /// The database does not do what it must.
    #[error("the database can't be opened ({0}): mend that, or use another database")]
    Database(String),
}

impl OpenError {
    /// What a failure to connect means.
    pub(super) fn of_connecting(error: &diesel::ConnectionError) -> Self {
        let text = one_line(&error.to_string());
        if text.contains(HELD) {
            Self::Held
        } else if text.contains("SSL support is not compiled in") {
            Self::NoTls
        } else {
            Self::Unreachable(text)
        }
    }
}

/// libpq says a line for each address that it has tried.
pub(super) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").trim().to_owned()
}
