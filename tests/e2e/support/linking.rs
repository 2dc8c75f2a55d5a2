//! A store of files that gives links, as S3 does.

use std::ops::Range;
use std::sync::Arc;

use chat_domain::ports::{BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged};
use chat_domain::{BlobKey, StageMark, Timestamp};

/// Does what the store behind it does, and gives links.
pub(crate) struct Linking(pub(crate) Arc<dyn BlobStore>);

impl BlobStore for Linking {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        self.0.stage()
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        self.0.resume(mark)
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        self.0.discard(mark)
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.0.size(key)
    }

    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.0.confirm(key)
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        self.0.read(key, range)
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.0.delete(key)
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.0.set_aside(key)
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        self.0.list(after)
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        self.0.sweep(before, live)
    }

    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        let LinkTerms {
            media_type,
            disposition,
        } = terms;
        let link = format!(
            "https://files.example/{key}?type={}&disposition={}",
            media_type.as_str(),
            disposition.replace(' ', "+")
        );
        Box::pin(async { Ok(Some(link)) })
    }
}
