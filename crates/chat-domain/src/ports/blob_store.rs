//! The port to where the bytes of files are kept: a disk, or a store of objects.
//!
//! Bytes come in through a [`Staged`] place of their own, unseen, and are then kept under a key at once
//! and whole. What is answered with success is durable. Nothing here waits on the caller's thread.

use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;

use crate::{BlobKey, MediaType, StageMark, Timestamp};

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a store of bytes answers.
pub type BlobResult<T> = Result<T, BlobError>;

/// Why it did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// There is nothing under the key, or at the mark.
    #[error("the bytes are not there")]
    Missing,
    /// It can't be reached, or can't write (a full disk): nothing that others see was changed, and it
    /// may be tried again.
    #[error("the store of files is unavailable: {0}")]
    Unavailable(String),
    /// A defect of ours or of what is stored: trying again won't help.
    #[error("the store of files is broken: {0}")]
    Broken(String),
}

/// Where the bytes of files are kept.
pub trait BlobStore: Send + Sync {
    /// A new place for bytes on their way.
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>>;

    /// The place of this mark, as of the mark: what was written after it is forgotten.
    ///
    /// # Errors
    /// `Missing` if it was kept, discarded or swept since, and if the mark is none that this store reads:
    /// one of another store, or of another time.
    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>>;

    /// Removes the place of this mark; fine if it is gone already, or the mark is none that this store
    /// reads.
    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>>;

    /// How many bytes are kept under the key; none if nothing is.
    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>>;

    /// The same, and what is there is durable then: who brought it may have died, or failed, before it was.
    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>>;

    /// The bytes of this range of those under the key, which lies within them.
    ///
    /// # Errors
    /// `Missing`.
    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>>;

    /// Removes the bytes under the key; fine if they are gone already.
    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>>;

    /// Takes the bytes under the key out of the way without removing them, for a person to look at.
    /// Fine if they are gone already.
    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>>;

    /// The keys that follow `after`, in the order of their texts, some at a time; at the end none.
    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>>;

    /// Removes staged places that nothing was written to since `before`, but for the `live` ones, and
    /// says how many. Marks that this store does not read are passed over, and it may leave what somebody
    /// is writing to.
    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>>;

    /// A URL under which anyone can fetch the bytes for a short time without us, if this store gives
    /// such URLs.
    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>>;
}

/// How the bytes behind a link are to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTerms {
    /// The value of `Content-Type`.
    pub media_type: MediaType,
    /// The value of `Content-Disposition`.
    pub disposition: String,
}

/// A place for bytes on their way. Dropped before it was marked or kept, it is removed as far as that
/// needs no waiting; what remains is swept.
pub trait Staged: Send {
    /// Puts these bytes after the others.
    fn write(&mut self, chunk: Bytes) -> Later<'_, BlobResult<()>>;

    /// Makes what was written durable, and says how to go on from here later, also after a restart
    /// and on another node.
    fn mark(&mut self) -> Later<'_, BlobResult<StageMark>>;

    /// Makes what was written durable as far as that can be done before its key is known, so that
    /// keeping it takes little time.
    fn settle(&mut self) -> Later<'_, BlobResult<()>>;

    /// Keeps what was written under the key, durably; what is under it already is the same, and may
    /// be replaced.
    fn keep(self: Box<Self>, key: BlobKey) -> Later<'static, BlobResult<()>>;

    /// Removes it.
    fn discard(self: Box<Self>) -> Later<'static, BlobResult<()>>;
}

/// Bytes on their way out.
pub trait BlobReader: Send {
    /// The next of them, at most about 1 MiB; none at the end. Fewer than the range has is an error.
    fn next(&mut self) -> Later<'_, BlobResult<Option<Bytes>>>;
}
