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
        | Error::Unauthenticated { .. } => BlobError::Unavailable(error.to_string()),
        _ => BlobError::Broken(error.to_string()),
    }
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
