//! What a move needs of the databases at its two ends.

use diesel::result::QueryResult;

use super::MoveError;
use super::note::Note;
use super::tables::{Key, Page, Table};

/// Reads what is moved.
pub(crate) trait Read {
    /// How many rows the table has.
    fn rows(&mut self, table: Table) -> QueryResult<u64>;

    /// The next rows of the table after this key.
    fn page(&mut self, table: Table, after: Option<&Key>) -> QueryResult<Page>;

    /// The last id that the table gave to a row, or the log to an event; 0 before the first.
    fn last_given(&mut self, table: Table) -> QueryResult<i64>;

    /// Which log it is and the position of its last event, as the log's own row has it.
    fn log(&mut self) -> QueryResult<Option<(String, i64)>>;
}

/// Writes what is moved.
pub(crate) trait Write: Read {
    /// The greatest key of the table.
    fn last_key(&mut self, table: Table) -> QueryResult<Option<Key>>;

    /// Inserts all rows.
    fn put(&mut self, page: &Page) -> QueryResult<()>;

    /// Inserts the row at `index` alone.
    fn put_one(&mut self, page: &Page, index: usize) -> QueryResult<()>;

    /// Takes away the identity that the log of a new database has.
    fn clear_log(&mut self) -> QueryResult<()>;

    /// Lets the table go on after this id, whatever it has given itself.
    fn give_after(&mut self, table: Table, last: i64) -> QueryResult<()>;

    /// What is said about the move under way; none while there is none.
    fn note(&mut self) -> QueryResult<Option<Note>>;

    /// Writes down that a move is under way.
    fn write_note(&mut self, note: &Note) -> QueryResult<()>;

    /// The move is over.
    fn drop_note(&mut self) -> QueryResult<()>;

    /// The first table that has a row, apart from the log's own of an empty log. Tables that are not
    /// there are empty.
    fn occupied(&mut self) -> QueryResult<Option<Table>>;
}

/// A database to be moved, which nobody changes while this lives.
pub(crate) trait Source {
    fn reader(&mut self) -> &mut dyn Read;
}

/// What is done in a transaction.
pub(crate) type Work<'w> = &'w mut dyn FnMut(&mut dyn Write) -> Result<(), MoveError>;

/// A database to move into, which no other move has while this lives.
pub(crate) trait Target {
    fn writer(&mut self) -> &mut dyn Write;

    /// Makes it ready to be written, in the schema of this version.
    fn prepare(&mut self) -> Result<(), MoveError>;

    /// Makes it ready where a move was begun. A schema that is not the one of this version is refused.
    fn go_on(&mut self) -> Result<(), MoveError>;

    /// Does this in one transaction.
    fn transaction(&mut self, work: Work<'_>) -> Result<(), MoveError>;

    /// The same while nobody else can write.
    fn alone(&mut self, work: Work<'_>) -> Result<(), MoveError>;

    /// Does what is better done after many rows have come.
    fn settle(&mut self) -> QueryResult<()>;
}
