//! Whether the records of files and the bytes that are kept agree, and what can be mended.

use chat_domain::ports::{BlobError, Cost};
use chat_domain::{Blob, BlobHash, BlobId, BlobKey};
use sha2::{Digest, Sha256};

use super::place::{FilesFound, orphaned};
use crate::{ChatService, ServiceError};

/// How many records are read at a time.
const PAGE: i64 = 500;

/// The most differences that are kept; more are only counted.
const MOST_KEPT: usize = 1_000;

/// After so many blobs in a row that can't be read now, none of them can.
const MOST_UNREADABLE: u32 = 5;

/// Something that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileDifference {
    /// A record without its bytes.
    #[error("blob {} is missing: nothing is kept under {}", .0.id(), .0)]
    Missing(BlobKey),
    /// Bytes that are not those of their record.
    #[error("blob {} is damaged: the bytes under {} are others, or can't be read", .0.id(), .0)]
    Damaged(BlobKey),
    /// Bytes that were lost and are there again, unharmed.
    #[error("blob {} is there again: its bytes are under {}", .0.id(), .0)]
    Found(BlobKey),
    /// Bytes without a record.
    #[error("{0} is orphaned: no record has it")]
    Orphaned(BlobKey),
    /// Bytes that can't be read now; what they are is not known, and nothing is done about it.
    #[error("blob {} can't be read now: nothing is known of the bytes under {}", .0.id(), .0)]
    Unreadable(BlobKey),
}

/// What a check does about what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nothing.
    Not,
    /// It mends it, unless there are bytes of which none has a record: they look like another
    /// database's.
    Careful,
    /// It mends it, whatever there is.
    Forced,
}

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCheck {
    /// Blobs whose bytes were read.
    pub blobs: u64,
    /// How many bytes those were.
    pub bytes: u64,
    /// Blobs of files that were known to be lost before.
    pub lost: u64,
    /// How many differences were found.
    pub found: u64,
    /// The first 1,000 of them.
    pub differences: Vec<FileDifference>,
    /// Blobs of which nothing is known, since they can't be read now. They are differences too.
    pub unreadable: u64,
    /// Whether the differences were mended, but for what is unreadable.
    pub mended: bool,
}

impl ChatService {
    /// Compares every record with the bytes that are kept, reading all of them, also while the service
    /// is in use. `progress` is told how many bytes are done, of how many.
    ///
    /// For a repair nothing else may use the store. Bytes that are orphaned or damaged are set aside and
    /// not removed, since they may be another database's; and a record whose bytes are missing or damaged
    /// says that they are lost, so that its files answer `FileContentLost` until somebody brings the same
    /// bytes again, by an upload or to where they were, which the next repair finds.
    ///
    /// One blob that can't be read now is a difference that is not mended.
    ///
    /// # Errors
    /// `Store`; `Blobs`, also when five blobs in a row can't be read, and when a careful repair finds bytes
    /// of which none has a record; nothing is changed then.
    pub async fn check_files(
        &self,
        repair: Repair,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<FileCheck, ServiceError> {
        // Without a place for files every blob would look as if it were lost.
        self.shelf()?;
        if repair == Repair::Careful && self.look_around().await? == FilesFound::Foreign {
            let cause = "none of the bytes that are kept has a record in this database";
            return Err(BlobError::Broken(cause.to_owned()).into());
        }
        let mut check = FileCheck {
            mended: repair != Repair::Not,
            ..FileCheck::default()
        };
        self.check_records(&mut check, progress).await?;
        self.check_bytes(&mut check).await?;
        Ok(check)
    }

    /// Whether each record has its bytes.
    async fn check_records(
        &self,
        check: &mut FileCheck,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<(), ServiceError> {
        let total = self.read(Cost::Scan, |tx| Ok(tx.bytes_of_blobs()?)).await?;
        let total = u64::try_from(total).unwrap_or_default();
        let mut after = None;
        let mut unreadable = 0;
        loop {
            let page = self
                .read(Cost::Bounded, move |tx| Ok(tx.blobs_after(after, PAGE)?))
                .await?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for (blob, in_use) in page {
                let checked = match (blob.stored, in_use) {
                    (true, _) => self.check_blob(blob, check).await,
                    (false, true) => self.check_lost(blob, check).await,
                    // On its way, or about to be collected.
                    (false, false) => continue,
                };
                match checked {
                    Ok(()) => unreadable = 0,
                    Err(ServiceError::Blobs(BlobError::Unavailable(cause))) => {
                        log::warn!("{} can't be read now: {cause}", blob.key());
                        unreadable += 1;
                        if unreadable == MOST_UNREADABLE {
                            return Err(BlobError::Unavailable(cause).into());
                        }
                        let difference = FileDifference::Unreadable(blob.key());
                        self.differ(check, difference).await?;
                    }
                    Err(error) => return Err(error),
                }
                progress(check.bytes, total);
            }
        }
    }

    async fn check_blob(&self, blob: Blob, check: &mut FileCheck) -> Result<(), ServiceError> {
        let key = blob.key();
        let difference = match self.hash_of(blob).await {
            Ok(hash) if hash == blob.hash => None,
            Ok(_) | Err(BlobError::Broken(_)) => Some(FileDifference::Damaged(key)),
            Err(BlobError::Missing) => Some(FileDifference::Missing(key)),
            Err(error) => return Err(error.into()),
        };
        check.blobs += 1;
        check.bytes += u64::try_from(blob.size.get()).unwrap_or_default();
        // It may have been collected meanwhile.
        match difference {
            Some(difference) if self.is_stored(blob.id).await? => {
                self.differ(check, difference).await
            }
            _ => Ok(()),
        }
    }

    /// A blob that was lost may have been brought back by somebody who looks after the place.
    async fn check_lost(&self, blob: Blob, check: &mut FileCheck) -> Result<(), ServiceError> {
        match self.hash_of(blob).await {
            Ok(hash) if hash == blob.hash && !self.is_stored(blob.id).await? => {
                self.differ(check, FileDifference::Found(blob.key())).await
            }
            Ok(_) | Err(BlobError::Missing | BlobError::Broken(_)) => {
                check.lost += 1;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The hash of what is kept; `Broken` if it has another size.
    async fn hash_of(&self, blob: Blob) -> Result<BlobHash, BlobError> {
        // The check has asked for it before; without it nothing is known.
        let unavailable = |error: ServiceError| BlobError::Unavailable(error.to_string());
        let blobs = &self.shelf().map_err(unavailable)?.options.blobs;
        let expected = u64::try_from(blob.size.get()).unwrap_or_default();
        match blobs.size(blob.key()).await? {
            None => return Err(BlobError::Missing),
            Some(size) if size != expected => {
                return Err(BlobError::Broken(format!("{size} bytes")));
            }
            Some(_) => {}
        }
        let mut reader = blobs.read(blob.key(), 0..expected).await?;
        let mut digest = Sha256::new();
        while let Some(bytes) = reader.next().await? {
            digest.update(&bytes);
        }
        Ok(BlobHash::from_bytes(digest.finalize().into()))
    }

    async fn is_stored(&self, id: BlobId) -> Result<bool, ServiceError> {
        let blob = self.read(Cost::Bounded, move |tx| Ok(tx.blob(id)?)).await?;
        Ok(blob.is_some_and(|blob| blob.stored))
    }

    /// Whether all bytes have a record.
    async fn check_bytes(&self, check: &mut FileCheck) -> Result<(), ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        let mut after = None;
        loop {
            let keys = blobs.list(after).await?;
            let Some(&last) = keys.last() else {
                return Ok(());
            };
            after = Some(last);
            // A record is there before its bytes are, so that none of them can have been too late.
            let orphaned = self.read(Cost::Scan, move |tx| orphaned(tx, &keys)).await?;
            for key in orphaned {
                // A record goes after its bytes: if it went since they were listed, so did they.
                if blobs.size(key).await?.is_some() {
                    self.differ(check, FileDifference::Orphaned(key)).await?;
                }
            }
        }
    }

    async fn differ(
        &self,
        check: &mut FileCheck,
        difference: FileDifference,
    ) -> Result<(), ServiceError> {
        if check.mended {
            self.mend(difference).await?;
        }
        check.found += 1;
        check.unreadable += u64::from(matches!(difference, FileDifference::Unreadable(_)));
        if check.differences.len() < MOST_KEPT {
            check.differences.push(difference);
        }
        Ok(())
    }

    async fn mend(&self, difference: FileDifference) -> Result<(), ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        let lost = match difference {
            FileDifference::Orphaned(key) => return Ok(blobs.set_aside(key).await?),
            FileDifference::Found(key) => {
                let found = key.id();
                return self.write(move |tx, _| Ok(tx.blob_is_found(found)?)).await;
            }
            FileDifference::Damaged(key) => {
                blobs.set_aside(key).await?;
                key.id()
            }
            FileDifference::Missing(key) => key.id(),
            FileDifference::Unreadable(_) => return Ok(()),
        };
        self.write(move |tx, _| Ok(tx.blob_is_lost(lost)?)).await
    }
}
