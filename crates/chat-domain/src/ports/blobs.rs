//! Storage of what is known about blobs, beside the [`BlobStore`](super::BlobStore) that has their bytes.
//!
//! A blob is first claimed, which protects it for a while; then its bytes are brought; then a file
//! has it. One that no living file has any more, and whose claims are old, is doomed: from then on nobody can
//! claim it (the same bytes get another blob), so that its bytes, and then its record, can be removed.

use super::StoreResult;
use crate::{Blob, BlobHash, BlobId, FileSize, Timestamp};

/// Reading blobs.
pub trait BlobsRead {
    /// The blob with this id, unless it is doomed.
    fn blob(&mut self, id: BlobId) -> StoreResult<Option<Blob>>;

    /// Every blob that is not doomed with an id above `after`, by id, at most so many; and whether a
    /// living file has it.
    fn blobs_after(&mut self, after: Option<BlobId>, limit: i64) -> StoreResult<Vec<(Blob, bool)>>;

    /// How many bytes the blobs have together that are stored and not doomed.
    fn bytes_of_blobs(&mut self) -> StoreResult<i64>;

    /// Blobs, not doomed, that are unused since before `before` and were last claimed before it; at
    /// most so many.
    fn unused_blobs(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<BlobId>>;

    /// Doomed blobs with an id above `after`, by id, at most so many.
    fn doomed_blobs(&mut self, after: Option<BlobId>, limit: i64) -> StoreResult<Vec<Blob>>;
}

/// Writing blobs.
pub trait Blobs: BlobsRead {
    /// The blob with this hash that is not doomed; a new one, unused and not stored, if there is none.
    /// It was claimed at `at`. Nobody dooms it until the transaction ends.
    fn claim_blob(&mut self, hash: BlobHash, size: FileSize, at: Timestamp) -> StoreResult<Blob>;

    /// The blob, unless it is doomed; nobody dooms it until the transaction ends.
    fn hold_blob(&mut self, id: BlobId) -> StoreResult<Option<Blob>>;

    /// Its bytes are known to be lost: it is not stored any more, until somebody brings them again.
    fn blob_is_lost(&mut self, id: BlobId) -> StoreResult<()>;

    /// Its bytes were lost and are there again: it is stored.
    fn blob_is_found(&mut self, id: BlobId) -> StoreResult<()>;

    /// Dooms the blob, unless a living file has it or it was claimed at `before` or later; whether it did.
    fn doom_blob(&mut self, id: BlobId, before: Timestamp) -> StoreResult<bool>;

    /// Removes the record of a doomed blob; fine if it is gone.
    fn forget_blob(&mut self, id: BlobId) -> StoreResult<()>;
}
