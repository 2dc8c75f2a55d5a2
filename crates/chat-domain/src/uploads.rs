//! Uploads that can be resumed: bytes that come in several requests.

use crate::{FileId, FileName, FileSize, Timestamp, UploadId, UserId};

/// Where bytes on their way are staged, in the words of the adapter that stages them: it alone reads
/// what it wrote. At most 64 KiB.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StageMark(Vec<u8>);

impl StageMark {
    /// The mark with these bytes.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// How far an upload has come, all as of the same byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadProgress {
    /// How many bytes are stored.
    pub offset: FileSize,
    /// Where they are staged.
    pub mark: StageMark,
    /// The state of the hash over them, in the words of the service.
    pub digest: Vec<u8>,
    /// The first of them, at most 8,192, by which the type is told.
    pub head: Vec<u8>,
}

/// Which of those who went on with an upload, one after the other. It is whose number is the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Generation(i64);

impl Generation {
    /// The one with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Who uploads, and will be the uploader of the file; none when the system does.
    pub uploader_id: Option<UserId>,
    /// The name that the file will have.
    pub name: Option<FileName>,
    /// What the client said of it, given back as it was said.
    pub metadata: Option<String>,
    /// How many bytes it will have.
    pub length: FileSize,
    /// How far it has come; none before the first byte.
    pub progress: Option<UploadProgress>,
    /// Who goes on with it now.
    pub generation: Generation,
    /// The file that came of it, once all is there.
    pub file_id: Option<FileId>,
    /// Until when it can be resumed, and its outcome be asked for.
    pub expires_at: Timestamp,
}

impl Upload {
    /// How many bytes have come; all of them, once it has become a file.
    pub fn offset(&self) -> i64 {
        match (&self.progress, self.file_id) {
            (_, Some(_)) => self.length.get(),
            (Some(progress), None) => progress.offset.get(),
            (None, None) => 0,
        }
    }
}

/// An upload to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload {
    /// Who uploads; none when the system does.
    pub uploader_id: Option<UserId>,
    /// The name that the file will have.
    pub name: Option<FileName>,
    /// What the client said of it, at most 4,096 bytes.
    pub metadata: Option<String>,
    /// How many bytes it will have.
    pub length: FileSize,
    /// When it is begun.
    pub at: Timestamp,
    /// Until when it can be resumed.
    pub expires_at: Timestamp,
}
