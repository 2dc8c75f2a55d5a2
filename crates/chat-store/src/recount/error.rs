//! Why nothing could be counted.

use crate::rows::QueryError;

/// Why a database could not be counted; `O` is why one of its kind can't be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecountError<O: std::error::Error + 'static> {
    /// It can't be opened.
    #[error(transparent)]
    Open(O),
    /// It was opened and can't be read through, or what is wrong can't be mended.
    #[error("the recount broke off ({0}): try again, or restore a backup (the README says how)")]
    Failed(String),
}

impl<O: std::error::Error> From<QueryError> for RecountError<O> {
    fn from(error: QueryError) -> Self {
        Self::Failed(match error {
            QueryError::Database(error) => error.to_string(),
            QueryError::Taken(what) => format!("{what:?} is taken"),
            QueryError::KeyInFlight => "a key is in use".to_owned(),
            QueryError::Overtaken(report) | QueryError::Broken(report) => report,
        })
    }
}
