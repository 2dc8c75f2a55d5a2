//! Where a host or a test can stand between the service and what it runs on, to watch what is asked or
//! to make it fail.

use std::sync::Arc;

use chat_domain::ports::{BlobStore, Store};

type Wrap<T> = Box<dyn FnOnce(Arc<T>) -> Arc<T> + Send>;

/// What stands between; by default nothing.
pub struct Seams {
    pub(crate) store: Wrap<dyn Store>,
    pub(crate) blobs: Wrap<dyn BlobStore>,
}

impl Default for Seams {
    fn default() -> Self {
        Self {
            store: Box::new(|store| store),
            blobs: Box::new(|blobs| blobs),
        }
    }
}

impl Seams {
    /// The service asks what `wrap` makes of the store.
    #[must_use]
    pub fn over_store(
        mut self,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + Send + 'static,
    ) -> Self {
        self.store = Box::new(wrap);
        self
    }

    /// The service asks what `wrap` makes of where files are kept.
    #[must_use]
    pub fn over_blobs(
        mut self,
        wrap: impl FnOnce(Arc<dyn BlobStore>) -> Arc<dyn BlobStore> + Send + 'static,
    ) -> Self {
        self.blobs = Box::new(wrap);
        self
    }
}
