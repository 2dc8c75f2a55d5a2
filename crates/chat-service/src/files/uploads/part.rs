//! A part of an upload on its way in.

use std::sync::Arc;

use bytes::Bytes;
use chat_domain::ports::BlobError;
use chat_domain::{Actor, Upload, UploadProgress};

use super::super::incoming::Room;
use super::super::intake::Intake;
use super::super::locks::{Lock, Wanted};
use super::{length, still_ours};
use crate::{ChatService, ServiceError};

/// After how many bytes of one part it is noted how far the upload has come, so that a crash costs at
/// most those.
const NOTED_EVERY: u64 = 16 * 1024 * 1024;

/// How often in a grace period a part that is coming gives its upload the whole of it again.
const RENEWED_PER_GRACE: u32 = 4;

/// A part of an upload on its way in. Dropped before it ends, what it brought since it was last
/// noted is forgotten.
pub struct IncomingPart {
    pub(super) service: ChatService,
    pub(super) actor: Actor,
    pub(super) upload: Upload,
    /// How far the record says that the upload has come.
    pub(super) noted: u64,
    /// None once it is a file: it takes no more bytes.
    pub(super) intake: Option<Intake>,
    pub(super) whole: bool,
    // Free before the lock is: whoever waits for that may have no other room.
    pub(super) _room: Room,
    pub(super) lock: Arc<Lock>,
}

impl IncomingPart {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// `FileTooLarge` when they are more than the upload was to have; `UploadNotFound` if it was ended
    /// meanwhile, `UploadInterrupted` if another node goes on with it; `Blobs`, `Store`.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), ServiceError> {
        let limit = self.length();
        let too_large = ServiceError::FileTooLarge { limit };
        let due = self.is_due()?;
        let intake = self.intake.as_mut().ok_or(too_large)?;
        let reached = match intake.write(chunk).await {
            Ok(()) => intake.size(),
            Err(error) => return Err(self.why(error).await),
        };
        if self.whole {
            if due {
                self.renew().await?;
            }
        } else if due || reached - self.noted >= NOTED_EVERY {
            match intake.progress().await {
                Ok(progress) => drop(self.note(progress, reached).await?),
                Err(error) => return Err(self.why(error).await),
            }
        }
        Ok(())
    }

    /// What has gone wrong. That the place is gone means that another node has completed the upload, or
    /// that it was ended.
    async fn why(&self, error: ServiceError) -> ServiceError {
        if error != BlobError::Missing.into() {
            return error;
        }
        let id = self.upload.id;
        let found = self.service.find_upload(self.actor, id).await;
        found.map_or_else(|error| error, |_| ServiceError::UploadInterrupted(id))
    }

    /// Ends when this part is to be [ended](Self::end), or dropped; why: `UploadInterrupted` when another
    /// request wants to go on with the upload, `UploadStopped` when [all are
    /// stopped](ChatService::stop_uploads).
    pub async fn wanted(&self) -> ServiceError {
        match self.lock.wanted().await {
            Wanted::ByAnother => ServiceError::UploadInterrupted(self.upload.id),
            Wanted::ByAll => ServiceError::UploadStopped(self.upload.id),
        }
    }

    /// How many bytes the upload is to have.
    pub fn length(&self) -> u64 {
        length(&self.upload)
    }

    /// How many bytes the upload still wants.
    pub fn wants(&self) -> u64 {
        let intake = self.intake.as_ref();
        intake.map_or(0, |intake| self.length().saturating_sub(intake.size()))
    }

    /// Notes how far the upload has come, though more of the part may have been announced. With its
    /// last byte the upload becomes a file.
    ///
    /// # Errors
    /// `UploadNotFound` if it was ended meanwhile, `UploadInterrupted` if another node goes on with it,
    /// `Blobs`, `Store`.
    pub async fn end(mut self) -> Result<Upload, ServiceError> {
        match self.finish().await {
            Err(error) => Err(self.why(error).await),
            ended => ended,
        }
    }

    async fn finish(&mut self) -> Result<Upload, ServiceError> {
        let Some(mut intake) = self.intake.take().filter(|intake| intake.size() > 0) else {
            return Ok(self.upload.clone());
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

    /// Whether the record must be told that the upload is gone on with: it expires otherwise, also for
    /// another node that knows of this part by the record alone.
    fn is_due(&self) -> Result<bool, ServiceError> {
        let grace = self.service.shelf()?.options.grace;
        let renewed_at = self.upload.expires_at.earlier_by(grace);
        Ok(self.service.now() >= renewed_at.later_by(grace / RENEWED_PER_GRACE))
    }

    /// Writes into the record how far the upload has come.
    async fn note(
        &mut self,
        progress: UploadProgress,
        reached: u64,
    ) -> Result<Upload, ServiceError> {
        let mark = progress.mark.clone();
        if let Err(error) = self.tell(Some(progress)).await {
            if matches!(error, ServiceError::UploadNotFound { .. }) {
                // It was ended meanwhile, and nobody knows of this mark. Who was interrupted may share its
                // place with who goes on: what is nobody's is swept.
                self.service.discard_staged(&mark).await;
            }
            return Err(error);
        }
        self.noted = reached;
        Ok(self.upload.clone())
    }

    /// Writes into the record that a part is coming of which nothing counts yet.
    async fn renew(&mut self) -> Result<(), ServiceError> {
        self.tell(None).await
    }

    /// Gives the upload its whole time again, with the progress that it has made.
    async fn tell(&mut self, progress: Option<UploadProgress>) -> Result<(), ServiceError> {
        let (id, actor, noted) = (self.upload.id, self.actor, self.noted);
        let held = self.upload.generation;
        let stays = self.service.shelf()?.options.grace;
        // Held until it is written, also by a request that is given up meanwhile: whoever goes on sees it.
        let lock = Arc::clone(&self.lock);
        self.upload = self
            .service
            .write(move |tx, at| {
                let _held = &lock;
                let missing = ServiceError::UploadNotFound { id, actor };
                let upload = tx.lock_upload(id)?.ok_or(missing)?;
                // Another node may have completed it.
                if upload.file_id.is_some() || u64::try_from(upload.offset()) != Ok(noted) {
                    return Err(ServiceError::UploadInterrupted(id));
                }
                let expires_at = at.later_by(stays);
                let turn = match &progress {
                    Some(progress) => tx.advance_upload(id, held, progress, expires_at)?,
                    None => tx.renew_upload(id, held, expires_at)?,
                };
                still_ours(turn, id)?;
                Ok(Upload {
                    progress: progress.clone().or(upload.progress),
                    expires_at,
                    ..upload
                })
            })
            .await?;
        Ok(())
    }
}
