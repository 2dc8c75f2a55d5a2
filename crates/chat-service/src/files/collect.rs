//! Files that nothing uses any more go, and everything that was left half-done goes.
//!
//! Records go first and bytes last, each in its own step. What a crash leaves in between is a record
//! that says what is still to be done.

use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{BlobId, FileId, Timestamp, UploadId};

use crate::{ChatService, ServiceError};

/// How many things one step looks at, so that other writes wait for it only shortly.
const AT_ONCE: i64 = 100;

/// What a step of collection has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Files that a deleted group is known to carry no more.
    pub released: usize,
    /// Files whose record is deleted now, or that turned out to be in use.
    pub files: usize,
    /// Blobs whose bytes are gone.
    pub blobs: usize,
    /// Uploads that nobody went on with.
    pub uploads: usize,
    /// Staged bytes that belonged to nothing.
    pub staged: usize,
}

impl Collected {
    /// Whether there may be more to do at once.
    pub fn anything(&self) -> bool {
        *self != Self::default()
    }
}

impl ChatService {
    /// Collects some of what is due: files unused for the grace period, bytes that no file has, uploads
    /// that have expired, and what a crash left behind. A host calls it now and then, until nothing was
    /// done; on several nodes at once it does no harm.
    ///
    /// # Errors
    /// `Store`, `Blobs`. What was done stays done.
    pub async fn collect_files(&self) -> Result<Collected, ServiceError> {
        let shelf = self.shelf()?;
        let grace = shelf.options.grace;
        let before = self.now().earlier_by(grace);
        let released = self.write(|tx, _| Ok(tx.release_files(AT_ONCE)?)).await?;
        if released > 0 {
            // Until all are told, some may look as if they were unused for longer than they are.
            return Ok(Collected {
                released,
                ..Collected::default()
            });
        }
        Ok(Collected {
            released,
            files: self.collect_unused(before).await?,
            blobs: self.collect_blobs(before).await?,
            uploads: self.collect_uploads().await?,
            staged: self.sweep_stages(before).await?,
        })
    }

    async fn collect_unused(&self, before: Timestamp) -> Result<usize, ServiceError> {
        let unused =
            move |tx: &mut dyn chat_domain::ports::ReadTx| Ok(tx.unused_files(before, AT_ONCE)?);
        let unused: Vec<FileId> = self.read(Cost::Bounded, unused).await?;
        let count = unused.len();
        if count > 0 {
            self.write(move |tx, at| {
                unused
                    .iter()
                    .try_for_each(|&file| collect_file(tx, file, at, before))
            })
            .await?;
        }
        Ok(count)
    }

    async fn collect_blobs(&self, before: Timestamp) -> Result<usize, ServiceError> {
        let unused = self
            .read(Cost::Bounded, move |tx| {
                Ok(tx.unused_blobs(before, AT_ONCE)?)
            })
            .await?;
        if !unused.is_empty() {
            self.write(move |tx, _| doom(tx, &unused, before)).await?;
        }
        let doomed = self
            .read(Cost::Bounded, |tx| Ok(tx.doomed_blobs(AT_ONCE)?))
            .await?;
        let mut gone = Vec::new();
        for blob in doomed {
            self.shelf()?.options.blobs.delete(blob.key()).await?;
            gone.push(blob.id);
        }
        let count = gone.len();
        if count > 0 {
            self.write(move |tx, _| gone.iter().try_for_each(|&blob| Ok(tx.forget_blob(blob)?)))
                .await?;
        }
        Ok(count)
    }

    async fn collect_uploads(&self) -> Result<usize, ServiceError> {
        let now = self.now();
        let expired = self
            .read(Cost::Bounded, move |tx| {
                Ok(tx.expired_uploads(now, AT_ONCE)?)
            })
            .await?;
        let count = expired.len();
        if count > 0 {
            let marks = self
                .write(move |tx, at| {
                    let marks = expired.iter().map(|&upload| expire(tx, upload, at));
                    marks.collect::<Result<Vec<_>, ServiceError>>()
                })
                .await?;
            for mark in marks.into_iter().flatten() {
                self.shelf()?.options.blobs.discard(&mark).await?;
            }
        }
        Ok(count)
    }

    async fn sweep_stages(&self, before: Timestamp) -> Result<usize, ServiceError> {
        let live = self.read(Cost::Scan, |tx| Ok(tx.staged_uploads()?)).await?;
        Ok(self.shelf()?.options.blobs.sweep(before, &live).await?)
    }
}

fn collect_file(
    tx: &mut dyn WriteTx,
    id: FileId,
    at: Timestamp,
    before: Timestamp,
) -> Result<(), ServiceError> {
    let Some(file) = tx.lock_file(id)? else {
        return Ok(());
    };
    if tx.file_in_use(id)? {
        return Ok(tx.file_is_used(id)?);
    }
    // Its bytes have waited as long as it has.
    let unused_since = before.earlier_by(std::time::Duration::from_micros(1));
    Ok(tx.delete_file(&file, at, unused_since)?)
}

fn doom(tx: &mut dyn WriteTx, blobs: &[BlobId], before: Timestamp) -> Result<(), ServiceError> {
    for &blob in blobs {
        tx.doom_blob(blob, before)?;
    }
    Ok(())
}

/// Ends an upload, unless somebody has gone on with it meanwhile; where its bytes are staged.
fn expire(
    tx: &mut dyn WriteTx,
    id: UploadId,
    at: Timestamp,
) -> Result<Option<chat_domain::StageMark>, ServiceError> {
    let expired = tx.lock_upload(id)?.filter(|upload| upload.expires_at < at);
    let Some(upload) = expired else {
        return Ok(None);
    };
    tx.delete_upload(id)?;
    let staged = upload.progress.filter(|_| upload.file_id.is_none());
    Ok(staged.map(|progress| progress.mark))
}
