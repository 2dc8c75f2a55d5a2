//! Work that blocks, and what its failures mean.

use std::io::{self, ErrorKind};
use std::path::Path;

use chat_domain::ports::{BlobError, BlobResult};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

/// Does this on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> BlobResult<T> + Send + 'static,
) -> BlobResult<T> {
    outcome(&mut spawn_blocking(work)).await
}

/// What came of work that was begun earlier.
pub(super) async fn outcome<T>(work: &mut JoinHandle<BlobResult<T>>) -> BlobResult<T> {
    work.await.unwrap_or_else(|error| Err(never_ended(&error)))
}

/// The runtime ends before the work has begun, or it panicked.
fn never_ended(error: &JoinError) -> BlobError {
    if error.is_panic() {
        BlobError::Broken(error.to_string())
    } else {
        BlobError::Unavailable(error.to_string())
    }
}

/// What a failure at this path means, unless that something is missing has a meaning there: a full or
/// failing disk, a lost mount, or too few rights, any of which may pass.
pub(super) fn unavailable(path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    move |error| BlobError::Unavailable(format!("{}: {error}", path.display()))
}

/// As [`unavailable`], where a missing file means that the bytes are.
pub(super) fn missing(path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    move |error| match error.kind() {
        ErrorKind::NotFound => BlobError::Missing,
        _ => unavailable(path)(error),
    }
}

/// Nothing was to be left, and nothing was there.
pub(super) fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
