//! The ports of each noun, written once in diesel's typed queries and compiled once per backend.
//!
//! The module around this one gives `Conn`, the backend's connection; `Tx`, its transaction, whose
//! `read` and `write` run a query and put its failure into the port's terms, and which may remember
//! [`facts`]; `locks`; `given`, which tells what the database gave a row; `strands`, which looks for much at once; `event_intake`, the table
//! that events are added to; and `Loading`, how all rows of a table are read. Queries are spelled so that
//! each is one prepared statement: an absent bound of a page is a number that excludes nothing, not
//! another query; and what would be prepared anew each time goes through `prepared`.

mod blobs;
mod conversations;
mod events;
pub(super) mod facts;
mod files;
mod groups;
mod keys;
mod members;
mod messages;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod moving;
pub(super) mod prepared;
mod readers;
mod receipts;
mod recount;
mod releases;
mod tickets;
mod uploads;
mod users;

pub(super) use recount::{recount, repair};

use std::fmt::Display;

use diesel::result::DatabaseErrorKind::UniqueViolation;
use diesel::result::Error;

use super::{Conn, Loading, Tx, event_intake, given, locks, strands};
use crate::rows::{Queried, QueryError};

/// What an UPDATE has failed by that gives a name which was looked for before: another transaction may have
/// taken it since, and who looks again finds it.
pub(super) fn taken_meanwhile(error: Error) -> QueryError {
    match error {
        Error::DatabaseError(UniqueViolation, _) => {
            QueryError::Overtaken("a name was taken meanwhile".to_owned())
        }
        other => other.into(),
    }
}

/// Asserts that a statement about one row has changed one.
pub(super) fn one(changed: usize, row: impl Display) -> Queried<()> {
    match changed {
        1 => Ok(()),
        _ => Err(QueryError::Broken(format!(
            "{row}: {changed} rows were changed instead of one"
        ))),
    }
}
