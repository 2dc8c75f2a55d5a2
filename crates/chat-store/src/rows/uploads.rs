//! Rows of `uploads`.

use chat_domain::{
    FileId, FileName, FileSize, Generation, StageMark, Timestamp, Upload, UploadId, UploadProgress,
    UserId,
};
use diesel::prelude::*;

use super::{Place, Queried, QueryError};
use crate::schema::uploads;

#[derive(Queryable, Selectable)]
#[diesel(table_name = uploads)]
pub(crate) struct UploadRow {
    id: i64,
    uploader_id: Option<i64>,
    name: Option<String>,
    metadata: Option<String>,
    length: i64,
    offset: Option<i64>,
    mark: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
    head: Option<Vec<u8>>,
    file_id: Option<i64>,
    expires_at: i64,
    generation: i64,
}

impl TryFrom<UploadRow> for Upload {
    type Error = QueryError;

    fn try_from(mut row: UploadRow) -> Result<Self, QueryError> {
        let place = Place::row("uploads", row.id);
        let file_id = place.read_some("file_id", row.file_id, FileId::parse)?;
        Ok(Self {
            id: place.read("id", row.id, UploadId::parse)?,
            uploader_id: place.read_some("uploader_id", row.uploader_id, UserId::parse)?,
            name: row.name.take().map(FileName::trusted),
            metadata: row.metadata.take(),
            length: place.read("length", row.length, FileSize::parse)?,
            expires_at: Timestamp::from_micros(row.expires_at),
            generation: Generation::new(row.generation),
            progress: row.progress(place, file_id.is_some())?,
            file_id,
        })
    }
}

impl UploadRow {
    /// How far it has come. Of an upload that became a file only that is left which is not forgotten.
    fn progress(self, place: Place, complete: bool) -> Queried<Option<UploadProgress>> {
        let Some(offset) = place.read_some("offset", self.offset, FileSize::parse)? else {
            return Ok(None);
        };
        let bytes = |column, value: Option<Vec<u8>>| match value {
            None if complete => Ok(Vec::new()),
            value => place.required(column, value),
        };
        Ok(Some(UploadProgress {
            offset,
            mark: StageMark::from_bytes(bytes("mark", self.mark)?),
            digest: bytes("digest", self.digest)?,
            head: bytes("head", self.head)?,
        }))
    }
}
