//! What the failures of diesel and SQLite mean in the terms of the port.
//!
//! SQLite tells most of its failures by their message alone, so this is the one place that reads
//! messages. What is unique on purpose is asked for by the queries, and never comes here as an error.

use chat_domain::ports::StoreError;
use diesel::result::DatabaseErrorKind::{
    CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation,
};
use diesel::result::Error;

use crate::rows::QueryError;

/// A failure in the port's terms.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    /// Whether SQLite may have ended the transaction. Whatever is written after would be committed by
    /// itself, so nothing more may be.
    pub(super) fatal: bool,
}

/// What a failed query means.
pub(super) fn of_query(error: QueryError) -> Failure {
    match error {
        QueryError::Broken(report) => harmless(StoreError::Broken(report)),
        QueryError::Taken(what) => harmless(StoreError::Conflict(what)),
        QueryError::KeyInFlight => harmless(StoreError::KeyInFlight),
        // There is one writer, and it is overtaken by none.
        QueryError::Overtaken(what) => harmless(StoreError::Broken(what)),
        QueryError::Database(error) => of_database(&error),
    }
}

/// What a failure of the database means.
pub(super) fn of_database(error: &Error) -> Failure {
    match error {
        // A broken constraint undoes its statement and leaves the transaction as it was.
        Error::DatabaseError(
            UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation,
            info,
        ) => harmless(StoreError::Broken(info.message().into())),
        Error::NotFound
        | Error::DeserializationError(_)
        | Error::SerializationError(_)
        | Error::QueryBuilderError(_) => harmless(StoreError::Broken(error.to_string())),
        // Full, I/O, out of memory, locked, interrupted, corrupt: each of these can end the
        // transaction, and what is not known is taken for one of them.
        _ => Failure {
            error: StoreError::Unavailable(error.to_string()),
            fatal: true,
        },
    }
}

/// What a failed commit means.
pub(super) fn of_commit(error: &Error) -> StoreError {
    let text = error.to_string();
    // Nothing of the transaction has reached the log of the database in these.
    if text.contains("is full") || text.contains("is locked") {
        StoreError::Unavailable(text)
    } else {
        StoreError::OutcomeUnknown(text)
    }
}

const fn harmless(error: StoreError) -> Failure {
    Failure {
        error,
        fatal: false,
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind::{self, Unknown};
    use rstest::rstest;

    use super::*;

    fn failure(kind: DatabaseErrorKind, message: &str) -> Error {
        Error::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[rstest]
    #[case("database or disk is full")]
    #[case("disk I/O error")]
    #[case("database is locked")]
    #[case("database disk image is malformed")]
    #[case("cannot rollback - no transaction is active")]
    #[case("something new")]
    fn what_may_have_ended_the_transaction_is_fatal(#[case] message: &str) {
        let Failure { error, fatal } = of_database(&failure(Unknown, message));
        assert_eq!(error, StoreError::Unavailable(message.into()));
        assert!(fatal);
    }

    #[rstest]
    #[case::unknown_unique(UniqueViolation, "UNIQUE constraint failed: seens.message_id")]
    #[case::foreign(ForeignKeyViolation, "FOREIGN KEY constraint failed")]
    #[case::check(CheckViolation, "CHECK constraint failed: last_seq >= 0")]
    fn a_broken_constraint_is_a_defect_and_not_fatal(
        #[case] kind: DatabaseErrorKind,
        #[case] message: &str,
    ) {
        let Failure { error, fatal } = of_database(&failure(kind, message));
        assert_eq!(error, StoreError::Broken(message.into()));
        assert!(!fatal);
    }

    #[rstest]
    #[case("disk I/O error", false)]
    #[case("cannot commit - no transaction is active", false)]
    #[case("database or disk is full", true)]
    #[case("database is locked", true)]
    fn a_failed_commit_says_whether_anything_was_done(#[case] message: &str, #[case] undone: bool) {
        let expected = match undone {
            true => StoreError::Unavailable(message.into()),
            false => StoreError::OutcomeUnknown(message.into()),
        };
        assert_eq!(of_commit(&failure(Unknown, message)), expected);
    }
}
