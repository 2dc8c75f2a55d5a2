//! Whether the place where bytes are kept is the one that this database knows.

use chat_domain::BlobKey;
use chat_domain::ports::{BlobError, Cost, ReadTx};

use crate::{ChatService, ServiceError};

/// How many records are read at a time.
const PAGE: i64 = 100;

/// How many blobs that are being removed are looked through, for one that has no other record.
const MOST_DOOMED: i64 = 100_000;

/// Whose bytes there are where files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesFound {
    /// This database's, or it has stored none.
    Ours,
    /// Nobody's, though this database has stored some.
    None,
    /// Some, of which none has a record in this database, though it has stored others.
    Foreign,
}

impl ChatService {
    /// Whether the bytes of this database are where files are kept. To be asked before the service is
    /// used: in a folder that is not mounted everything would look as if it were lost, and what is stored
    /// there would be missing in the right one.
    ///
    /// It costs one look at a blob, and only if its bytes are missing more than that.
    ///
    /// # Errors
    /// `Store`; `Blobs`.
    pub async fn find_files(&self) -> Result<FilesFound, ServiceError> {
        let Some(stored) = self.any_stored().await? else {
            return Ok(FilesFound::Ours);
        };
        match self.shelf()?.options.blobs.size(stored).await {
            Ok(Some(_)) => Ok(FilesFound::Ours),
            // What is wrong with one says nothing of the others.
            Ok(None) | Err(BlobError::Missing | BlobError::Broken(_)) => self.look_around().await,
            Err(error @ BlobError::Unavailable(_)) => Err(error.into()),
        }
    }

    /// The key of a blob whose bytes should be there, if any should.
    async fn any_stored(&self) -> Result<Option<BlobKey>, ServiceError> {
        let mut after = None;
        loop {
            let page = self
                .read(Cost::Bounded, move |tx| Ok(tx.blobs_after(after, PAGE)?))
                .await?;
            if let Some((blob, _)) = page.iter().find(|(blob, _)| blob.stored) {
                return Ok(Some(blob.key()));
            }
            match page.last() {
                Some((last, _)) => after = Some(last.id),
                None => return Ok(None),
            }
        }
    }

    /// Whose bytes there are, by all of them.
    pub(super) async fn look_around(&self) -> Result<FilesFound, ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        let mut after = None;
        loop {
            let keys = blobs.list(after).await?;
            let Some(&last) = keys.last() else {
                return Ok(match after {
                    Some(_) => FilesFound::Foreign,
                    None => FilesFound::None,
                });
            };
            after = Some(last);
            let count = keys.len();
            let orphaned = self.read(Cost::Scan, move |tx| orphaned(tx, &keys)).await?;
            if orphaned.len() < count {
                return Ok(FilesFound::Ours);
            }
        }
    }
}

/// Those of the keys that no record has.
pub(super) fn orphaned(
    tx: &mut dyn ReadTx,
    keys: &[BlobKey],
) -> Result<Vec<BlobKey>, ServiceError> {
    let mut orphaned = Vec::new();
    for &key in keys {
        if tx.blob(key.id())?.is_none_or(|blob| blob.key() != key) {
            orphaned.push(key);
        }
    }
    if !orphaned.is_empty() {
        // What is being removed is nobody's, but it is known.
        let doomed = tx.doomed_blobs(None, MOST_DOOMED)?;
        orphaned.retain(|&key| !doomed.iter().any(|blob| blob.key() == key));
    }
    Ok(orphaned)
}
