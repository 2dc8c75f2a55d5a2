//! Where files are kept, and by which rules.

use std::sync::Arc;
use std::time::Duration;

use chat_domain::ports::{BlobStore, Media};

use super::Locks;
use super::incoming::Incoming;
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

/// The options, and what is remembered beside them; one for all clones of a service.
pub(crate) struct Shelf {
    pub(crate) options: FileOptions,
    pub(crate) locks: Locks,
    pub(super) incoming: Incoming,
    pub(super) thumbnails: Thumbnails,
}

impl Shelf {
    pub(crate) fn new(options: FileOptions) -> Self {
        Self {
            options,
            locks: Locks::default(),
            incoming: Incoming::new(),
            thumbnails: Thumbnails::new(),
        }
    }
}

/// A service that was given no place for files has none that is available.
pub(crate) fn none() -> ServiceError {
    let cause = "this service was given no place for files";
    chat_domain::ports::BlobError::Unavailable(cause.to_owned()).into()
}
