//! Pictures in small: each is drawn once for all who ask meanwhile, and remembered for a while.

use bytes::{Bytes, BytesMut};
use chat_domain::ports::MediaError;
use chat_domain::{BlobHash, Thumbnail, ThumbnailSize};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::content::{FileContent, lost};
use crate::{ChatService, ServiceError};

const MIB: u64 = 1024 * 1024;

/// The most bytes that are remembered.
const MOST_BYTES: u64 = 16 * MIB;

/// About how many thumbnails these are.
const USUAL: usize = 1_024;

/// What one that is remembered takes besides its bytes, and all that one takes which can't be drawn.
const ENTRY: u64 = 256;

/// How many different pictures are drawn or wait for it at once.
const PLACES: usize = 128;

/// How many MiB of pictures are held at once to be drawn.
const ROOM: u32 = 128;

/// The thumbnails of a service, and those that will be drawn.
pub(super) struct Thumbnails {
    /// None is what can't be drawn.
    drawn: Cache<(BlobHash, ThumbnailSize), Option<Thumbnail>, Weights>,
    places: Semaphore,
    /// For each MiB of a picture.
    room: Semaphore,
}

impl Thumbnails {
    pub(super) fn new() -> Self {
        Self {
            drawn: Cache::with_weighter(USUAL, MOST_BYTES, Weights),
            places: Semaphore::new(PLACES),
            room: Semaphore::new(ROOM as usize),
        }
    }

    /// Waits until a picture of so many bytes may be read; `Overloaded` if as many wait as may.
    async fn turn(&self, bytes: u64) -> Result<Turn<'_>, ServiceError> {
        let place = self.places.try_acquire();
        let place = place.map_err(|_| ServiceError::Overloaded)?;
        let room = u32::try_from(bytes.div_ceil(MIB)).unwrap_or(ROOM);
        let room = self.room.acquire_many(room.clamp(1, ROOM)).await;
        Ok(Turn {
            _room: room.map_err(|_| ServiceError::Overloaded)?,
            _place: place,
        })
    }
}

/// The right to hold a picture.
struct Turn<'t> {
    _room: SemaphorePermit<'t>,
    _place: SemaphorePermit<'t>,
}

#[derive(Clone)]
struct Weights;

impl Weighter<(BlobHash, ThumbnailSize), Option<Thumbnail>> for Weights {
    fn weight(&self, _: &(BlobHash, ThumbnailSize), drawn: &Option<Thumbnail>) -> u64 {
        // What weighs nothing would never go.
        let bytes = drawn.as_ref().map_or(0, |drawn| drawn.bytes.len());
        ENTRY + bytes as u64
    }
}

impl ChatService {
    /// The picture of a file in small. It is remembered for a while, within a few megabytes, and so is
    /// that there is none. Whoever asks while it is drawn waits for that; up to 128 different ones are
    /// drawn or wait for it.
    ///
    /// # Errors
    /// Those of [`ChatService::file_content`]; `ThumbnailUnavailable` when the file is no picture that
    /// can be read within the limits; `Overloaded`, `Blobs`.
    pub async fn thumbnail(
        &self,
        content: &FileContent,
        size: ThumbnailSize,
    ) -> Result<Thumbnail, ServiceError> {
        let shelf = self.shelf()?;
        let unavailable = || ServiceError::ThumbnailUnavailable(content.file.id);
        if !content.file.is_image() || content.size() > shelf.options.media.most_bytes() {
            return Err(unavailable());
        }
        let name = (content.blob.hash, size);
        let drawn = match shelf.thumbnails.drawn.get_value_or_guard_async(&name).await {
            Ok(drawn) => drawn,
            // Dropped without a value, by an error or because its request has gone, this lets one of
            // those who wait go on.
            Err(unfilled) => {
                let drawn = self.draw(content, size).await?;
                // Were its place taken away meanwhile, it would only be forgotten.
                let _ = unfilled.insert(drawn.clone());
                drawn
            }
        };
        drawn.ok_or_else(unavailable)
    }

    /// The picture in small; none if it can't be read.
    async fn draw(
        &self,
        content: &FileContent,
        size: ThumbnailSize,
    ) -> Result<Option<Thumbnail>, ServiceError> {
        let shelf = self.shelf()?;
        let _turn = shelf.thumbnails.turn(content.size()).await?;
        let picture = self.whole(content).await?;
        match shelf.options.media.thumbnail(picture, size).await {
            Ok(thumbnail) => Ok(Some(thumbnail)),
            Err(MediaError::Unreadable) => Ok(None),
        }
    }

    async fn whole(&self, content: &FileContent) -> Result<Bytes, ServiceError> {
        let mut reader = self.read_content(content, 0..content.size()).await?;
        let mut whole =
            BytesMut::with_capacity(usize::try_from(content.size()).unwrap_or_default());
        while let Some(bytes) = reader.next().await.map_err(|error| lost(content, error))? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.freeze())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn large_pictures_wait_for_those_before_them() {
        let thumbnails = Thumbnails::new();
        let large = || thumbnails.turn(32 * MIB);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(large().now_or_never().unwrap().ok().unwrap());
        }
        let (mut fifth, mut small) = (Box::pin(large()), Box::pin(thumbnails.turn(1)));
        assert!(fifth.as_mut().now_or_never().is_none());
        assert!(small.as_mut().now_or_never().is_none());
        held.pop();
        assert!(fifth.await.is_ok());
        assert!(small.await.is_ok());
    }

    #[tokio::test]
    async fn who_waits_no_longer_leaves_the_place_to_others() {
        let thumbnails = Thumbnails::new();
        // However large it is, alone it has room.
        let all = thumbnails.turn(u64::MAX).now_or_never().unwrap().ok();
        let mut waiting: Vec<_> = (1..PLACES).map(|_| Box::pin(thumbnails.turn(0))).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        let refused = thumbnails.turn(0).await.map(drop);
        assert_eq!(refused, Err(ServiceError::Overloaded));
        waiting.pop();
        let mut late = Box::pin(thumbnails.turn(0));
        assert!(late.as_mut().now_or_never().is_none());
        drop((all, waiting));
        assert!(late.await.is_ok());
        assert_eq!(thumbnails.places.available_permits(), PLACES);
        assert_eq!(thumbnails.room.available_permits(), ROOM as usize);
    }

    #[test]
    fn what_cant_be_drawn_is_forgotten_before_it_takes_much() {
        let thumbnails = Thumbnails::new();
        let hash = |n: u32| {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&n.to_be_bytes());
            BlobHash::from_bytes(hash)
        };
        for n in 0..100_000 {
            let name = (hash(n), ThumbnailSize::default());
            thumbnails.drawn.insert(name, None);
        }
        let most = (MOST_BYTES / ENTRY) as usize;
        assert!((most / 2..=most).contains(&thumbnails.drawn.len()));
    }
}
