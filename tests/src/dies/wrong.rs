//! Ways to be wrong that only a crash shows: each must be found out, or the test of the faults proves
//! nothing of the good server.

use std::env;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_domain::ports::{BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged, Store};
use chat_domain::{BlobKey, StageMark, Timestamp};

use crate::early_delete::{Blobs, EarlyDelete};

/// How much later that is done which was said to be done: the process is killed before.
const LATE: Duration = Duration::from_secs(5);

/// In which way the server is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// In none.
    Not,
    /// Bytes are said to be kept, and are kept later: their record is there first.
    LateKeep,
    /// Bytes are said to be deleted, and are deleted later: their record is gone first.
    LateDelete,
    /// Bytes that no file has are deleted before it is written that no file may have them any more.
    EarlyDelete,
}

impl Wrong {
    /// As the environment says.
    pub(crate) fn from_env() -> Result<Self, String> {
        match env::var("FAULT_WRONG").as_deref() {
            Err(_) => Ok(Self::Not),
            Ok("late_keep") => Ok(Self::LateKeep),
            Ok("late_delete") => Ok(Self::LateDelete),
            Ok("early_delete") => Ok(Self::EarlyDelete),
            Ok(other) => Err(format!("FAULT_WRONG: {other} is none of its ways")),
        }
    }

    /// The store, wrong in this way; `blobs` is where files are kept, once that is known.
    pub(crate) fn store(self, store: Arc<dyn Store>, blobs: Blobs) -> Arc<dyn Store> {
        match self {
            Self::EarlyDelete => Arc::new(EarlyDelete::new(store, blobs)),
            Self::Not | Self::LateKeep | Self::LateDelete => store,
        }
    }

    /// Where files are kept, wrong in this way.
    pub(crate) fn blobs(self, inner: Arc<dyn BlobStore>) -> Arc<dyn BlobStore> {
        match self {
            Self::LateKeep | Self::LateDelete => Arc::new(Late { inner, wrong: self }),
            Self::Not | Self::EarlyDelete => inner,
        }
    }
}

/// Answers before it has done what it was asked.
struct Late {
    inner: Arc<dyn BlobStore>,
    wrong: Wrong,
}

impl Late {
    fn stage_over(&self, inner: Box<dyn Staged>) -> Box<dyn Staged> {
        match self.wrong {
            Wrong::LateKeep => Box::new(LateStage(inner)),
            _ => inner,
        }
    }
}

/// Does this, but not yet.
fn later(work: impl Future<Output = BlobResult<()>> + Send + 'static) -> BlobResult<()> {
    drop(tokio::spawn(async {
        tokio::time::sleep(LATE).await;
        work.await
    }));
    Ok(())
}

impl BlobStore for Late {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        Box::pin(async { Ok(self.stage_over(self.inner.stage().await?)) })
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        let mark = mark.clone();
        Box::pin(async move { Ok(self.stage_over(self.inner.resume(&mark).await?)) })
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        self.inner.discard(mark)
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.inner.size(key)
    }

    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.inner.confirm(key)
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        self.inner.read(key, range)
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        if self.wrong != Wrong::LateDelete {
            return self.inner.delete(key);
        }
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { later(async move { inner.delete(key).await }) })
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.inner.set_aside(key)
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        self.inner.list(after)
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        self.inner.sweep(before, live)
    }

    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        self.inner.link(key, terms)
    }
}

/// A place that says too early that it was kept.
struct LateStage(Box<dyn Staged>);

impl Staged for LateStage {
    fn write(&mut self, chunk: Bytes) -> Later<'_, BlobResult<()>> {
        self.0.write(chunk)
    }

    fn mark(&mut self) -> Later<'_, BlobResult<StageMark>> {
        self.0.mark()
    }

    fn settle(&mut self) -> Later<'_, BlobResult<()>> {
        self.0.settle()
    }

    fn keep(self: Box<Self>, key: BlobKey) -> Later<'static, BlobResult<()>> {
        Box::pin(async move { later(async move { self.0.keep(key).await }) })
    }

    fn discard(self: Box<Self>) -> Later<'static, BlobResult<()>> {
        self.0.discard()
    }
}
