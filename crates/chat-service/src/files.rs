//! Files: made known by whoever will send them.

use chat_domain::ports::{Cost, ReadTx, WriteTx};
use chat_domain::{
    Actor, File, FileId, FileName, FileSize, FileUrl, MediaType, NewFile, Timestamp, policy,
};

use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, ServiceError};

/// A file to be made known that lies elsewhere; it is never fetched, so what is not said stays unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateExternalFile {
    /// Where it lies.
    pub url: FileUrl,
    /// Its name.
    pub name: Option<FileName>,
    /// Its size.
    pub size: Option<FileSize>,
    /// Its type.
    pub media_type: Option<MediaType>,
}

impl Command for CreateExternalFile {
    type Done = File;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            url,
            name,
            size,
            media_type,
        } = self;
        fields.text("create_external_file").text(url.as_str());
        fields.perhaps(name.as_ref(), |fields, name| fields.text(name.as_str()));
        fields.perhaps(*size, |fields, size| fields.number(size.get()));
        fields.perhaps(media_type.as_ref(), |fields, kind| {
            fields.text(kind.as_str())
        });
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<File, ServiceError> {
        known_actor(tx, actor)?;
        let Self {
            url,
            name,
            size,
            media_type,
        } = self.clone();
        Ok(tx.insert_file(&NewFile {
            url,
            name,
            size,
            media_type,
            uploader_id: actor.user(),
            at,
        })?)
    }
}

impl ChatService {
    /// Makes an external file known; the actor is its uploader.
    ///
    /// # Errors
    /// Only those that every method has.
    pub async fn create_external_file(
        &self,
        actor: Actor,
        command: CreateExternalFile,
    ) -> Result<File, ServiceError> {
        self.run(actor, command).await
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
