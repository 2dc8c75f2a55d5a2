//! Where files are kept, and by which rules.

use std::sync::Arc;
use std::time::Duration;

use chat_domain::ports::{BlobStore, Media};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Locks;
use super::thumbnails::Thumbnails;
use crate::ServiceError;

/// What a service needs to keep files.
#[derive(Clone)]
pub struct FileOptions {
    /// Where their bytes are kept.
    pub blobs: Arc<dyn BlobStore>,
    /// What knows their formats.
    pub media: Arc<dyn Media>,
    /// The most bytes of a file.
    pub max_size: u64,
    /// How long a file that no message uses stays, and an upload that nobody goes on with. Whoever
    /// brings a file must be done with its record within that time after its last byte.
    pub grace: Duration,
}

/// How many files come in at once. Each takes memory while it does: one or two MiB where a disk keeps
/// it, up to 16 MiB where S3 does, so that together they come to 256 MiB, or 2 GiB, at the most.
const INCOMING_AT_ONCE: usize = 128;

/// The options, and what is remembered beside them; one for all clones of a service.
pub(crate) struct Shelf {
    pub(crate) options: FileOptions,
    pub(crate) locks: Locks,
    incoming: Arc<Semaphore>,
    pub(super) thumbnails: Thumbnails,
}

impl Shelf {
    pub(crate) fn new(options: FileOptions) -> Self {
        Self {
            options,
            locks: Locks::default(),
            incoming: Arc::new(Semaphore::new(INCOMING_AT_ONCE)),
            thumbnails: Thumbnails::new(),
        }
    }

    /// Room for one more file to come in; `Overloaded` when as many come as may.
    pub(crate) fn room(&self) -> Result<OwnedSemaphorePermit, ServiceError> {
        let room = Arc::clone(&self.incoming).try_acquire_owned();
        room.map_err(|_| ServiceError::Overloaded)
    }
}

/// A service that was given no place for files has none that is available.
pub(crate) fn none() -> ServiceError {
    let cause = "this service was given no place for files";
    chat_domain::ports::BlobError::Unavailable(cause.to_owned()).into()
}
