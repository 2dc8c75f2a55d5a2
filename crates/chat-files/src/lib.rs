//! The [`BlobStore`](chat_domain::ports::BlobStore) port: where the bytes of files are kept.
//!
//! [`DiskStore`] keeps them in a directory. Each adapter is a feature of this crate, and none needs
//! the other; what they promise is the same, and tested by the same tests.

#[cfg(feature = "disk")]
mod disk;
#[cfg(feature = "disk")]
mod names;

#[cfg(feature = "disk")]
pub use disk::DiskStore;
