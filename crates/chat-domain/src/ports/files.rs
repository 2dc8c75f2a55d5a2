//! Storage of what is known about files.
//!
//! A file is *in use* while a message that is not deleted, in a conversation that lives, carries it, or while
//! it is a living user's avatar. Since when it may not be is kept beside it: from its creation on, and again
//! when a message that carries it, or the group of one, is deleted, or a user's avatar is another; not from
//! when it is sent, or an avatar, on. So what is unused is found without looking
//! at what is used, and asked once more before it goes.

use super::StoreResult;
use crate::{File, FileId, NewFile, Timestamp, UserId};

/// Reading files.
pub trait FilesRead {
    /// The living file with this id.
    fn file(&mut self, id: FileId) -> StoreResult<Option<File>>;

    /// Whether a living message carries the file in a conversation that the user is in now.
    fn file_sent_to(&mut self, id: FileId, user: UserId) -> StoreResult<bool>;

    /// Whether a message that is not deleted carries the file in a conversation that lives, or it is an
    /// avatar.
    fn file_in_use(&mut self, id: FileId) -> StoreResult<bool>;

    /// Living files that may be unused since before `before`, the longest first, at most so many.
    fn unused_files(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<FileId>>;
}

/// Writing files.
pub trait Files: FilesRead {
    /// Stores a file; it is unused from `at` on. Its blob, if it has one, is in use and stored from
    /// now on; that there is such a blob, and that it is not doomed, is for the caller to have seen in
    /// this transaction.
    fn insert_file(&mut self, file: &NewFile) -> StoreResult<File>;

    /// The living file, which nobody sends, makes an avatar or deletes until the transaction ends.
    fn lock_file(&mut self, id: FileId) -> StoreResult<Option<File>>;

    /// The file is in use after all.
    fn file_is_used(&mut self, id: FileId) -> StoreResult<()>;

    /// Deletes a living file: its name, size, type and URL are erased. If no other living file has its
    /// blob, that is unused from `unused_since` on.
    fn delete_file(
        &mut self,
        file: &File,
        at: Timestamp,
        unused_since: Timestamp,
    ) -> StoreResult<()>;

    /// Goes on with telling files that a deleted group carried them no more, in steps of at most so many
    /// files, and says how many it has told; 0 when all are.
    fn release_files(&mut self, limit: i64) -> StoreResult<usize>;
}
