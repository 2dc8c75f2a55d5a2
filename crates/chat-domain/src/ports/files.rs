//! Storage of what is known about files.

use super::StoreResult;
use crate::{File, FileId, NewFile, UserId};

/// Reading files.
pub trait FilesRead {
    /// The living file with this id.
    fn file(&mut self, id: FileId) -> StoreResult<Option<File>>;

    /// Whether a living message carries the file in a conversation that the user is in now.
    fn file_sent_to(&mut self, id: FileId, user: UserId) -> StoreResult<bool>;
}

/// Writing files.
pub trait Files: FilesRead {
    /// Stores what is known about a file.
    fn insert_file(&mut self, file: &NewFile) -> StoreResult<File>;
}
