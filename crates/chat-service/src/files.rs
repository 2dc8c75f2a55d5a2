//! Files: made known by whoever will send them, or be shown by them, read by those they were sent to.

use chat_domain::policy::Denial;
use chat_domain::ports::{Cost, ReadTx, WriteTx};
use chat_domain::{
    Actor, Fault, File, FileId, FileName, FileSize, FileUrl, Invalid, MediaType, NewFile,
    NewFileSource, Timestamp, policy,
};

use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::users::show_by_none;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError};

mod check;
mod collect;
mod content;
mod incoming;
mod intake;
mod locks;
mod options;
mod place;
mod receive;
mod thumbnails;
mod uploads;

pub use check::{FileCheck, FileDifference, Repair};
pub use collect::Collected;
pub use content::FileContent;
pub use options::FileOptions;
pub use place::FilesFound;
pub use receive::{IncomingFile, ReceivedFile, StoreFile};
pub use uploads::{CreateUpload, DeleteUpload, IncomingPart};

pub(crate) use locks::Locks;
pub(crate) use options::{Shelf, none};
pub(crate) use uploads::end as end_upload;

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
            source: NewFileSource::External(url),
            name,
            size,
            media_type,
            uploader_id: actor.user(),
            at,
        })?)
    }
}

/// A file to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteFile {
    /// The file.
    pub file: FileId,
}

impl Command for DeleteFile {
    type Done = ();

    fn tell(&self, fields: &mut Fields) {
        let Self { file } = self;
        fields.text("delete_file").number(file.get());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<(), ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

impl Conditional for DeleteFile {
    type Thing = File;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<File>,
    ) -> Result<(), ServiceError> {
        delete(tx, actor, self.file, at, precondition)
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

    /// Deletes a file: nobody can read it any more, and its bytes are collected after the grace
    /// period unless another file has the same. Messages that carry it tell that it was deleted, and nobody
    /// is shown by it any more.
    ///
    /// # Errors
    /// `FileNotFound`; `Forbidden` unless its uploader or the system acts; `FileInUse` for the
    /// uploader while a message carries it, or somebody is shown by it.
    pub async fn delete_file(&self, actor: Actor, command: DeleteFile) -> Result<(), ServiceError> {
        self.run(actor, command).await
    }
}

fn delete(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: FileId,
    at: Timestamp,
    precondition: &Precondition<File>,
) -> Result<(), ServiceError> {
    known_actor(tx, actor)?;
    let missing = ServiceError::FileNotFound { id, actor };
    let file = tx.lock_file(id)?.ok_or_else(|| missing.clone())?;
    let known = known_to(tx, actor, &file)?;
    let in_use = tx.file_in_use(id)?;
    let allowed = policy::delete_file(actor, file.uploader_id, known, in_use);
    precondition.check_after(&allowed, &file)?;
    allowed.map_err(|denial| match denial {
        Denial::Unknown => missing,
        Denial::InUse => ServiceError::FileInUse(id),
        Denial::Forbidden | Denial::OwnerMustTransfer => {
            ServiceError::Forbidden("a file is deleted by its uploader")
        }
    })?;
    show_by_none(tx, actor, id, at)?;
    Ok(tx.delete_file(&file, at, at)?)
}

/// Fails with `Invalid` unless the file is an image.
pub(crate) fn image(field: &'static str, file: &File) -> Result<(), ServiceError> {
    if file.is_image() {
        return Ok(());
    }
    let invalid = Invalid::new(
        Fault::Conflict,
        "must be an image: its file has another type, or none",
    );
    Err(ServiceError::Invalid { field, invalid })
}

/// A living file that the actor may read, and so may send.
pub(crate) fn known_file(
    tx: &mut dyn ReadTx,
    actor: Actor,
    id: FileId,
) -> Result<File, ServiceError> {
    known_actor(tx, actor)?;
    let file = tx.file(id)?;
    known(tx, actor, id, file)
}

/// The same, for who will send it: nobody deletes it until the transaction ends.
pub(crate) fn lock_known_file(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: FileId,
) -> Result<File, ServiceError> {
    known_actor(tx, actor)?;
    let file = tx.lock_file(id)?;
    known(tx, actor, id, file)
}

fn known(
    tx: &mut dyn ReadTx,
    actor: Actor,
    id: FileId,
    file: Option<File>,
) -> Result<File, ServiceError> {
    let missing = ServiceError::FileNotFound { id, actor };
    match file {
        Some(file) if known_to(tx, actor, &file)? => Ok(file),
        _ => Err(missing),
    }
}

/// Whether the actor may read the file.
fn known_to(tx: &mut dyn ReadTx, actor: Actor, file: &File) -> Result<bool, ServiceError> {
    let (sent, avatar) = match actor {
        Actor::User(user) if file.uploader_id != Some(user) => {
            let avatar = tx.is_avatar(file.id)?;
            (!avatar && tx.file_sent_to(file.id, user)?, avatar)
        }
        _ => (false, false),
    };
    Ok(policy::read_file(actor, file.uploader_id, sent, avatar).is_ok())
}
