//! The port of uploads that can be resumed.

use chat_domain::ports::{StoreResult, Uploads, UploadsRead};
use chat_domain::{
    FileId, FileName, NewUpload, StageMark, Timestamp, Upload, UploadId, UploadProgress, UserId,
};
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Conn, Tx, locks, one};
use crate::rows::{Place, Queried, UploadRow};
use crate::schema::uploads;

/// The upload, until it has become a file.
macro_rules! under_way {
    ($id:expr) => {
        uploads::id.eq($id.get()).and(uploads::file_id.is_null())
    };
}

impl UploadsRead for Tx<'_> {
    fn upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>> {
        self.read(|conn| by_id(conn, id))
    }

    fn expired_uploads(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<UploadId>> {
        self.read(|conn| {
            uploads::table
                .filter(uploads::expires_at.lt(before.as_micros()))
                .order((uploads::expires_at, uploads::id))
                .select(uploads::id)
                .cut(0, limit)
                .load::<i64>(conn)?
                .into_iter()
                .map(|id| Place::row("uploads", id).read("id", id, UploadId::parse))
                .collect()
        })
    }

    fn staged_uploads(&mut self) -> StoreResult<Vec<StageMark>> {
        self.read(|conn| {
            // All that are under way are wanted, and those that are not expire soon.
            let marks = uploads::table
                .filter(uploads::id.gt(0))
                .filter(uploads::mark.is_not_null())
                .order(uploads::id)
                .select(uploads::mark.assume_not_null())
                .load::<Vec<u8>>(conn)?;
            Ok(marks.into_iter().map(StageMark::from_bytes).collect())
        })
    }
}

impl Uploads for Tx<'_> {
    fn insert_upload(&mut self, upload: &NewUpload) -> StoreResult<Upload> {
        self.write(|conn| {
            let id: i64 = diesel::insert_into(uploads::table)
                .values((
                    uploads::uploader_id.eq(upload.uploader_id.map(UserId::get)),
                    uploads::name.eq(upload.name.as_ref().map(FileName::as_str)),
                    uploads::metadata.eq(upload.metadata.as_deref()),
                    uploads::length.eq(upload.length.get()),
                    uploads::created_at.eq(upload.at.as_micros()),
                    uploads::expires_at.eq(upload.expires_at.as_micros()),
                ))
                .returning(uploads::id)
                .get_result(conn)?;
            Ok(Upload {
                id: Place::row("uploads", id).read("id", id, UploadId::parse)?,
                uploader_id: upload.uploader_id,
                name: upload.name.clone(),
                metadata: upload.metadata.clone(),
                length: upload.length,
                progress: None,
                file_id: None,
                expires_at: upload.expires_at,
            })
        })
    }

    fn lock_upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>> {
        self.read(|conn| {
            locks::upload(conn, id)?;
            by_id(conn, id)
        })
    }

    fn advance_upload(
        &mut self,
        id: UploadId,
        progress: &UploadProgress,
        expires_at: Timestamp,
    ) -> StoreResult<()> {
        self.write(|conn| {
            let so_far = (
                uploads::offset.eq(progress.offset.get()),
                uploads::mark.eq(progress.mark.as_bytes()),
                uploads::digest.eq(progress.digest.as_slice()),
                uploads::head.eq(progress.head.as_slice()),
                uploads::expires_at.eq(expires_at.as_micros()),
            );
            let changed = update(uploads::table, under_way!(id), so_far).execute(conn)?;
            one(changed, format_args!("upload {id}"))
        })
    }

    fn renew_upload(&mut self, id: UploadId, expires_at: Timestamp) -> StoreResult<()> {
        self.write(|conn| {
            let until = uploads::expires_at.eq(expires_at.as_micros());
            let changed = update(uploads::table, under_way!(id), until).execute(conn)?;
            one(changed, format_args!("upload {id}"))
        })
    }

    fn complete_upload(&mut self, id: UploadId, file: FileId) -> StoreResult<()> {
        self.write(|conn| {
            let complete = (
                uploads::file_id.eq(file.get()),
                uploads::offset.eq(uploads::length.nullable()),
                uploads::mark.eq(None::<Vec<u8>>),
                uploads::head.eq(None::<Vec<u8>>),
            );
            let changed = update(uploads::table, under_way!(id), complete).execute(conn)?;
            one(changed, format_args!("upload {id}"))
        })
    }

    fn delete_upload(&mut self, id: UploadId) -> StoreResult<()> {
        self.write(|conn| {
            let deleted = diesel::delete(uploads::table.find(id.get())).execute(conn)?;
            one(deleted, format_args!("upload {id}"))
        })
    }
}

fn by_id(conn: &mut Conn, id: UploadId) -> Queried<Option<Upload>> {
    uploads::table
        .find(id.get())
        .select(UploadRow::as_select())
        .get_result(conn)
        .optional()?
        .map(Upload::try_from)
        .transpose()
}
