//! What tests of any adapter need: bytes, keys, and the ways in and out.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_domain::ports::{BlobResult, BlobStore, Clock, Staged, SystemClock};
use chat_domain::{BlobHash, BlobId, BlobKey, Timestamp};

/// A fresh store of some adapter, and what it needs to live.
pub(crate) struct World {
    pub(crate) store: Arc<dyn BlobStore>,
    /// Dropped after the store.
    _place: Box<dyn Any + Send + Sync>,
}

/// Bytes that are easily told from any others of them.
pub(crate) fn bytes(len: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut all = Vec::with_capacity(len + 8);
    while all.len() < len {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        all.extend_from_slice(&state.to_le_bytes());
    }
    all.truncate(len);
    all.into()
}

/// The key of a blob whose hash begins with `first`.
pub(crate) fn key(first: u8, id: i64) -> BlobKey {
    let mut hash = [0x5a; 32];
    hash[0] = first;
    BlobKey::new(BlobHash::from_bytes(hash), BlobId::parse(id).unwrap())
}

/// A time so far from now.
pub(crate) fn from_now(seconds: i64) -> Timestamp {
    Timestamp::from_micros(SystemClock.now().as_micros() + seconds * 1_000_000)
}

/// Tries until it holds; what is not waited for may take a moment.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never held");
}

/// Writes all of it in chunks of so many bytes.
pub(crate) async fn write(staged: &mut dyn Staged, all: &Bytes, chunk: usize) -> BlobResult<()> {
    for from in (0..all.len()).step_by(chunk) {
        let chunk = all.slice(from..all.len().min(from + chunk));
        staged.write(chunk).await?;
    }
    Ok(())
}

/// Chunks as they come from a connection.
pub(crate) const CHUNK: usize = 32 * 1024;

impl World {
    pub(crate) fn new(store: Arc<dyn BlobStore>, place: impl Any + Send + Sync) -> Self {
        Self {
            store,
            _place: Box::new(place),
        }
    }

    /// A staged place with these bytes.
    pub(crate) async fn staged(&self, all: &Bytes) -> Box<dyn Staged> {
        let mut staged = self.store.stage().await.unwrap();
        write(&mut *staged, all, CHUNK).await.unwrap();
        staged
    }

    /// Keeps these bytes under the key.
    pub(crate) async fn keep(&self, key: BlobKey, all: &Bytes) {
        self.staged(all).await.keep(key).await.unwrap();
    }

    /// A range of what is under the key.
    pub(crate) async fn range(&self, key: BlobKey, range: Range<u64>) -> BlobResult<Bytes> {
        let mut reader = self.store.read(key, range).await?;
        let mut all = Vec::new();
        while let Some(piece) = reader.next().await? {
            assert!(!piece.is_empty() && piece.len() <= 1 << 20);
            all.extend_from_slice(&piece);
        }
        assert_eq!(reader.next().await?, None, "the end stays the end");
        Ok(all.into())
    }

    /// All that is under the key; none if nothing is.
    pub(crate) async fn kept(&self, key: BlobKey) -> Option<Bytes> {
        let size = self.store.size(key).await.unwrap()?;
        Some(self.range(key, 0..size).await.unwrap())
    }

    /// All keys, page by page.
    pub(crate) async fn keys(&self) -> Vec<BlobKey> {
        let mut keys: Vec<BlobKey> = Vec::new();
        loop {
            let page = self.store.list(keys.last().copied()).await.unwrap();
            if page.is_empty() {
                return keys;
            }
            keys.extend(page);
        }
    }

    /// How many staged places are removed when all are old and none is live.
    pub(crate) async fn sweep_all(&self) -> usize {
        self.store.sweep(from_now(3_600), &[]).await.unwrap()
    }
}
