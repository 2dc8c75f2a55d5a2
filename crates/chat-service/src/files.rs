//! Files: made known by whoever will send them.

use chat_domain::ports::{Cost, ReadTx};
use chat_domain::{Actor, File, FileId, FileName, FileSize, FileUrl, MediaType, NewFile, policy};

use crate::access::known_actor;
use crate::{ChatService, ServiceError};

/// A file that lies elsewhere; it is never fetched, so what is not said stays unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExternalFile {
    /// Where it lies.
    pub url: FileUrl,
    /// Its name.
    pub name: Option<FileName>,
    /// Its size.
    pub size: Option<FileSize>,
    /// Its type.
    pub media_type: Option<MediaType>,
}

impl ChatService {
    /// Makes an external file known; the actor is its uploader.
    ///
    /// # Errors
    /// Only those that every method has.
    pub async fn create_external_file(
        &self,
        actor: Actor,
        file: NewExternalFile,
    ) -> Result<File, ServiceError> {
        self.write(move |tx, at| {
            known_actor(tx, actor)?;
            let NewExternalFile {
                url,
                name,
                size,
                media_type,
            } = file.clone();
            let uploader_id = actor.user();
            Ok(tx.insert_file(&NewFile {
                url,
                name,
                size,
                media_type,
                uploader_id,
                at,
            })?)
        })
        .await
    }

    /// What is known about a file.
    ///
    /// # Errors
    /// `FileNotFound`, also for who may not read it.
    pub async fn file(&self, actor: Actor, id: FileId) -> Result<File, ServiceError> {
        self.read(Cost::Bounded, move |tx| known_file(tx, actor, id))
            .await
    }
}

/// A living file that the actor may read, and so may send.
pub(crate) fn known_file(
    tx: &mut dyn ReadTx,
    actor: Actor,
    id: FileId,
) -> Result<File, ServiceError> {
    known_actor(tx, actor)?;
    let missing = ServiceError::FileNotFound { id, actor };
    let file = tx.file(id)?.ok_or_else(|| missing.clone())?;
    let sent = match actor {
        Actor::User(user) if file.uploader_id != Some(user) => tx.file_sent_to(id, user)?,
        _ => false,
    };
    policy::read_file(actor, file.uploader_id, sent).map_err(|_| missing)?;
    Ok(file)
}
