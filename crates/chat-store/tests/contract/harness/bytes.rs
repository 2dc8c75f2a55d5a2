//! The steps of a story that files, their bytes and uploads take.

use chat_domain::ports::Turn;
use chat_domain::{
    Blob, BlobHash, BlobId, Content, File, FileId, FileName, FileSize, Group, Message, NewFile,
    NewFileSource, NewMessage, NewUpload, Recipient, StageMark, Timestamp, Upload, UploadProgress,
    UserId,
};

use super::{Db, at, new_file};

pub(crate) fn size(bytes: i64) -> FileSize {
    FileSize::parse(bytes).unwrap()
}

/// The hash of some bytes; another one for each number.
pub(crate) fn hash(number: u8) -> BlobHash {
    BlobHash::from_bytes([number; 32])
}

/// A file whose bytes are those of the blob.
pub(crate) fn stored(blob: BlobId) -> NewFile {
    NewFile {
        source: NewFileSource::Stored(blob),
        ..new_file()
    }
}

/// A message to the group that carries the file.
pub(crate) fn carrying(group: &Group, sender: UserId, file: FileId) -> NewMessage {
    NewMessage {
        conversation_id: group.conversation_id,
        sender_id: sender,
        recipient: Recipient::Group(group.id),
        content: Content::File {
            file,
            caption: None,
        },
        at: at(5),
    }
}

pub(crate) fn new_upload(length: i64) -> NewUpload {
    NewUpload {
        uploader_id: None,
        name: FileName::parse("a.png").ok(),
        metadata: Some("filename YS5wbmc=".to_owned()),
        length: size(length),
        at: at(3),
        expires_at: at(100),
    }
}

pub(crate) fn progress(offset: i64) -> UploadProgress {
    UploadProgress {
        offset: size(offset),
        mark: StageMark::from_bytes(vec![0, 255, offset as u8]),
        digest: vec![7, 0, offset as u8],
        head: vec![0x89, 0, offset as u8],
    }
}

impl Db {
    /// Claims the blob of this hash.
    pub(crate) fn claim(&self, number: u8, when: i64) -> Blob {
        self.write(move |tx| tx.claim_blob(hash(number), size(5_120), at(when)))
    }

    /// A file whose bytes are kept.
    pub(crate) fn stored_file(&self, number: u8) -> File {
        let blob = self.claim(number, 3).id;
        self.write(move |tx| tx.insert_file(&stored(blob)))
    }

    /// Sends a file to a group.
    pub(crate) fn share(&self, group: &Group, sender: UserId, file: &File) -> Message {
        let message = carrying(group, sender, file.id);
        self.write(move |tx| tx.append_message(&message))
    }

    /// Deletes a file; its blob is unused since the same time.
    pub(crate) fn delete_file(&self, file: &File, when: i64) {
        let file = file.clone();
        self.write(move |tx| tx.delete_file(&file, at(when), at(when)));
    }

    pub(crate) fn in_use(&self, file: &File) -> bool {
        let id = file.id;
        self.read(move |tx| tx.file_in_use(id))
    }

    /// Files that may be unused since before this time.
    pub(crate) fn unused(&self, before: i64) -> Vec<FileId> {
        self.read(move |tx| tx.unused_files(at(before), 99))
    }

    pub(crate) fn release(&self, limit: i64) -> usize {
        self.write(move |tx| tx.release_files(limit))
    }

    pub(crate) fn unused_blobs(&self, before: i64) -> Vec<BlobId> {
        self.read(move |tx| tx.unused_blobs(at(before), 99))
    }

    pub(crate) fn doom(&self, blob: &Blob, before: i64) -> bool {
        let id = blob.id;
        self.write(move |tx| tx.doom_blob(id, at(before)))
    }

    pub(crate) fn upload(&self, length: i64) -> Upload {
        self.write(move |tx| tx.insert_upload(&new_upload(length)))
    }

    pub(crate) fn advance(&self, upload: &Upload, offset: i64, expires_at: Timestamp) {
        let id = upload.id;
        let held = upload.generation;
        let advanced =
            self.write(move |tx| tx.advance_upload(id, held, &progress(offset), expires_at));
        assert_eq!(advanced, Turn::Held);
    }
}
