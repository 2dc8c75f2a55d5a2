//! Where files are kept, with a step before each thing that is asked of it and one after its answer.
//!
//! Of the pieces of a file on their way in or out, those count that begin a MiB: how many pieces there are
//! depends on the network, and one is like the other.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use chat_domain::ports::{BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged};
use chat_domain::{BlobKey, StageMark, Timestamp};

use crate::steps::Steps;

const MIB: u64 = 1024 * 1024;

/// A store of bytes whose steps are counted.
pub(crate) struct Counted {
    blobs: Arc<dyn BlobStore>,
    steps: Arc<Steps>,
}

impl Counted {
    pub(crate) fn new(blobs: Arc<dyn BlobStore>, steps: Arc<Steps>) -> Self {
        Self { blobs, steps }
    }

    fn stage_over(&self, inner: Box<dyn Staged>) -> Box<dyn Staged> {
        Box::new(Stage {
            inner,
            steps: Arc::clone(&self.steps),
            written: 0,
        })
    }
}

impl BlobStore for Counted {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        Box::pin(self.steps.around("stage", async {
            let stage = self.blobs.stage().await?;
            Ok(self.stage_over(stage))
        }))
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        let mark = mark.clone();
        Box::pin(self.steps.around("resume", async move {
            let stage = self.blobs.resume(&mark).await?;
            Ok(self.stage_over(stage))
        }))
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        let mark = mark.clone();
        let work = async move { self.blobs.discard(&mark).await };
        Box::pin(self.steps.around("discard by mark", work))
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        let work = async move { self.blobs.size(key).await };
        Box::pin(self.steps.around("size", work))
    }

    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        let work = async move { self.blobs.confirm(key).await };
        Box::pin(self.steps.around("confirm", work))
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        Box::pin(self.steps.around("read", async move {
            let inner = self.blobs.read(key, range).await?;
            let steps = Arc::clone(&self.steps);
            let read = 0;
            Ok(Box::new(Reader { inner, steps, read }) as Box<dyn BlobReader>)
        }))
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        let work = async move { self.blobs.delete(key).await };
        Box::pin(self.steps.around("delete", work))
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        let work = async move { self.blobs.set_aside(key).await };
        Box::pin(self.steps.around("set aside", work))
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        let work = async move { self.blobs.list(after).await };
        Box::pin(self.steps.around("list", work))
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        let live = live.to_vec();
        let work = async move { self.blobs.sweep(before, &live).await };
        Box::pin(self.steps.around("sweep", work))
    }

    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        let work = async move { self.blobs.link(key, terms).await };
        Box::pin(self.steps.around("link", work))
    }
}

struct Stage {
    inner: Box<dyn Staged>,
    steps: Arc<Steps>,
    written: u64,
}

impl Staged for Stage {
    fn write(&mut self, chunk: Bytes) -> Later<'_, BlobResult<()>> {
        let before = self.written;
        self.written += chunk.len() as u64;
        if !begins_a_mib(before, self.written) {
            return self.inner.write(chunk);
        }
        let work = async { self.inner.write(chunk).await };
        Box::pin(self.steps.around("write", work))
    }

    fn mark(&mut self) -> Later<'_, BlobResult<StageMark>> {
        let work = async { self.inner.mark().await };
        Box::pin(self.steps.around("mark", work))
    }

    fn settle(&mut self) -> Later<'_, BlobResult<()>> {
        let work = async { self.inner.settle().await };
        Box::pin(self.steps.around("settle", work))
    }

    fn keep(self: Box<Self>, key: BlobKey) -> Later<'static, BlobResult<()>> {
        let Self { inner, steps, .. } = *self;
        let work = async move { inner.keep(key).await };
        Box::pin(async move { steps.around("keep", work).await })
    }

    fn discard(self: Box<Self>) -> Later<'static, BlobResult<()>> {
        let Self { inner, steps, .. } = *self;
        let work = async move { inner.discard().await };
        Box::pin(async move { steps.around("discard", work).await })
    }
}

struct Reader {
    inner: Box<dyn BlobReader>,
    steps: Arc<Steps>,
    read: u64,
}

impl BlobReader for Reader {
    fn next(&mut self) -> Later<'_, BlobResult<Option<Bytes>>> {
        Box::pin(async {
            let bytes = self.inner.next().await?;
            let before = self.read;
            self.read += bytes.as_ref().map_or(0, Bytes::len) as u64;
            if begins_a_mib(before, self.read) {
                self.steps.take("next", "answered");
            }
            Ok(bytes)
        })
    }
}

/// Whether a piece from here to there has the first byte of a MiB.
fn begins_a_mib(from: u64, to: u64) -> bool {
    from.div_ceil(MIB) < to.div_ceil(MIB)
}
