//! The port of uploads that can be resumed.

use chat_domain::ports::{StoreResult, Turn, Uploads, UploadsRead};
use chat_domain::{
    FileId, FileName, Generation, NewUpload, StageMark, Timestamp, Upload, UploadId,
    UploadProgress, UserId,
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

/// The same, for who holds this generation of it.
macro_rules! held {
    ($id:expr, $generation:expr) => {
        under_way!($id).and(uploads::generation.eq($generation.get()))
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

    fn uploads_of(&mut self, uploader: UserId) -> StoreResult<Vec<UploadId>> {
        self.read(|conn| {
            uploads::table
                .filter(uploads::uploader_id.eq(uploader.get()))
                .order(uploads::id)
                .select(uploads::id)
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
                generation: Generation::default(),
            })
        })
    }

    fn lock_upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>> {
        self.read(|conn| {
            locks::upload(conn, id)?;
            by_id(conn, id)
        })
    }

    fn take_upload(&mut self, id: UploadId) -> StoreResult<Option<Upload>> {
        self.write(|conn| {
            locks::upload(conn, id)?;
            let Some(upload) = by_id(conn, id)? else {
                return Ok(None);
            };
            if upload.file_id.is_some() {
                return Ok(Some(upload));
            }
            let generation = upload.generation.next();
            let taken = uploads::generation.eq(generation.get());
            let changed = update(uploads::table, under_way!(id), taken).execute(conn)?;
            one(changed, format_args!("upload {id}"))?;
            Ok(Some(Upload {
                generation,
                ..upload
            }))
        })
    }

    fn advance_upload(
        &mut self,
        id: UploadId,
        held: Generation,
        progress: &UploadProgress,
        expires_at: Timestamp,
    ) -> StoreResult<Turn> {
        self.write(|conn| {
            let so_far = (
                uploads::offset.eq(progress.offset.get()),
                uploads::mark.eq(progress.mark.as_bytes()),
                uploads::digest.eq(progress.digest.as_slice()),
                uploads::head.eq(progress.head.as_slice()),
                uploads::expires_at.eq(expires_at.as_micros()),
            );
            let changed = update(uploads::table, held!(id, held), so_far).execute(conn)?;
            turn(conn, id, held, changed)
        })
    }

    fn renew_upload(
        &mut self,
        id: UploadId,
        held: Generation,
        expires_at: Timestamp,
    ) -> StoreResult<Turn> {
        self.write(|conn| {
            let until = uploads::expires_at.eq(expires_at.as_micros());
            let changed = update(uploads::table, held!(id, held), until).execute(conn)?;
            turn(conn, id, held, changed)
        })
    }

    fn complete_upload(
        &mut self,
        id: UploadId,
        held: Generation,
        file: FileId,
    ) -> StoreResult<Turn> {
        self.write(|conn| {
            let complete = (
                uploads::file_id.eq(file.get()),
                uploads::offset.eq(uploads::length.nullable()),
                uploads::mark.eq(None::<Vec<u8>>),
                uploads::head.eq(None::<Vec<u8>>),
            );
            let changed = update(uploads::table, held!(id, held), complete).execute(conn)?;
            turn(conn, id, held, changed)
        })
    }

    fn delete_upload(&mut self, id: UploadId) -> StoreResult<()> {
        self.write(|conn| {
            let deleted = diesel::delete(uploads::table.find(id.get())).execute(conn)?;
            one(deleted, format_args!("upload {id}"))
        })
    }
}

/// What it means that so many rows were changed: without the upload under way it is a defect, with
/// another generation it is not.
fn turn(conn: &mut Conn, id: UploadId, held: Generation, changed: usize) -> Queried<Turn> {
    let lost = changed == 0
        && by_id(conn, id)?
            .is_some_and(|upload| upload.file_id.is_none() && upload.generation != held);
    if lost {
        return Ok(Turn::Lost);
    }
    one(changed, format_args!("upload {id}"))?;
    Ok(Turn::Held)
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
