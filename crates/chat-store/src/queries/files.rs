//! The port of what is known about files.

use chat_domain::ports::{Files, FilesRead, StoreResult};
use chat_domain::{File, FileId, FileName, FileSize, MediaType, NewFile, UserId};
use diesel::dsl::{exists, select};
use diesel::prelude::*;

use super::Tx;
use crate::rows::{FileRow, Place};
use crate::schema::{files, messages, participants};

impl FilesRead for Tx<'_> {
    fn file(&mut self, id: FileId) -> StoreResult<Option<File>> {
        self.read(|conn| {
            files::table
                .find(id.get())
                .filter(files::deleted_at.is_null())
                .select(FileRow::as_select())
                .get_result(conn)
                .optional()?
                .map(File::try_from)
                .transpose()
        })
    }

    fn file_sent_to(&mut self, id: FileId, user: UserId) -> StoreResult<bool> {
        self.read(|conn| {
            // From the user's conversations into the index of files, so that the cost grows with
            // those and not with how often the file was sent. Deleting a message takes its file
            // from it.
            let carries = messages::table
                .filter(messages::file_id.eq(id.get()))
                .filter(messages::conversation_id.eq(participants::conversation_id));
            let sent = participants::table
                .filter(participants::user_id.eq(user.get()))
                .filter(exists(carries));
            Ok(select(exists(sent)).get_result(conn)?)
        })
    }
}

impl Files for Tx<'_> {
    fn insert_file(&mut self, file: &NewFile) -> StoreResult<File> {
        self.write(|conn| {
            let id: i64 = diesel::insert_into(files::table)
                .values((
                    files::url.eq(file.url.as_str()),
                    files::name.eq(file.name.as_ref().map(FileName::as_str)),
                    files::size.eq(file.size.map(FileSize::get)),
                    files::kind.eq(file.media_type.as_ref().map(MediaType::as_str)),
                    files::uploader_id.eq(file.uploader_id.map(UserId::get)),
                    files::created_at.eq(file.at.as_micros()),
                    files::updated_at.eq(file.at.as_micros()),
                ))
                .returning(files::id)
                .get_result(conn)?;
            Ok(File {
                id: Place::row("files", id).read("id", id, FileId::parse)?,
                url: file.url.clone(),
                name: file.name.clone(),
                size: file.size,
                media_type: file.media_type.clone(),
                uploader_id: file.uploader_id,
                created_at: file.at,
                updated_at: file.at,
            })
        })
    }
}
