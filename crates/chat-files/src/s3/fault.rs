//! What failures of a store of objects mean.

use chat_domain::ports::{BlobError, BlobResult};
use object_store::Error;

/// What this failure means. Whatever may pass, or an operator may mend, is `Unavailable`: a network, a
/// server, credentials.
pub(super) fn fault(error: Error) -> BlobError {
    match error {
        // Its name is in the body of the answer. Bytes that can't be looked for are not missing.
        Error::NotFound { source, .. } if source.to_string().contains("NoSuchBucket") => {
            BlobError::Unavailable(source.to_string())
        }
        Error::NotFound { .. } => BlobError::Missing,
        Error::Generic { .. }
        | Error::JoinError { .. }
        | Error::PermissionDenied { .. }
        | Error::Unauthenticated { .. } => BlobError::Unavailable(told(&error)),
        _ => BlobError::Broken(told(&error)),
    }
}

/// The error with what caused it: that a connection was refused, or a certificate, is said last.
pub(super) fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    text
}

/// Nothing was to be left, and nothing was there.
pub(super) fn gone_is_fine(result: object_store::Result<()>) -> BlobResult<()> {
    match result.map_err(fault) {
        Err(BlobError::Missing) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_found(answer: &str) -> Error {
        Error::NotFound {
            path: "blobs/ab/x".to_owned(),
            source: answer.into(),
        }
    }

    #[test]
    fn a_missing_bucket_is_not_missing_bytes() {
        assert_eq!(
            fault(not_found("<Code>NoSuchKey</Code>")),
            BlobError::Missing
        );
        let fault = fault(not_found("<Code>NoSuchBucket</Code>"));
        assert!(matches!(fault, BlobError::Unavailable(_)));
    }
}
