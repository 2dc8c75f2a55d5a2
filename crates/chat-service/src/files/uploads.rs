//! Uploads that can be resumed: their bytes come in parts, and the last makes them a file.

use std::sync::Arc;

use chat_domain::ports::{Cost, ReadTx, Turn, WriteTx};
use chat_domain::{
    Actor, FileName, FileSize, NewUpload, StageMark, Timestamp, Upload, UploadId, policy,
};

use super::intake::Intake;
use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError};

mod completion;
mod ending;
mod part;

pub(crate) use ending::end;
pub use part::IncomingPart;

/// An upload to be begun; made by [`ChatService::new_upload`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateUpload {
    length: FileSize,
    name: Option<FileName>,
    metadata: Option<String>,
    stays: std::time::Duration,
}

#[cfg(test)]
impl CreateUpload {
    pub(crate) fn of(length: FileSize, name: Option<FileName>, metadata: Option<String>) -> Self {
        let stays = std::time::Duration::ZERO;
        Self {
            length,
            name,
            metadata,
            stays,
        }
    }
}

impl Command for CreateUpload {
    type Done = Upload;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            length,
            name,
            metadata,
            stays: _,
        } = self;
        fields.text("create_upload").number(length.get());
        fields.perhaps(name.as_ref(), |fields, name| fields.text(name.as_str()));
        fields.perhaps(metadata.as_deref(), Fields::text);
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Upload, ServiceError> {
        known_actor(tx, actor)?;
        Ok(tx.insert_upload(&NewUpload {
            uploader_id: actor.user(),
            name: self.name.clone(),
            metadata: self.metadata.clone(),
            length: self.length,
            at,
            expires_at: at.later_by(self.stays),
        })?)
    }
}

/// An upload to be given up, or forgotten once it has become a file. What it leaves are staged bytes, which
/// are removed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteUpload {
    /// The upload.
    pub upload: UploadId,
}

impl Command for DeleteUpload {
    type Done = Option<StageMark>;

    fn tell(&self, fields: &mut Fields) {
        let Self { upload } = self;
        fields.text("delete_upload").number(upload.get());
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Option<StageMark>, ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }

    fn leaves(staged: &Option<StageMark>) -> Option<&StageMark> {
        staged.as_ref()
    }
}

impl Conditional for DeleteUpload {
    type Thing = Upload;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<Upload>,
    ) -> Result<Option<StageMark>, ServiceError> {
        tx.lock_upload(self.upload)?;
        let upload = known_upload(tx, actor, self.upload, at)?;
        precondition.check(&upload)?;
        end(tx, upload)
    }
}

impl ChatService {
    /// An upload of `length` bytes, to be begun with [`ChatService::run`]. What the client says of it
    /// in `metadata` has at most 4,096 bytes and is given back as it is.
    ///
    /// # Errors
    /// `FileEmpty`, `FileTooLarge`, `Blobs` if the service keeps no files.
    pub fn new_upload(
        &self,
        length: FileSize,
        name: Option<FileName>,
        metadata: Option<String>,
    ) -> Result<CreateUpload, ServiceError> {
        let limit = self.max_file_size()?;
        match u64::try_from(length.get()) {
            Ok(0) => Err(ServiceError::FileEmpty),
            Ok(size) if size <= limit => Ok(CreateUpload {
                length,
                name,
                metadata,
                stays: self.shelf()?.options.grace,
            }),
            _ => Err(ServiceError::FileTooLarge { limit }),
        }
    }

    /// How far an upload has come. A part that is coming just now is ended first, so that the answer
    /// holds: one on this node keeps what it has brought, one on another what it has noted; and an upload that has all its bytes, but was interrupted before it became a file, becomes
    /// one.
    ///
    /// # Errors
    /// `UploadNotFound`, also for whom it is none of its own; `Overloaded` when it is to become a file and
    /// 128 files are coming in already, or 32 of this user; `Blobs`.
    pub async fn upload(&self, actor: Actor, id: UploadId) -> Result<Upload, ServiceError> {
        self.find_upload(actor, id).await?;
        let _lock = self.shelf()?.locks.take(id).await;
        let upload = self.take_upload(actor, id).await?;
        self.completed(actor, upload).await
    }

    /// Goes on with an upload after its first `offset` bytes. If somebody else does so already, that
    /// part is ended first, and one on another node finds itself interrupted when it next has something to
    /// note. With `whole` nothing of the part counts before all of it has come.
    ///
    /// # Errors
    /// `UploadNotFound`; `UploadOffset` if it has another number of bytes; `Overloaded` when 128 files are
    /// coming in already, or 32 of this user; `Blobs`.
    pub async fn resume_upload(
        &self,
        actor: Actor,
        id: UploadId,
        offset: FileSize,
        whole: bool,
    ) -> Result<IncomingPart, ServiceError> {
        self.find_upload(actor, id).await?;
        let lock = self.shelf()?.locks.take(id).await;
        let upload = self.take_upload(actor, id).await?;
        let upload = self.completed(actor, upload).await?;
        if upload.offset() != offset.get() {
            let offset = upload.offset();
            return Err(ServiceError::UploadOffset { id, offset });
        }
        let room = self.shelf()?.incoming.room(actor)?;
        let intake = match upload.file_id {
            Some(_) => None,
            None => Some(self.go_on(actor, &upload).await?),
        };
        Ok(IncomingPart {
            service: self.clone(),
            actor,
            noted: intake.as_ref().map_or(0, Intake::size),
            intake,
            upload,
            whole,
            lock: Arc::new(lock),
            _room: room,
        })
    }

    /// Ends an upload; the file it has become stays.
    ///
    /// # Errors
    /// `UploadNotFound`.
    pub async fn delete_upload(
        &self,
        actor: Actor,
        command: DeleteUpload,
    ) -> Result<(), ServiceError> {
        self.run(actor, command).await.map(drop)
    }

    /// Asks every part of an upload that is coming, and that comes from now on, to end: a host calls it when
    /// it is about to stop, so that they keep what they have brought.
    pub fn stop_uploads(&self) {
        if let Ok(shelf) = self.shelf() {
            shelf.locks.stop();
        }
    }

    async fn find_upload(&self, actor: Actor, id: UploadId) -> Result<Upload, ServiceError> {
        let now = self.now();
        self.read(Cost::Bounded, move |tx| known_upload(tx, actor, id, now))
            .await
    }

    /// As [`ChatService::find_upload`], and from now on nobody else goes on with it: on this node nobody
    /// does, and one on another node can note nothing any more.
    async fn take_upload(&self, actor: Actor, id: UploadId) -> Result<Upload, ServiceError> {
        self.write(move |tx, at| {
            known_upload(tx, actor, id, at)?;
            let missing = ServiceError::UploadNotFound { id, actor };
            tx.take_upload(id)?.ok_or(missing)
        })
        .await
    }
}

/// Whether one who goes on with the upload still does.
fn still_ours(turn: Turn, id: UploadId) -> Result<(), ServiceError> {
    match turn {
        Turn::Held => Ok(()),
        Turn::Lost => Err(ServiceError::UploadInterrupted(id)),
    }
}

/// How many bytes the upload will have.
fn length(upload: &Upload) -> u64 {
    u64::try_from(upload.length.get()).unwrap_or_default()
}

/// An upload that has not expired and that the actor may know.
fn known_upload(
    tx: &mut dyn ReadTx,
    actor: Actor,
    id: UploadId,
    now: Timestamp,
) -> Result<Upload, ServiceError> {
    known_actor(tx, actor)?;
    let missing = ServiceError::UploadNotFound { id, actor };
    let upload = tx.upload(id)?.filter(|upload| upload.expires_at >= now);
    let upload = upload.ok_or_else(|| missing.clone())?;
    policy::know_upload(actor, upload.uploader_id).map_err(|_| missing)?;
    Ok(upload)
}
