//! Storage of uploads that can be resumed.

use super::StoreResult;
use crate::{FileId, NewUpload, StageMark, Timestamp, Upload, UploadId, UploadProgress};

/// Reading uploads.
pub trait UploadsRead {
    /// The upload with this id, expired or not.
    fn upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>>;

    /// Uploads that expired before `before`, at most so many.
    fn expired_uploads(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<UploadId>>;

    /// Where the bytes of all uploads are staged that have come to no file yet.
    fn staged_uploads(&mut self) -> StoreResult<Vec<StageMark>>;
}

/// Writing uploads.
pub trait Uploads: UploadsRead {
    /// Stores an upload of which no byte has come.
    fn insert_upload(&mut self, upload: &NewUpload) -> StoreResult<Upload>;

    /// The upload, which nobody changes until the transaction ends.
    fn lock_upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>>;

    /// It has come so far.
    fn advance_upload(
        &mut self,
        id: UploadId,
        progress: &UploadProgress,
        expires_at: Timestamp,
    ) -> StoreResult<()>;

    /// It stays until then, however far it has come.
    fn renew_upload(&mut self, id: UploadId, expires_at: Timestamp) -> StoreResult<()>;

    /// It has become this file: its offset is its length, its progress needs no stage any more, and
    /// its mark and head are forgotten (they are empty).
    fn complete_upload(&mut self, id: UploadId, file: FileId) -> StoreResult<()>;

    /// Removes it.
    fn delete_upload(&mut self, id: UploadId) -> StoreResult<()>;
}
