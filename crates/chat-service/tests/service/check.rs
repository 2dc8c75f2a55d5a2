//! Checking files while they are collected.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use chat_domain::ports::{BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged};
use chat_domain::{BlobKey, StageMark, Timestamp};
use chat_files::DiskStore;
use chat_media::MediaTools;
use chat_service::{ChatService, FileOptions, Repair};

use crate::support::{Fixture, GRACE, MAX_FILE};

/// Lists a key besides those that are there: its bytes are gone by the time that it is looked for.
struct JustGone {
    disk: DiskStore,
    listed: Mutex<Option<BlobKey>>,
}

impl BlobStore for JustGone {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        self.disk.stage()
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        self.disk.resume(mark)
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        self.disk.discard(mark)
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.disk.size(key)
    }

    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.disk.confirm(key)
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        self.disk.read(key, range)
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.disk.delete(key)
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.disk.set_aside(key)
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        let gone = self.listed.lock().expect("a key").take();
        match gone {
            Some(key) => Box::pin(std::future::ready(Ok(vec![key]))),
            None => self.disk.list(after),
        }
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        self.disk.sweep(before, live)
    }

    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        self.disk.link(key, terms)
    }
}

#[tokio::test]
async fn what_was_collected_since_it_was_listed_is_no_orphan() {
    let fixture = Fixture::new();
    let key = format!("{}-7", "ab".repeat(32)).parse().expect("a key");
    let blobs = JustGone {
        disk: DiskStore::open(fixture.files()).expect("a folder"),
        listed: Mutex::new(Some(key)),
    };
    let files = FileOptions {
        blobs: Arc::new(blobs),
        media: Arc::new(MediaTools::new()),
        max_size: MAX_FILE,
        grace: GRACE,
    };
    let service = ChatService::new(fixture.store.clone(), fixture.clock.clone());
    let service = service.keeping_files(files);
    let check = service.check_files(Repair::Not, &mut |_, _| {}).await;
    assert_eq!(check.expect("a check").differences, []);
}
