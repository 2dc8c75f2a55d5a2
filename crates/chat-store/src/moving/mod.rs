//! Moving everything from one database into another, of the same kind or of the other one.
//!
//! Ids, places, positions and the identity of the log stay what they are: whoever has followed the one
//! database follows the other, with the cursor that it has.
//!
//! - `tables` are the tables as they are moved, and `checksum` what their rows come to.
//! - `ends` is what a move needs of a database. The queries are in `queries::moving`, once for all
//!   backends; how a database is opened and kept from others is in each backend's `moving`.
//! - `note` is what the target says about a move while it is under way, so that it can go on.
//! - `course` is the move itself.

pub(crate) mod checksum;
mod course;
pub(crate) mod ends;
mod error;
pub(crate) mod note;
mod progress;
mod report;
pub(crate) mod tables;

pub use checksum::Checksum;
pub use error::{MoveError, Side};
pub use progress::{Phase, Progress};
pub use report::{Contents, Report, TableReport};

pub(crate) use error::one_line;

use crate::{PostgresOptions, SqliteOptions, postgres, sqlite};

/// A database of either kind.
#[derive(Clone, Debug)]
pub enum Database {
    /// In a file.
    Sqlite(SqliteOptions),
    /// On a server.
    Postgres(PostgresOptions),
}

/// Moves everything from one database into another, which must be empty; a file that is missing is made,
/// and the target gets the schema of this version. `progress` hears after every page how many rows of how many are
/// done.
///
/// The source is left as it is; only events that PostgreSQL has not put into the log yet are put there
/// first. No server may run on either of them meanwhile, and none may run on the source after that: it
/// is the same log, and would go on differently.
///
/// A move that was broken off, in whatever way, goes on when this is called again with the same two; one
/// that has come to its end is only verified again, as long as neither has changed.
/// Until it has come to its end, nothing else opens the target. At the end both sides are compared, in
/// the transaction that gives the target its log: a target that is not equal to the source is never one
/// that opens.
///
/// ```no_run
/// use chat_store::moving::{Database, relocate};
/// use chat_store::{PostgresOptions, SqliteOptions};
///
/// # fn main() -> Result<(), chat_store::moving::MoveError> {
/// let from = Database::Sqlite(SqliteOptions::new("data/chat.db"));
/// let to = Database::Postgres(PostgresOptions::new("postgres://chat@db.example.org/chat"));
/// let report = relocate(&from, &to, &mut |now| {
///     eprintln!("{} of {} rows, now {}", now.done, now.total, now.table);
/// })?;
/// for table in &report.tables {
///     println!("{}: {} rows, {}", table.table, table.to.rows, table.to.checksum);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If one of them can't be opened or is in use; the source has another schema than that of this
/// version; the target has rows, or a part of another source or of another state of this one; the
/// target refuses a row; a database fails; or the sides differ in the end.
pub fn relocate(
    from: &Database,
    to: &Database,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, MoveError> {
    let mut source: Box<dyn ends::Source> = match from {
        Database::Sqlite(options) => Box::new(sqlite::moving::Source::open(options)?),
        Database::Postgres(options) => Box::new(postgres::moving::Source::open(options)?),
    };
    let mut target: Box<dyn ends::Target> = match to {
        Database::Sqlite(options) => Box::new(sqlite::moving::Target::open(options)?),
        Database::Postgres(options) => Box::new(postgres::moving::Target::open(options)?),
    };
    course::run(&mut *source, &mut *target, progress)
}
