//! The port of what is known about files.

use chat_domain::ports::{Files, FilesRead, StoreResult};
use chat_domain::{
    BlobId, File, FileId, FileName, FileSize, FileUrl, MediaType, NewFile, NewFileSource,
    Timestamp, UserId,
};
use diesel::dsl::{exists, select};
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Conn, Tx, blobs, locks, one, releases, users};
use crate::rows::{FileRow, Place, Queried};
use crate::schema::{conversations, files, groups, messages, participants};

/// The file, while it lives.
macro_rules! living {
    ($id:expr) => {
        files::id.eq($id.get()).and(files::deleted_at.is_null())
    };
}

impl FilesRead for Tx<'_> {
    fn file(&mut self, id: FileId) -> StoreResult<Option<File>> {
        self.read(|conn| by_id(conn, id))
    }

    fn file_sent_to(&mut self, id: FileId, user: UserId) -> StoreResult<bool> {
        self.read(|conn| {
            // Both sides are sorted by conversation, and each leaps to where the other one is: a file
            // that was sent everywhere costs a user with few conversations little, and a user with many
            // a file that was sent once. Deleting a message takes its file from it.
            let mut after = 0;
            while let Some(carrier) = next_carrier(conn, id, after)? {
                match next_conversation(conn, user, carrier)? {
                    Some(theirs) if theirs > carrier => after = theirs - 1,
                    theirs => return Ok(theirs.is_some()),
                }
            }
            Ok(false)
        })
    }

    fn file_in_use(&mut self, id: FileId) -> StoreResult<bool> {
        self.read(|conn| {
            // From conversation to conversation and not from message to message: a deleted group in
            // which the file was sent again and again is looked at once.
            let mut after = 0;
            while let Some(conversation) = next_carrier(conn, id, after)? {
                if lives(conn, conversation)? {
                    return Ok(true);
                }
                after = conversation;
            }
            users::is_avatar(conn, id)
        })
    }

    fn unused_files(&mut self, before: Timestamp, limit: i64) -> StoreResult<Vec<FileId>> {
        self.read(|conn| {
            files::table
                .filter(files::unused_since.lt(before.as_micros()))
                .order((files::unused_since, files::id))
                .select(files::id)
                .cut(0, limit)
                .load::<i64>(conn)?
                .into_iter()
                .map(|id| Place::row("files", id).read("id", id, FileId::parse))
                .collect()
        })
    }
}

impl Files for Tx<'_> {
    fn insert_file(&mut self, file: &NewFile) -> StoreResult<File> {
        self.write(|conn| {
            let (given, blob_id) = match &file.source {
                NewFileSource::External(url) => (Some(url.clone()), None),
                NewFileSource::Stored(blob) => (None, Some(*blob)),
            };
            let row: i64 = diesel::insert_into(files::table)
                .values((
                    files::url.eq(given.as_ref().map_or("", FileUrl::as_str)),
                    files::name.eq(file.name.as_ref().map(FileName::as_str)),
                    files::size.eq(file.size.map(FileSize::get)),
                    files::kind.eq(file.media_type.as_ref().map(MediaType::as_str)),
                    files::uploader_id.eq(file.uploader_id.map(UserId::get)),
                    files::created_at.eq(file.at.as_micros()),
                    files::updated_at.eq(file.at.as_micros()),
                    files::blob_id.eq(blob_id.map(BlobId::get)),
                    files::unused_since.eq(file.at.as_micros()),
                ))
                .returning(files::id)
                .get_result(conn)?;
            let id = Place::row("files", row).read("id", row, FileId::parse)?;
            if let Some(blob) = blob_id {
                blobs::got_a_file(conn, blob)?;
            }
            let url = match given {
                Some(url) => url,
                None => lies_here(conn, id)?,
            };
            Ok(File {
                id,
                url,
                blob_id,
                name: file.name.clone(),
                size: file.size,
                media_type: file.media_type.clone(),
                uploader_id: file.uploader_id,
                deleted: false,
                created_at: file.at,
                updated_at: file.at,
            })
        })
    }

    fn lock_file(&mut self, id: FileId) -> StoreResult<Option<File>> {
        self.read(|conn| {
            locks::file(conn, id)?;
            by_id(conn, id)
        })
    }

    fn file_is_used(&mut self, id: FileId) -> StoreResult<()> {
        self.write(|conn| used(conn, id))
    }

    fn delete_file(
        &mut self,
        file: &File,
        at: Timestamp,
        unused_since: Timestamp,
    ) -> StoreResult<()> {
        self.write(|conn| {
            let url = FileUrl::of_content(file.id);
            let nothing = (
                files::url.eq(url.as_str()),
                files::name.eq(None::<String>),
                files::size.eq(None::<i64>),
                files::kind.eq(None::<String>),
                files::updated_at.eq(at.as_micros()),
                files::deleted_at.eq(at.as_micros()),
                files::blob_id.eq(None::<i64>),
                files::unused_since.eq(None::<i64>),
            );
            let deleted = update(files::table, living!(file.id), nothing).execute(conn)?;
            one(deleted, format_args!("living file {}", file.id))?;
            match file.blob_id {
                Some(blob) => blobs::lost_a_file(conn, blob, unused_since),
                None => Ok(()),
            }
        })
    }

    fn release_files(&mut self, limit: i64) -> StoreResult<usize> {
        self.write(|conn| releases::go_on(conn, limit))
    }
}

/// A message carries the file from now on, or it is an avatar. Nobody does that with what was deleted.
pub(super) fn used(conn: &mut Conn, id: FileId) -> Queried<()> {
    let in_use = files::unused_since.eq(None::<i64>);
    let changed = update(files::table, living!(id), in_use).execute(conn)?;
    one(changed, format_args!("living file {id}"))
}

/// A message that carried the file does so no more, or a user whose avatar it was; whether another one does
/// is left open. A deleted file
/// is nobody's concern.
pub(super) fn perhaps_unused(conn: &mut Conn, id: FileId, since: Timestamp) -> Queried<()> {
    let perhaps = files::unused_since.eq(since.as_micros());
    update(files::table, living!(id), perhaps).execute(conn)?;
    Ok(())
}

/// The same, told some time after: what became known since then stays.
pub(super) fn released(conn: &mut Conn, id: FileId, since: Timestamp) -> Queried<()> {
    let not_later = files::unused_since
        .is_null()
        .or(files::unused_since.assume_not_null().lt(since.as_micros()));
    let perhaps = files::unused_since.eq(since.as_micros());
    update(files::table, living!(id).and(not_later), perhaps).execute(conn)?;
    Ok(())
}

fn by_id(conn: &mut Conn, id: FileId) -> Queried<Option<File>> {
    files::table
        .find(id.get())
        .filter(files::deleted_at.is_null())
        .select(FileRow::as_select())
        .get_result(conn)
        .optional()?
        .map(File::try_from)
        .transpose()
}

/// Gives a file that was just inserted the URL under which it is served, which has its id.
fn lies_here(conn: &mut Conn, id: FileId) -> Queried<FileUrl> {
    let url = FileUrl::of_content(id);
    let here = files::url.eq(url.as_str());
    let changed = update(files::table, living!(id), here).execute(conn)?;
    one(changed, format_args!("new file {id}"))?;
    Ok(url)
}

/// The next conversation, deleted or not, of which a message carries the file.
fn next_carrier(conn: &mut Conn, file: FileId, after: i64) -> Queried<Option<i64>> {
    Ok(messages::table
        .filter(messages::file_id.eq(file.get()))
        .filter(messages::conversation_id.gt(after))
        .order(messages::conversation_id)
        .select(messages::conversation_id)
        .cut(0, 1)
        .get_result(conn)
        .optional()?)
}

/// The user's first conversation from this one on.
fn next_conversation(conn: &mut Conn, user: UserId, from: i64) -> Queried<Option<i64>> {
    Ok(participants::table
        .filter(participants::user_id.eq(user.get()))
        .filter(participants::conversation_id.ge(from))
        .order(participants::conversation_id)
        .select(participants::conversation_id)
        .cut(0, 1)
        .get_result(conn)
        .optional()?)
}

fn lives(conn: &mut Conn, conversation: i64) -> Queried<bool> {
    let living = conversations::table
        .left_join(groups::table.on(conversations::group_id.eq(groups::id.nullable())))
        .filter(conversations::id.eq(conversation))
        .filter(groups::deleted_at.is_null());
    Ok(select(exists(living)).get_result(conn)?)
}
