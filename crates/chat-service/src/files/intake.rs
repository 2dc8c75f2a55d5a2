//! Bytes on their way in: counted, hashed, and their beginning kept, while they are staged.

use bytes::Bytes;
use chat_domain::ports::{BlobError, Staged};
use chat_domain::{BlobHash, BlobKey, FileSize, UploadProgress};
use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest, Sha256};

use crate::ServiceError;

/// By how many of the first bytes a type is told.
const HEAD: usize = 8 * 1024;

/// A staged place, and what is known of what went there.
pub(crate) struct Intake {
    stage: Box<dyn Staged>,
    seen: Seen,
    limit: u64,
    /// Whether a piece was given up half-way, so that what was seen may not be what was staged.
    torn: bool,
}

/// What is known of bytes that went by.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    digest: Sha256,
    head: Vec<u8>,
    size: u64,
}

impl Intake {
    /// Takes at most `limit` bytes to a new place.
    pub(crate) fn new(stage: Box<dyn Staged>, limit: u64) -> Self {
        Self::after(Seen::default(), stage, limit)
    }

    /// Goes on after what was seen before.
    pub(crate) fn after(seen: Seen, stage: Box<dyn Staged>, limit: u64) -> Self {
        Self {
            stage,
            seen,
            limit,
            torn: false,
        }
    }

    /// How many bytes have come.
    pub(crate) fn size(&self) -> u64 {
        self.seen.size
    }

    /// Takes the next bytes; `FileTooLarge` if they are more than there may be.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<(), ServiceError> {
        let limit = self.limit;
        if chunk.len() as u64 > limit.saturating_sub(self.seen.size) {
            return Err(ServiceError::FileTooLarge { limit });
        }
        self.torn = true;
        self.seen.take(&chunk);
        self.stage.write(chunk).await?;
        self.torn = false;
        Ok(())
    }

    /// Makes durable what has come, and says how to go on after it.
    pub(crate) async fn progress(&mut self) -> Result<UploadProgress, ServiceError> {
        if self.torn {
            let cause = "a piece of it was given up half-way".to_owned();
            return Err(BlobError::Unavailable(cause).into());
        }
        let mark = self.stage.mark().await?;
        Ok(UploadProgress {
            offset: self.seen.file_size()?,
            mark,
            digest: self.seen.digest.serialize().to_vec(),
            head: self.seen.head.clone(),
        })
    }

    /// The place, and what is known of what went there.
    pub(crate) fn into_parts(self) -> (Box<dyn Staged>, Seen) {
        (self.stage, self.seen)
    }
}

impl Seen {
    /// What was seen up to there; none if a version of ours that counted otherwise has written it.
    pub(crate) fn of(progress: &UploadProgress) -> Option<Self> {
        let state = progress.digest.as_slice().try_into().ok()?;
        Some(Self {
            digest: Sha256::deserialize(state).ok()?,
            head: progress.head.clone(),
            size: u64::try_from(progress.offset.get()).ok()?,
        })
    }

    fn take(&mut self, chunk: &[u8]) {
        let wanted = HEAD.saturating_sub(self.head.len());
        self.head
            .extend_from_slice(&chunk[..chunk.len().min(wanted)]);
        self.digest.update(chunk);
        self.size += chunk.len() as u64;
    }

    /// The first bytes, at most 8,192.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// How many bytes there are.
    pub(crate) fn file_size(&self) -> Result<FileSize, ServiceError> {
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        // The limit is far below: more can't have come.
        FileSize::parse(size).map_err(|error| BlobError::Broken(error.to_string()).into())
    }

    /// The hash of all of them.
    pub(crate) fn hash(&self) -> BlobHash {
        BlobHash::from_bytes(self.digest.clone().finalize().into())
    }
}

/// Keeps what is staged under the key, unless it is there already.
pub(crate) async fn keep(
    blobs: &dyn chat_domain::ports::BlobStore,
    stage: Box<dyn Staged>,
    key: BlobKey,
    size: FileSize,
    stored: bool,
) -> Result<(), ServiceError> {
    // The record may say so of bytes that were lost since; then these take their place.
    if stored && are(blobs.size(key).await?, size) {
        if let Err(error) = stage.discard().await {
            log::debug!("bytes that are not needed stay until they are swept: {error}");
        }
        return Ok(());
    }
    Ok(stage.keep(key).await?)
}

/// Whether as many bytes are under the key as there should be, to stay: whoever kept them may not have
/// come to see that they are durable.
pub(crate) async fn was_kept(
    blobs: &dyn chat_domain::ports::BlobStore,
    key: BlobKey,
    size: FileSize,
) -> Result<bool, ServiceError> {
    Ok(are(blobs.confirm(key).await?, size))
}

/// Whether there are as many as there should be.
fn are(found: Option<u64>, size: FileSize) -> bool {
    found.and_then(|found| i64::try_from(found).ok()) == Some(size.get())
}

#[cfg(test)]
mod tests {
    use chat_domain::StageMark;

    use super::*;

    fn progress(seen: &Seen) -> UploadProgress {
        UploadProgress {
            offset: seen.file_size().unwrap(),
            mark: StageMark::from_bytes(Vec::new()),
            digest: seen.digest.serialize().to_vec(),
            head: seen.head.clone(),
        }
    }

    #[test]
    fn what_was_seen_goes_on_where_it_was() {
        let bytes: Vec<u8> = (0..20_000_u32).map(|n| n as u8).collect();
        let mut whole = Seen::default();
        whole.take(&bytes);
        for cut in [0, 1, 63, 64, 65, 8_191, 8_192, 8_193, 20_000] {
            let mut first = Seen::default();
            first.take(&bytes[..cut]);
            let mut second = Seen::of(&progress(&first)).unwrap();
            second.take(&bytes[cut..]);
            assert_eq!(second.hash(), whole.hash(), "cut at {cut}");
            assert_eq!(second.head(), &bytes[..HEAD], "cut at {cut}");
            assert_eq!(second.size, 20_000);
        }
    }

    #[test]
    fn a_state_of_something_else_is_none() {
        let seen = Seen::default();
        let other = |digest| UploadProgress {
            digest,
            ..progress(&seen)
        };
        assert!(Seen::of(&other(Vec::new())).is_none());
        assert!(Seen::of(&other(vec![0xff; 105])).is_none());
    }
}
