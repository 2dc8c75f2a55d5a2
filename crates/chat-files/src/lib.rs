//! The [`BlobStore`](chat_domain::ports::BlobStore) port: where the bytes of files are kept.
//!
//! `DiskStore` keeps them in a directory, `S3Store` in S3 or what speaks as S3 does. Each adapter is a
//! feature of this crate, `disk` and `s3`, and none needs the other; what they promise is the same, and
//! tested by the same tests.

#[cfg(feature = "disk")]
mod disk;
#[cfg(any(feature = "disk", feature = "s3"))]
mod names;
#[cfg(feature = "s3")]
mod s3;

#[cfg(feature = "disk")]
pub use disk::DiskStore;
#[cfg(feature = "s3")]
pub use s3::{S3Location, S3OpenError, S3Options, S3Store};
