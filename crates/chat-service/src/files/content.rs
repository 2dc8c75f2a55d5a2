//! The bytes of files on their way out, for who may read them.

use std::ops::Range;

use chat_domain::ports::{BlobError, BlobReader, Cost, LinkTerms, ReadTx};
use chat_domain::{Actor, Blob, File, FileId};

use super::known_file;
use crate::{ChatService, ServiceError};

/// A file that the actor may read, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContent {
    /// The file.
    pub file: File,
    /// Its bytes: their hash names them wherever they are.
    pub blob: Blob,
}

impl FileContent {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        u64::try_from(self.blob.size.get()).unwrap_or_default()
    }
}

impl ChatService {
    /// The content of a file.
    ///
    /// # Errors
    /// `FileNotFound`, also for who may not read it, `FileIsExternal`, `FileContentLost`.
    pub async fn file_content(
        &self,
        actor: Actor,
        id: FileId,
    ) -> Result<FileContent, ServiceError> {
        self.read(Cost::Bounded, move |tx| content(tx, actor, id))
            .await
    }

    /// Some of the bytes; the range lies within them.
    ///
    /// # Errors
    /// `FileContentLost`, `Blobs`.
    pub async fn read_content(
        &self,
        content: &FileContent,
        range: Range<u64>,
    ) -> Result<Box<dyn BlobReader>, ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        let read = blobs.read(content.blob.key(), range).await;
        read.map_err(|error| lost(content, error))
    }

    /// A URL under which anyone can fetch the content for a short time, if files are kept where there
    /// are such URLs and the host wants them used.
    ///
    /// # Errors
    /// `Blobs`.
    pub async fn content_link(
        &self,
        content: &FileContent,
        terms: LinkTerms,
    ) -> Result<Option<String>, ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        Ok(blobs.link(content.blob.key(), terms).await?)
    }
}

/// Bytes that should be there and are not: nobody can do more about it than to look into the log.
pub(super) fn lost(content: &FileContent, error: BlobError) -> ServiceError {
    if error != BlobError::Missing {
        return error.into();
    }
    let (id, key) = (content.file.id, content.blob.key());
    log::error!("the bytes of file {id} are not where they should be, under {key}");
    ServiceError::FileContentLost(id)
}

fn content(tx: &mut dyn ReadTx, actor: Actor, id: FileId) -> Result<FileContent, ServiceError> {
    let file = known_file(tx, actor, id)?;
    let blob = file.blob_id.ok_or(ServiceError::FileIsExternal(id))?;
    let blob = tx.blob(blob)?.filter(|blob| blob.stored);
    let blob = blob.ok_or(ServiceError::FileContentLost(id))?;
    Ok(FileContent { file, blob })
}
