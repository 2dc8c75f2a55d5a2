//! Rows as they are stored, and their way into the domain's types.
//!
//! A value that can't be read is an error that names its table, column and row; nothing is guessed.

mod blobs;
mod conversations;
mod events;
mod files;
mod groups;
mod keys;
mod messages;
mod receipts;
mod recount;
mod uploads;
mod users;

pub(crate) use blobs::BlobRow;
pub(crate) use conversations::{ConversationRow, ParticipantRow};
pub(crate) use events::EventRow;
pub(crate) use files::FileRow;
pub(crate) use groups::{GroupRow, MemberRow};
pub(crate) use keys::{KeyRow, owner};
pub(crate) use messages::MessageRow;
pub(crate) use receipts::{ReceiptRow, UnseenRow};
pub(crate) use recount::{ConversationEntryRow, CountedRow, MessageEntryRow, table_rows};
pub(crate) use uploads::UploadRow;
pub(crate) use users::UserRow;

use std::fmt::Display;

use chat_domain::ports::Conflict;

/// What a query comes to.
pub(crate) type Queried<T> = Result<T, QueryError>;

/// Why a query gave no answer, before the backend has put it into the terms of the port.
#[derive(Debug)]
pub(crate) enum QueryError {
    /// The database refused or failed.
    Database(diesel::result::Error),
    /// Something unique is there already.
    Taken(Conflict),
    /// Another transaction has the idempotency key, and has not ended in time.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(
            dead_code,
            reason = "where writes wait for each other anyway, a key waits for none"
        )
    )]
    KeyInFlight,
    /// Another transaction has changed since what was looked at before: it is found when all of it is done
    /// again.
    Overtaken(String),
    /// What is stored is not what it must be.
    Broken(String),
}

impl From<diesel::result::Error> for QueryError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Conflict> for QueryError {
    fn from(what: Conflict) -> Self {
        Self::Taken(what)
    }
}

/// Where a value stands, for the report when it can't be read.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    table: &'static str,
    key: i64,
    second_key: Option<i64>,
}

impl Place {
    /// In the row of `table` with this key.
    pub(crate) const fn row(table: &'static str, key: i64) -> Self {
        Self {
            table,
            key,
            second_key: None,
        }
    }

    /// In the row of `table` with this key of two columns.
    pub(crate) const fn pair(table: &'static str, key: i64, second: i64) -> Self {
        Self {
            table,
            key,
            second_key: Some(second),
        }
    }

    /// The value of a column as `parse` reads it.
    pub(crate) fn read<V, T, E: Display>(
        self,
        column: &str,
        value: V,
        parse: impl FnOnce(V) -> Result<T, E>,
    ) -> Queried<T> {
        parse(value).map_err(|error| self.broken(column, error))
    }

    /// The value of a column that may be NULL, as `parse` reads it.
    pub(crate) fn read_some<V, T, E: Display>(
        self,
        column: &str,
        value: Option<V>,
        parse: impl FnOnce(V) -> Result<T, E>,
    ) -> Queried<Option<T>> {
        value
            .map(|value| self.read(column, value, parse))
            .transpose()
    }

    /// The value of a column that must not be NULL in this row.
    pub(crate) fn required<T>(self, column: &str, value: Option<T>) -> Queried<T> {
        value.ok_or_else(|| self.broken(column, "must not be empty"))
    }

    /// What is wrong with the value of a column.
    pub(crate) fn broken(self, column: &str, problem: impl Display) -> QueryError {
        let Self { table, key, .. } = self;
        QueryError::Broken(match self.second_key {
            None => format!("{table}.{column} of row {key}: {problem}"),
            Some(second) => format!("{table}.{column} of row ({key}, {second}): {problem}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::UserId;

    use super::*;

    fn report(read: Queried<UserId>) -> String {
        match read.unwrap_err() {
            QueryError::Broken(report) => report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unreadable_value_is_named_by_table_column_and_row() {
        assert_eq!(
            report(Place::row("users", 7).read("id", 0, UserId::parse)),
            "users.id of row 7: must be an integer from 1 to 9007199254740991"
        );
        assert_eq!(
            report(Place::pair("seens", 7, 9).required("user_id", None)),
            "seens.user_id of row (7, 9): must not be empty"
        );
    }
}
