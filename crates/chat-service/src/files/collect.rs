//! Files that nothing uses any more go, and everything that was left half-done goes.
//!
//! Records go first and bytes last, each in its own step. What a crash leaves in between is a record
//! that says what is still to be done.

use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{Blob, BlobId, FileId, StageMark, Timestamp, UploadId};

use super::uploads;
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
    /// What can't be removed now is logged and passed over, and is due the next time again.
    ///
    /// # Errors
    /// `Store`, `Blobs`: the first, after every step was taken. What was done stays done.
    pub async fn collect_files(&self) -> Result<Collected, ServiceError> {
        let grace = self.shelf()?.options.grace;
        let before = self.now().earlier_by(grace);
        let mut failed = None;
        let mut done = |step: Result<usize, ServiceError>| {
            step.unwrap_or_else(|error| {
                failed.get_or_insert(error);
                0
            })
        };
        let released = self.write(|tx, _| Ok(tx.release_files(AT_ONCE)?)).await;
        let all_told = matches!(released, Ok(0));
        let mut collected = Collected {
            released: done(released),
            ..Collected::default()
        };
        if collected.anything() {
            return Ok(collected);
        }
        // Until all are told, some may look as if they were unused for longer than they are.
        if all_told {
            collected.files = done(self.collect_unused(before).await);
        }
        collected.blobs = done(self.collect_blobs(before).await);
        collected.uploads = done(self.collect_uploads().await);
        // It looks at all that is staged, which is too much to do between any two small steps.
        if !collected.anything() {
            collected.staged = done(self.sweep_stages(before).await);
        }
        failed.map_or(Ok(collected), Err)
    }

    async fn collect_unused(&self, before: Timestamp) -> Result<usize, ServiceError> {
        let any = self
            .read(Cost::Bounded, move |tx| Ok(tx.unused_files(before, 1)?))
            .await?;
        if any.is_empty() {
            return Ok(0);
        }
        self.write(move |tx, at| {
            // Listed here: one that was used since it was read has its time again.
            let unused = tx.unused_files(before, AT_ONCE)?;
            for &file in &unused {
                collect_file(tx, file, at, before)?;
            }
            Ok(unused.len())
        })
        .await
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
        let (mut count, mut last) = (0, None);
        loop {
            let doomed = self
                .read(Cost::Bounded, move |tx| Ok(tx.doomed_blobs(last, AT_ONCE)?))
                .await?;
            let gone = self.remove_blobs(&doomed).await?;
            count += gone;
            last = doomed.last().map(|blob| blob.id);
            // Where some stay, those that follow are looked at too: they would never come first.
            if gone == doomed.len() {
                return Ok(count);
            }
        }
    }

    /// Removes bytes, and then their records; of how many.
    async fn remove_blobs(&self, doomed: &[Blob]) -> Result<usize, ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        let mut gone = Vec::new();
        for blob in doomed {
            match blobs.delete(blob.key()).await {
                Ok(()) => gone.push(blob.id),
                Err(error) => log::warn!("{} can't be removed now: {error}", blob.key()),
            }
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
        // A part of one may be coming that has brought nothing for a while.
        let held = self.shelf()?.locks.held();
        let limit = AT_ONCE.saturating_add(i64::try_from(held.len()).unwrap_or(i64::MAX));
        let mut expired = self
            .read(Cost::Bounded, move |tx| Ok(tx.expired_uploads(now, limit)?))
            .await?;
        expired.retain(|upload| !held.contains(upload));
        if expired.is_empty() {
            return Ok(0);
        }
        let ended = self
            .write(move |tx, at| {
                let mut ended = Vec::new();
                for &upload in &expired {
                    ended.extend(expire(tx, upload, at)?);
                }
                Ok(ended)
            })
            .await?;
        for mark in ended.iter().flatten() {
            self.discard_staged(mark).await;
        }
        Ok(ended.len())
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

/// Ends an upload, unless somebody has gone on with it meanwhile; if it did, where its bytes are staged.
fn expire(
    tx: &mut dyn WriteTx,
    id: UploadId,
    at: Timestamp,
) -> Result<Option<Option<StageMark>>, ServiceError> {
    let expired = tx.lock_upload(id)?.filter(|upload| upload.expires_at < at);
    expired.map(|upload| uploads::end(tx, upload)).transpose()
}
