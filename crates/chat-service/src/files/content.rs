//! The bytes of files on their way out, for who may read them.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use chat_domain::ports::{BlobError, BlobReader, Cost, LinkTerms, MediaError, ReadTx};
use chat_domain::{Actor, Blob, File, FileId, Thumbnail, ThumbnailSize};

use super::known_file;
use crate::{ChatService, ServiceError};

const MIB: u64 = 1024 * 1024;

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

    /// The picture of a file in small. It is remembered for a while, within a few megabytes.
    ///
    /// # Errors
    /// Those of [`ChatService::file_content`]; `ThumbnailUnavailable` when the file is no picture that
    /// can be read within the limits; `Overloaded`, `Blobs`.
    pub async fn thumbnail(
        &self,
        content: &FileContent,
        size: ThumbnailSize,
    ) -> Result<Thumbnail, ServiceError> {
        let shelf = self.shelf()?;
        let media = &shelf.options.media;
        let unavailable = || ServiceError::ThumbnailUnavailable(content.file.id);
        if !content.file.is_image() || content.size() > media.most_bytes() {
            return Err(unavailable());
        }
        let name = (content.blob.hash, size);
        if let Some(thumbnail) = shelf.thumbnails.get(&name) {
            return Ok(thumbnail);
        }
        // A picture is held whole while it waits for its turn.
        let room = u32::try_from(content.size() / MIB).unwrap_or(u32::MAX);
        let room = shelf.pictures.try_acquire_many(room.saturating_add(1));
        let _room = room.map_err(|_| ServiceError::Overloaded)?;
        let picture = self.whole(content).await?;
        let thumbnail = media.thumbnail(picture, size).await;
        let thumbnail = thumbnail.map_err(|error| match error {
            MediaError::Unreadable => unavailable(),
            MediaError::Overloaded => ServiceError::Overloaded,
        })?;
        shelf.thumbnails.insert(name, thumbnail.clone());
        Ok(thumbnail)
    }

    async fn whole(&self, content: &FileContent) -> Result<Bytes, ServiceError> {
        let mut reader = self.read_content(content, 0..content.size()).await?;
        let mut whole =
            BytesMut::with_capacity(usize::try_from(content.size()).unwrap_or_default());
        while let Some(bytes) = reader.next().await.map_err(|error| lost(content, error))? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }
}

/// Bytes that should be there and are not: nobody can do more about it than to look into the log.
fn lost(content: &FileContent, error: BlobError) -> ServiceError {
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
