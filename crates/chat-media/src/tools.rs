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

/// What knows formats of files. Thumbnails are made on the blocking threads of the tokio runtime that
/// asks for them, 2 at once; all others wait for their turn, in the order in which they came.
#[derive(Clone, Debug)]
pub struct MediaTools {
    turns: Arc<Semaphore>,
}

impl MediaTools {
    /// One for the whole process, since it alone counts what is decoded at once.
    pub fn new() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    async fn draw(&self, picture: Bytes, size: ThumbnailSize) -> Result<Thumbnail, MediaError> {
        if picture.len() > MOST_BYTES {
            return Err(MediaError::Unreadable);
        }
        self.in_turn(move || draw(&picture, size)).await
    }

    /// Does the work on a thread that may block, when it is its turn.
    async fn in_turn<W>(&self, work: W) -> Result<Thumbnail, MediaError>
    where
        W: FnOnce() -> Result<Thumbnail, Refusal> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        // Nobody closes them, so there is one.
        let turn = turn.map_err(|_| MediaError::Unreadable)?;
        let drawn = spawn_blocking(move || {
            // Held here: who asked may have gone, but the work goes on.
            let _turn = turn;
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

#[cfg(test)]
mod tests {
    use chat_domain::ports::MediaError::Unreadable;

    use super::*;
    use crate::testing;

    fn size() -> ThumbnailSize {
        ThumbnailSize::default()
    }

    #[tokio::test]
    async fn few_are_made_at_once_and_the_others_wait() {
        let tools = MediaTools::new();
        let held = tools.turns.acquire_many(2).await.unwrap();
        let picture = Bytes::from(testing::png(&testing::gradient(30, 20)));
        let mut waiting: Vec<_> = (0..40)
            .map(|_| {
                let (tools, picture) = (tools.clone(), picture.clone());
                tokio::spawn(async move { tools.thumbnail(picture, size()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|one| !one.is_finished()));
        // One who does not wait any longer keeps nobody back.
        let gone = waiting.remove(0);
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        drop(held);
        let first = tools.thumbnail(picture, size()).await.unwrap();
        assert_eq!(first.media_type.as_str(), "image/jpeg");
        for one in waiting {
            assert_eq!(one.await.unwrap().as_ref(), Ok(&first));
        }
        assert_eq!(tools.turns.available_permits(), TURNS);
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
            let drawn = tools.in_turn(|| panic!("as decoders do")).await;
            assert_eq!(drawn, Err(Unreadable));
        }
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
                tools.in_turn(work).await
            }
        };
        let asked = tokio::spawn(work);
        has_begun.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(tools.turns.available_permits(), TURNS - 1);
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
