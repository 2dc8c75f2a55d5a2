//! Uploads that can be resumed: their bytes come in parts, and the last makes them a file.

use bytes::Bytes;
use chat_domain::ports::{BlobError, Cost, ReadTx, WriteTx};
use chat_domain::{
    Actor, FileName, FileSize, NewUpload, Timestamp, Upload, UploadId, UploadProgress, policy,
};

use super::intake::{self, Intake, Seen};
use super::locks::Lock;
use super::receive;
use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, ServiceError};

/// After how many bytes of one part it is noted how far the upload has come, so that a crash costs at
/// most those.
const NOTED_EVERY: u64 = 16 * 1024 * 1024;

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

/// An upload to be given up, or forgotten once it has become a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteUpload {
    /// The upload.
    pub upload: UploadId,
}

impl Command for DeleteUpload {
    type Done = ();

    fn tell(&self, fields: &mut Fields) {
        let Self { upload } = self;
        fields.text("delete_upload").number(upload.get());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<(), ServiceError> {
        tx.lock_upload(self.upload)?;
        known_upload(tx, actor, self.upload, at)?;
        // Its bytes belong to nothing any more, and are swept.
        Ok(tx.delete_upload(self.upload)?)
    }
}

/// A part of an upload on its way in. Dropped before it ends, what it brought since it was last
/// noted is forgotten.
pub struct IncomingPart {
    service: ChatService,
    actor: Actor,
    upload: Upload,
    /// How far the record says that the upload has come.
    noted: u64,
    /// None once it is a file: it takes no more bytes.
    intake: Option<Intake>,
    whole: bool,
    lock: Lock,
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
    /// holds; and an upload that has all its bytes, but was interrupted before it became a file, becomes
    /// one.
    ///
    /// # Errors
    /// `UploadNotFound`, also for whom it is none of its own; `Blobs`.
    pub async fn upload(&self, actor: Actor, id: UploadId) -> Result<Upload, ServiceError> {
        self.find_upload(actor, id).await?;
        let _lock = self.shelf()?.locks.take(id).await;
        let upload = self.find_upload(actor, id).await?;
        self.completed(actor, upload).await
    }

    /// Goes on with an upload after its first `offset` bytes. If somebody else does so already, that
    /// part is ended first. With `whole` nothing of the part counts before all of it has come.
    ///
    /// # Errors
    /// `UploadNotFound`, `UploadOffset` if it has another number of bytes, `Blobs`.
    pub async fn resume_upload(
        &self,
        actor: Actor,
        id: UploadId,
        offset: FileSize,
        whole: bool,
    ) -> Result<IncomingPart, ServiceError> {
        self.find_upload(actor, id).await?;
        let lock = self.shelf()?.locks.take(id).await;
        let upload = self.find_upload(actor, id).await?;
        let upload = self.completed(actor, upload).await?;
        if upload.offset() != offset.get() {
            let offset = upload.offset();
            return Err(ServiceError::UploadOffset { id, offset });
        }
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
            lock,
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
        self.run(actor, command).await
    }

    async fn find_upload(&self, actor: Actor, id: UploadId) -> Result<Upload, ServiceError> {
        let now = self.now();
        self.read(Cost::Bounded, move |tx| known_upload(tx, actor, id, now))
            .await
    }

    /// Where the next bytes of the upload go.
    async fn go_on(&self, actor: Actor, upload: &Upload) -> Result<Intake, ServiceError> {
        let limit = u64::try_from(upload.length.get()).unwrap_or_default();
        let blobs = &self.shelf()?.options.blobs;
        // One that has become a file takes no more bytes; there is nothing left to go on with.
        let progress = upload
            .progress
            .as_ref()
            .filter(|_| upload.file_id.is_none());
        let Some(progress) = progress else {
            let limit = if upload.file_id.is_some() { 0 } else { limit };
            return Ok(Intake::new(blobs.stage().await?, limit));
        };
        let stage = match blobs.resume(&progress.mark).await {
            Err(BlobError::Missing) => return Err(self.lost_upload(actor, upload.id).await),
            resumed => resumed?,
        };
        match Seen::of(progress) {
            Some(seen) => Ok(Intake::after(seen, stage, limit)),
            None => Err(self.lost_upload(actor, upload.id).await),
        }
    }

    /// An upload whose bytes are gone can't be gone on with: it is over, and its client begins anew.
    async fn lost_upload(&self, actor: Actor, id: UploadId) -> ServiceError {
        log::error!("the staged bytes of upload {id} are lost");
        let gone = self
            .write(move |tx, _| match tx.lock_upload(id)? {
                Some(_) => Ok(tx.delete_upload(id)?),
                None => Ok(()),
            })
            .await;
        gone.err()
            .unwrap_or(ServiceError::UploadNotFound { id, actor })
    }

    /// The upload, which has become a file if it has all its bytes.
    async fn completed(&self, actor: Actor, upload: Upload) -> Result<Upload, ServiceError> {
        let whole = upload.offset() == upload.length.get();
        match (&upload.progress, upload.file_id) {
            (Some(progress), None) if whole => {
                let progress = progress.clone();
                self.complete(actor, upload, &progress, None).await
            }
            _ => Ok(upload),
        }
    }

    /// Makes a file of an upload that has all its bytes and says so. Whatever interrupts it, it can
    /// be done again: every step finds what those before it have done.
    async fn complete(
        &self,
        actor: Actor,
        upload: Upload,
        progress: &UploadProgress,
        stage: Option<Box<dyn chat_domain::ports::Staged>>,
    ) -> Result<Upload, ServiceError> {
        let (id, size) = (upload.id, upload.length);
        let Some(seen) = Seen::of(progress) else {
            return Err(self.lost_upload(actor, id).await);
        };
        let blob = self.claim(seen.hash(), size).await?;
        let blobs = &*self.shelf()?.options.blobs;
        let stage = match stage {
            Some(stage) => Ok(stage),
            None => blobs.resume(&progress.mark).await,
        };
        match stage {
            Ok(stage) => intake::keep(blobs, stage, blob.key(), size, blob.stored).await?,
            // They were kept before, if they are not lost.
            Err(BlobError::Missing) => {
                if !intake::is_there(blobs, blob.key(), size).await? {
                    return Err(self.lost_upload(actor, id).await);
                }
            }
            Err(error) => return Err(error.into()),
        }
        let received = self.received(blob, &seen)?;
        self.write(move |tx, at| {
            let missing = ServiceError::UploadNotFound { id, actor };
            let upload = tx.lock_upload(id)?.ok_or(missing)?;
            if upload.file_id.is_some() {
                return Ok(upload);
            }
            let uploader = upload.uploader_id.map_or(Actor::System, Actor::User);
            let file = receive::insert(tx, uploader, &received, upload.name.clone(), at)?;
            tx.complete_upload(id, file.id)?;
            Ok(Upload {
                file_id: Some(file.id),
                ..upload
            })
        })
        .await
    }
}

impl IncomingPart {
    /// The upload.
    pub fn id(&self) -> UploadId {
        self.upload.id
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `FileTooLarge` when they are more than the upload was to have, `Blobs`, `Store`.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), ServiceError> {
        let limit = length(&self.upload);
        let too_large = ServiceError::FileTooLarge { limit };
        let intake = self.intake.as_mut().ok_or(too_large)?;
        intake.write(chunk).await?;
        let reached = intake.size();
        if !self.whole && reached - self.noted >= NOTED_EVERY {
            let progress = intake.progress().await?;
            self.note(progress, reached).await?;
        }
        Ok(())
    }

    /// Ends when another request wants to go on with the upload: then this part is to be
    /// [ended](Self::end), or dropped.
    pub async fn wanted(&self) {
        self.lock.wanted().await;
    }

    /// How many bytes the upload still wants.
    pub fn wants(&self) -> u64 {
        let intake = self.intake.as_ref();
        intake.map_or(0, |intake| length(&self.upload) - intake.size())
    }

    /// Notes how far the upload has come, though more of the part may have been announced. With its
    /// last byte the upload becomes a file.
    ///
    /// # Errors
    /// `UploadNotFound` if it was ended meanwhile, `Blobs`, `Store`.
    pub async fn end(mut self) -> Result<Upload, ServiceError> {
        let Some(mut intake) = self.intake.take().filter(|intake| intake.size() > 0) else {
            return Ok(self.upload);
        };
        let progress = intake.progress().await?;
        let upload = self.note(progress.clone(), intake.size()).await?;
        if intake.size() < length(&upload) {
            return Ok(upload);
        }
        let (stage, _) = intake.into_parts();
        self.service
            .complete(self.actor, upload, &progress, Some(stage))
            .await
    }

    /// Writes into the record how far the upload has come.
    async fn note(
        &mut self,
        progress: UploadProgress,
        reached: u64,
    ) -> Result<Upload, ServiceError> {
        let (id, actor, noted) = (self.upload.id, self.actor, self.noted);
        let stays = self.service.shelf()?.options.grace;
        let upload = self
            .service
            .write(move |tx, at| {
                let missing = ServiceError::UploadNotFound { id, actor };
                let upload = tx.lock_upload(id)?.ok_or(missing)?;
                // Another node may have gone on with it.
                if u64::try_from(upload.offset()) != Ok(noted) {
                    return Err(ServiceError::UploadInterrupted(id));
                }
                let expires_at = at.later_by(stays);
                tx.advance_upload(id, &progress, expires_at)?;
                Ok(Upload {
                    progress: Some(progress.clone()),
                    expires_at,
                    ..upload
                })
            })
            .await?;
        self.noted = reached;
        Ok(upload)
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
