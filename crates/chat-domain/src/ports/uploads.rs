//! Storage of uploads that can be resumed.

use super::StoreResult;
use crate::{
    FileId, Generation, NewUpload, StageMark, Timestamp, Upload, UploadId, UploadProgress, UserId,
};

/// Reading uploads.
pub trait UploadsRead {
    /// The upload with this id, expired or not.
    fn upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>>;

    /// Uploads that expired before `before`, at most so many.
    fn expired_uploads(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<UploadId>>;

    /// The uploads that this user has begun, by id.
    fn uploads_of(&mut self, uploader: UserId) -> StoreResult<Vec<UploadId>>;

    /// Where the bytes of all uploads are staged that have come to no file yet.
    fn staged_uploads(&mut self) -> StoreResult<Vec<StageMark>>;
}

/// Whether one who goes on with an upload is still the one.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is, and what it asked for is done.
    Held,
    /// Another has taken the upload over since, and nothing was changed.
    Lost,
}

/// Writing uploads.
pub trait Uploads: UploadsRead {
    /// Stores an upload of which no byte has come.
    fn insert_upload(&mut self, upload: &NewUpload) -> StoreResult<Upload>;

    /// The upload, which nobody changes until the transaction ends.
    fn lock_upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>>;

    /// The same, to go on with it: it has a new generation, and whoever holds an earlier one changes
    /// nothing of it any more. One that has become a file stays as it is.
    fn take_upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>>;

    /// It has come so far, by who holds this generation.
    fn advance_upload(
        &mut self,
        id: UploadId,
        held: Generation,
        progress: &UploadProgress,
        expires_at: Timestamp,
    ) -> StoreResult<Turn>;

    /// It stays until then, however far it has come.
    fn renew_upload(
        &mut self,
        id: UploadId,
        held: Generation,
        expires_at: Timestamp,
    ) -> StoreResult<Turn>;

    /// It has become this file: its offset is its length, its progress needs no stage any more, and
    /// its mark and head are forgotten (they are empty).
    fn complete_upload(
        &mut self,
        id: UploadId,
        held: Generation,
        file: FileId,
    ) -> StoreResult<Turn>;

    /// Removes it, whoever goes on with it.
    fn delete_upload(&mut self, id: UploadId) -> StoreResult<()>;
}
