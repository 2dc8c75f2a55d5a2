//! What the failures of diesel and PostgreSQL mean in the terms of the port.
//!
//! Diesel hands on the text of a failure but not its code, except for a few kinds. So this is the one
//! place that reads messages. Those of a server in another language are not known; what is not known
//! is run again when that is safe, and is told as `Unavailable` then.

use chat_domain::ports::StoreError;
use diesel::result::DatabaseErrorKind::{
    CheckViolation, ClosedConnection, ExclusionViolation, ForeignKeyViolation, NotNullViolation,
    ReadOnlyTransaction, RestrictViolation, SerializationFailure, UnableToSendCommand,
    UniqueViolation, Unknown,
};
use diesel::result::Error;

use super::open::one_line;
use crate::rows::QueryError;

/// A failure in the port's terms.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    pub(super) after: After,
}

/// What can be done after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The transaction goes on: the database has not failed.
    GoOn,
    /// The transaction is over.
    RollBack,
    /// The transaction is over, and may go well when it is run again.
    RunAgain,
    /// The connection is of no more use.
    Reconnect,
}

/// What a failed query means.
pub(super) fn of_query(error: QueryError) -> Failure {
    let (error, after) = match error {
        QueryError::Broken(report) => (StoreError::Broken(report), After::GoOn),
        QueryError::Taken(what) => (StoreError::Conflict(what), After::GoOn),
        // The statement that waited has failed, and the transaction with it.
        QueryError::KeyInFlight => (StoreError::KeyInFlight, After::RollBack),
        QueryError::Overtaken(what) => (StoreError::Unavailable(what), After::RunAgain),
        QueryError::Database(error) => return of_database(&error),
    };
    Failure { error, after }
}

/// What a failure of the database means. PostgreSQL ends a transaction at any failure of a statement.
pub(super) fn of_database(error: &Error) -> Failure {
    let text = || one_line(&error.to_string());
    let (error, after) = match error {
        Error::DatabaseError(ClosedConnection | UnableToSendCommand, _)
        | Error::BrokenTransactionManager
        | Error::RollbackErrorOnCommit { .. } => {
            (StoreError::Unavailable(text()), After::Reconnect)
        }
        // A primary that has become a standby: another connection may lead to the new one.
        Error::DatabaseError(ReadOnlyTransaction, _) => {
            (StoreError::Unavailable(text()), After::Reconnect)
        }
        Error::DatabaseError(SerializationFailure, _) => {
            (StoreError::Unavailable(text()), After::RunAgain)
        }
        Error::DatabaseError(
            UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation
            | RestrictViolation | ExclusionViolation,
            info,
        ) => (
            StoreError::Broken(one_line(info.message())),
            After::RollBack,
        ),
        Error::DatabaseError(Unknown, info) => of_message(info.message()),
        Error::DatabaseError(..) => (StoreError::Unavailable(text()), After::RollBack),
        Error::NotFound
        | Error::DeserializationError(_)
        | Error::SerializationError(_)
        | Error::QueryBuilderError(_) => (StoreError::Broken(text()), After::RollBack),
        _ => (StoreError::Unavailable(text()), After::RollBack),
    };
    Failure { error, after }
}

/// What the server, or libpq about its connection, says in English.
fn of_message(message: &str) -> (StoreError, After) {
    let message = one_line(message);
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    let lost = [
        "server closed the connection",
        "no connection to the server",
        "terminating connection",
        "could not receive data",
        "could not send data",
        "connection not open",
        "the database system is",
        "SSL SYSCALL error",
        "SSL error",
    ];
    // Of the program itself, and not of the moment.
    let defects = ["does not exist", "syntax error", "invalid byte sequence"];
    let after = if says(&lost) {
        After::Reconnect
    } else if says(&["lock timeout", "statement timeout", "permission denied"]) {
        After::RollBack
    } else if says(&defects) {
        return (StoreError::Broken(message), After::RollBack);
    } else {
        After::RunAgain
    };
    (StoreError::Unavailable(message), after)
}

/// Whether a statement has waited for a lock as long as it may.
pub(super) fn is_lock_timeout(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(Unknown, info) if info.message().contains("lock timeout"))
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;
    use rstest::rstest;

    use super::*;

    fn failure(kind: DatabaseErrorKind, message: &str) -> Failure {
        of_database(&Error::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[rstest]
    #[case(Unknown, "deadlock detected", After::RunAgain)]
    #[case(Unknown, "Verklemmung (Deadlock) entdeckt", After::RunAgain)]
    #[case(
        SerializationFailure,
        "could not serialize access due to concurrent update",
        After::RunAgain
    )]
    #[case(Unknown, "canceling statement due to lock timeout", After::RollBack)]
    #[case(
        Unknown,
        "canceling statement due to statement timeout",
        After::RollBack
    )]
    #[case(
        Unknown,
        "server closed the connection unexpectedly\n\tThis probably means …",
        After::Reconnect
    )]
    #[case(
        Unknown,
        "terminating connection due to administrator command",
        After::Reconnect
    )]
    #[case(Unknown, "the database system is shutting down", After::Reconnect)]
    #[case(ClosedConnection, "", After::Reconnect)]
    #[case(UnableToSendCommand, "", After::Reconnect)]
    #[case(
        ReadOnlyTransaction,
        "cannot execute INSERT in a read-only transaction",
        After::Reconnect
    )]
    fn a_failure_of_the_moment_is_unavailable(
        #[case] kind: DatabaseErrorKind,
        #[case] message: &str,
        #[case] after: After,
    ) {
        let Failure { error, after: then } = failure(kind, message);
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert_eq!(then, after);
    }

    #[rstest]
    #[case(UniqueViolation, "duplicate key value violates unique constraint")]
    #[case(ForeignKeyViolation, "violates foreign key constraint")]
    #[case(CheckViolation, "violates check constraint")]
    #[case(Unknown, "relation \"users\" does not exist")]
    fn a_defect_is_told_as_one_and_not_run_again(
        #[case] kind: DatabaseErrorKind,
        #[case] message: &str,
    ) {
        let Failure { error, after } = failure(kind, message);
        assert_eq!(error, StoreError::Broken(message.into()));
        assert_eq!(after, After::RollBack);
    }
}
