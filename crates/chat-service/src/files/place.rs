//! Whether the place where bytes are kept is the one that this database knows.

use chat_domain::BlobKey;
use chat_domain::ports::{BlobError, Cost, ReadTx};

use crate::{ChatService, ServiceError};

/// How many records are read at a time.
const PAGE: i64 = 100;

/// How many blobs that are being removed are looked through, for one that has no other record.
const MOST_DOOMED: i64 = 100_000;

impl ChatService {
    /// Whether the bytes of this database are where files are kept. To be asked before the service is
    /// used: in a folder that is not mounted, or in somebody else's, everything would look as if it
    /// were lost, and what is stored there would be missing in the right one.
    ///
    /// It costs one look at a blob, and only if its bytes are missing more than that. A database without
    /// stored bytes may be used with any place.
    ///
    /// # Errors
    /// `Store`; `Blobs`: `Broken` if there are none of the bytes that should be.
    pub async fn find_files(&self) -> Result<(), ServiceError> {
        let Some(stored) = self.any_stored().await? else {
            return Ok(());
        };
        let blobs = &self.shelf()?.options.blobs;
        if blobs.size(stored).await?.is_some() {
            return Ok(());
        }
        match self.look_around().await? {
            Around::Ours => Ok(()),
            Around::Nothing => Err(another_place("nothing is kept there")),
            Around::Foreign => Err(another_place("what is kept there is another database's")),
        }
    }

    /// An error if bytes are kept, and none of them has a record.
    pub(super) async fn refuse_foreign(&self) -> Result<(), ServiceError> {
        match self.look_around().await? {
            Around::Ours | Around::Nothing => Ok(()),
            Around::Foreign => Err(another_place("what is kept there is another database's")),
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

    async fn look_around(&self) -> Result<Around, ServiceError> {
        let blobs = &self.shelf()?.options.blobs;
        let mut after = None;
        loop {
            let keys = blobs.list(after).await?;
            let Some(&last) = keys.last() else {
                return Ok(match after {
                    Some(_) => Around::Foreign,
                    None => Around::Nothing,
                });
            };
            after = Some(last);
            let count = keys.len();
            let orphaned = self.read(Cost::Scan, move |tx| orphaned(tx, &keys)).await?;
            if orphaned.len() < count {
                return Ok(Around::Ours);
            }
        }
    }
}

/// Whose bytes are kept.
enum Around {
    /// Some of them have a record.
    Ours,
    /// Nobody's.
    Nothing,
    /// None of them has a record.
    Foreign,
}

fn another_place(found: &str) -> ServiceError {
    BlobError::Broken(format!("the files of this database are elsewhere: {found}")).into()
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
