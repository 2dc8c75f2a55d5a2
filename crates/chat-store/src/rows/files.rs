//! Rows of `files`.

use chat_domain::{
    BlobId, File, FileId, FileName, FileSize, FileUrl, MediaType, Timestamp, UserId,
};
use diesel::prelude::*;

use super::{Place, QueryError};
use crate::schema::files;

#[derive(Queryable, Selectable)]
#[diesel(table_name = files)]
pub(crate) struct FileRow {
    id: i64,
    url: String,
    name: Option<String>,
    size: Option<i64>,
    kind: Option<String>,
    uploader_id: Option<i64>,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    blob_id: Option<i64>,
}

impl TryFrom<FileRow> for File {
    type Error = QueryError;

    fn try_from(row: FileRow) -> Result<Self, QueryError> {
        let place = Place::row("files", row.id);
        Ok(Self {
            id: place.read("id", row.id, FileId::parse)?,
            url: FileUrl::trusted(row.url),
            blob_id: place.read_some("blob_id", row.blob_id, BlobId::parse)?,
            name: row.name.map(FileName::trusted),
            size: place.read_some("size", row.size, FileSize::parse)?,
            media_type: row.kind.map(MediaType::trusted),
            uploader_id: place.read_some("uploader_id", row.uploader_id, UserId::parse)?,
            deleted: row.deleted_at.is_some(),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
