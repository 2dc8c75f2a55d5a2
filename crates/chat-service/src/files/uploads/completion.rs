//! From the staged bytes of an upload to its file. Whatever interrupts this, it can be done again.

use chat_domain::ports::{BlobError, Staged};
use chat_domain::{Actor, Upload, UploadProgress};

use super::super::intake::{self, Intake, Seen};
use super::super::receive;
use super::{ending, length, still_ours};
use crate::{ChatService, ServiceError};

impl ChatService {
    /// Where the next bytes of an upload go that has not become a file.
    pub(super) async fn go_on(
        &self,
        actor: Actor,
        upload: &Upload,
    ) -> Result<Intake, ServiceError> {
        let limit = length(upload);
        let blobs = &self.shelf()?.options.blobs;
        let Some(progress) = &upload.progress else {
            return Ok(Intake::new(blobs.stage().await?, limit));
        };
        let stage = match blobs.resume(&progress.mark).await {
            Err(BlobError::Missing) => {
                return Err(self.lost_upload(actor, upload, progress).await);
            }
            resumed => resumed?,
        };
        match Seen::of(progress) {
            Some(seen) => Ok(Intake::after(seen, stage, limit)),
            None => Err(self.lost_upload(actor, upload, progress).await),
        }
    }

    /// An upload whose bytes are gone can't be gone on with: it is over, and its client begins anew.
    /// Unless another node has gone on with it, or completed it, since this progress was seen: then
    /// they are where that has put them.
    async fn lost_upload(
        &self,
        actor: Actor,
        lost: &Upload,
        seen: &UploadProgress,
    ) -> ServiceError {
        let (id, held) = (lost.id, lost.generation);
        let (offset, mark) = (seen.offset, seen.mark.clone());
        let missing = ServiceError::UploadNotFound { id, actor };
        let ended = self
            .write(move |tx, _| {
                let Some(upload) = tx.lock_upload(id)? else {
                    return Ok(None);
                };
                let same = |now: &UploadProgress| now.offset == offset && now.mark == mark;
                let here = upload.generation == held && upload.progress.as_ref().is_some_and(same);
                if upload.file_id.is_some() || !here {
                    return Err(ServiceError::UploadInterrupted(id));
                }
                ending::end(tx, upload)
            })
            .await;
        match ended {
            Ok(staged) => {
                if let Some(mark) = staged {
                    log::error!("the staged bytes of upload {id} are lost");
                    self.discard_staged(&mark).await;
                }
                missing
            }
            Err(error) => error,
        }
    }

    /// The upload, which has become a file if it has all its bytes.
    pub(super) async fn completed(
        &self,
        actor: Actor,
        upload: Upload,
    ) -> Result<Upload, ServiceError> {
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
    pub(super) async fn complete(
        &self,
        actor: Actor,
        upload: Upload,
        progress: &UploadProgress,
        stage: Option<Box<dyn Staged>>,
    ) -> Result<Upload, ServiceError> {
        let (id, size, held) = (upload.id, upload.length, upload.generation);
        let Some(seen) = Seen::of(progress) else {
            return Err(self.lost_upload(actor, &upload, progress).await);
        };
        // A part that ends has its room.
        let _room = match stage {
            Some(_) => None,
            None => Some(self.shelf()?.incoming.room(actor)?),
        };
        let blob = self.claim(seen.hash(), size).await?;
        let blobs = &*self.shelf()?.options.blobs;
        let kept = || intake::was_kept(blobs, blob.key(), size);
        let stage = match stage {
            Some(stage) => Ok(Some(stage)),
            // Who was interrupted may have kept them, and what is left of the stage can't be gone on with.
            None if kept().await? => Ok(None),
            None => blobs.resume(&progress.mark).await.map(Some),
        };
        let left = match stage {
            Ok(Some(stage)) => {
                self.keep(stage, blob).await?;
                None
            }
            Ok(None) => Some(&progress.mark),
            // Another node has kept them since, if they are not lost.
            Err(BlobError::Missing | BlobError::Broken(_)) => {
                if !kept().await? {
                    return Err(self.lost_upload(actor, &upload, progress).await);
                }
                Some(&progress.mark)
            }
            Err(error) => return Err(error.into()),
        };
        let received = self.received(blob, &seen)?;
        let recorded = self.write(move |tx, at| {
            let missing = ServiceError::UploadNotFound { id, actor };
            let upload = tx.lock_upload(id)?.ok_or(missing)?;
            if upload.file_id.is_some() {
                return Ok(upload);
            }
            let uploader = upload.uploader_id.map_or(Actor::System, Actor::User);
            let file = receive::insert(tx, uploader, &received, upload.name.clone(), at)?;
            still_ours(tx.complete_upload(id, held, file.id)?, id)?;
            Ok(Upload {
                file_id: Some(file.id),
                ..upload
            })
        });
        let upload = recorded.await?;
        if let Some(mark) = left {
            self.discard_staged(mark).await;
        }
        Ok(upload)
    }
}
