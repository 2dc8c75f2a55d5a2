//! The adapter: it lets few pictures be decoded at once, on threads that may block.

use std::sync::Arc;

use bytes::Bytes;
use chat_domain::ports::{Later, Media, MediaError};
use chat_domain::{MediaType, Thumbnail, ThumbnailSize};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::sniff::sniff;
use crate::thumbnail::{Refusal, draw};

const MIB: usize = 1024 * 1024;

/// The most bytes of a file that a thumbnail is made of.
const MOST_BYTES: usize = 32 * MIB;

/// How many pictures are decoded at once.
const TURNS: usize = 2;

/// How many MiB of pictures wait or are decoded at once.
const ROOM: usize = 256;

/// What a small picture counts for, in MiB: it bounds how many wait, to 32 with those decoded.
const LEAST: usize = 8;

/// What knows formats of files. Thumbnails are made on the blocking threads of the tokio runtime that
/// asks for them: 2 at once, and while they are, up to 30 more (or 256 MiB of pictures in all) wait.
#[derive(Clone, Debug)]
pub struct MediaTools {
    turns: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

impl MediaTools {
    /// One for the whole process, since it alone counts what is decoded at once.
    pub fn new() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(TURNS)),
            room: Arc::new(Semaphore::new(ROOM)),
        }
    }

    async fn draw(&self, picture: Bytes, size: ThumbnailSize) -> Result<Thumbnail, MediaError> {
        if picture.len() > MOST_BYTES {
            return Err(MediaError::Unreadable);
        }
        let room = room_for(picture.len());
        self.in_turn(room, move || draw(&picture, size)).await
    }

    /// Does the work on a thread that may block, when it is its turn.
    async fn in_turn<W>(&self, room: u32, work: W) -> Result<Thumbnail, MediaError>
    where
        W: FnOnce() -> Result<Thumbnail, Refusal> + Send + 'static,
    {
        let room = Arc::clone(&self.room).try_acquire_many_owned(room);
        let room = room.map_err(|_| MediaError::Overloaded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| MediaError::Overloaded)?;
        let drawn = spawn_blocking(move || {
            // Held here: who asked may have gone, but the work goes on.
            let _held = (room, turn);
            work()
        });
        match drawn.await {
            Ok(Ok(thumbnail)) => Ok(thumbnail),
            Ok(Err(refusal)) => {
                log::debug!("no thumbnail is made: {refusal}");
                Err(MediaError::Unreadable)
            }
            // Decoders index where a damaged picture leads them.
            Err(error) => {
                log::error!("a decoder of pictures failed: {error}");
                Err(MediaError::Unreadable)
            }
        }
    }
}

impl Default for MediaTools {
    fn default() -> Self {
        Self::new()
    }
}

impl Media for MediaTools {
    fn sniff(&self, head: &[u8]) -> Option<MediaType> {
        sniff(head)
    }

    fn most_bytes(&self) -> u64 {
        MOST_BYTES as u64
    }

    fn thumbnail(
        &self,
        picture: Bytes,
        size: ThumbnailSize,
    ) -> Later<'_, Result<Thumbnail, MediaError>> {
        Box::pin(self.draw(picture, size))
    }
}

/// How many MiB of the room a picture of so many bytes takes.
fn room_for(bytes: usize) -> u32 {
    // It is 32 at most.
    u32::try_from(bytes.div_ceil(MIB).max(LEAST)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use chat_domain::ports::MediaError::{Overloaded, Unreadable};

    use super::*;
    use crate::testing;

    fn size() -> ThumbnailSize {
        ThumbnailSize::default()
    }

    #[tokio::test]
    async fn few_are_made_at_once_and_few_wait() {
        let tools = MediaTools::new();
        let held = tools.turns.acquire_many(2).await.unwrap();
        let picture = Bytes::from(testing::png(&testing::gradient(300, 200)));
        let mut waiting: Vec<_> = (0..32)
            .map(|_| {
                let (tools, picture) = (tools.clone(), picture.clone());
                tokio::spawn(async move { tools.thumbnail(picture, size()).await })
            })
            .collect();
        while tools.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let one_more = tools.thumbnail(picture.clone(), size()).await;
        assert_eq!(one_more, Err(Overloaded));

        // One who does not wait any longer leaves their room to others.
        let gone = waiting.pop().unwrap();
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        drop(held);
        let first = tools.thumbnail(picture, size()).await.unwrap();
        assert_eq!(first.media_type.as_str(), "image/jpeg");
        for one in waiting {
            assert_eq!(one.await.unwrap().as_ref(), Ok(&first));
        }
        assert_eq!(tools.room.available_permits(), ROOM);
        assert_eq!(tools.turns.available_permits(), TURNS);
    }

    #[tokio::test]
    async fn large_pictures_take_more_room() {
        let tools = MediaTools::new();
        let held = tools.turns.acquire_many(2).await.unwrap();
        let large = Bytes::from(vec![0; MOST_BYTES]);
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let (tools, large) = (tools.clone(), large.clone());
                tokio::spawn(async move { tools.thumbnail(large, size()).await })
            })
            .collect();
        while tools.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let one_more = tools.thumbnail(Bytes::from_static(b"x"), size()).await;
        assert_eq!(one_more, Err(Overloaded));
        drop(held);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Err(Unreadable));
        }
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_is_no_picture() {
        let tools = MediaTools::default();
        assert_eq!(tools.most_bytes(), 33_554_432);
        let mut picture = testing::png(&testing::gradient(20, 20));
        picture.resize(MOST_BYTES, 0);
        let at_most = tools.thumbnail(Bytes::from(picture.clone()), size()).await;
        assert!(at_most.is_ok());
        picture.push(0);
        let more = tools.thumbnail(Bytes::from(picture), size()).await;
        assert_eq!(more, Err(Unreadable));
    }

    #[tokio::test]
    async fn a_decoder_that_panics_has_not_read_it() {
        let tools = MediaTools::new();
        for _ in 0..2 * TURNS {
            let drawn = tools.in_turn(1, || panic!("as decoders do")).await;
            assert_eq!(drawn, Err(Unreadable));
        }
        assert_eq!(tools.room.available_permits(), ROOM);
        assert_eq!(tools.turns.available_permits(), TURNS);
    }

    #[tokio::test]
    async fn a_picture_that_nobody_waits_for_keeps_its_turn() {
        let tools = MediaTools::new();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let work = {
            let tools = tools.clone();
            async move {
                let work = move || {
                    begun.send(()).unwrap();
                    ended.recv().unwrap();
                    Err(Refusal::Format)
                };
                tools.in_turn(8, work).await
            }
        };
        let asked = tokio::spawn(work);
        has_begun.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(tools.turns.available_permits(), TURNS - 1);
        assert_eq!(tools.room.available_permits(), ROOM - 8);
        end.send(()).unwrap();
        let both = tools.turns.acquire_many(2).await.unwrap();
        drop(both);
    }

    #[test]
    fn it_knows_types() {
        let picture = testing::png(&testing::gradient(2, 2));
        let kind = MediaTools::new().sniff(&picture).unwrap();
        assert_eq!(kind.as_str(), "image/png");
    }
}
