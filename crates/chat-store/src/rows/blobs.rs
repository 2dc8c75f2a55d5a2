//! Rows of `blobs`.

use chat_domain::{Blob, BlobHash, BlobId, FileSize};
use diesel::prelude::*;

use super::{Place, QueryError};
use crate::schema::blobs;

#[derive(Queryable, Selectable)]
#[diesel(table_name = blobs)]
pub(crate) struct BlobRow {
    id: i64,
    hash: Vec<u8>,
    size: i64,
    stored: i64,
}

impl TryFrom<BlobRow> for Blob {
    type Error = QueryError;

    fn try_from(row: BlobRow) -> Result<Self, QueryError> {
        let place = Place::row("blobs", row.id);
        let hash = place.read("hash", row.hash, |bytes| {
            <[u8; 32]>::try_from(bytes).map_err(|_| "must have 32 bytes")
        })?;
        Ok(Self {
            id: place.read("id", row.id, BlobId::parse)?,
            hash: BlobHash::from_bytes(hash),
            size: place.read("size", row.size, FileSize::parse)?,
            stored: row.stored == 1,
        })
    }
}
