//! A store of files that fails, or is slow, where a test wants it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chat_domain::ports::{
    BlobError, BlobReader, BlobResult, BlobStore, Later, LinkTerms, Media, Staged,
};
use chat_domain::{BlobKey, StageMark, Timestamp};
use chat_files::DiskStore;
use chat_media::MediaTools;
use chat_service::{ChatService, FileOptions};

use crate::support::{Fixture, GRACE, MAX_FILE};

/// Something that happens once.
type Once = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// A disk behind what goes wrong.
pub(crate) struct Seam {
    disk: DiskStore,
    /// What can be neither read nor removed, nor made durable.
    pub(crate) stuck: Mutex<HashSet<BlobKey>>,
    /// Whether staged places can't be discarded or swept.
    pub(crate) stays: Mutex<bool>,
    /// How often it was swept.
    pub(crate) sweeps: Mutex<usize>,
    /// What happens just before bytes are kept.
    pub(crate) before_keep: Arc<Once>,
    /// Whether bytes are kept, and it is said that they are not.
    pub(crate) keeps_in_secret: Arc<Mutex<bool>>,
    /// What happens when a place is gone on with, which is gone then.
    pub(crate) on_resume: Once,
    /// What happens when bytes are read, which fails a while after.
    pub(crate) on_read: Once,
    /// Whether no place can be gone on with.
    pub(crate) resumes_nothing: Mutex<bool>,
}

/// A service over the fixture's store, with such a disk.
pub(crate) fn over(fixture: &Fixture) -> (ChatService, Arc<Seam>) {
    with(fixture, Arc::new(MediaTools::new()))
}

/// The same with another that draws.
pub(crate) fn with(fixture: &Fixture, media: Arc<dyn Media>) -> (ChatService, Arc<Seam>) {
    let seam = Arc::new(Seam {
        disk: DiskStore::open(fixture.files()).expect("a folder"),
        stuck: Mutex::default(),
        stays: Mutex::default(),
        sweeps: Mutex::default(),
        before_keep: Arc::default(),
        keeps_in_secret: Arc::default(),
        on_resume: Mutex::default(),
        on_read: Mutex::default(),
        resumes_nothing: Mutex::default(),
    });
    let files = FileOptions {
        blobs: seam.clone(),
        media,
        max_size: MAX_FILE,
        grace: GRACE,
    };
    let service = ChatService::new(fixture.store.clone(), fixture.clock.clone());
    (service.keeping_files(files), seam)
}

/// Has it happen, if it has not; whether it did.
fn happen(once: &Once) -> bool {
    let happens = once.lock().expect("it").take();
    happens.map(|happens| happens()).is_some()
}

fn stuck<T: Send + 'static>() -> Later<'static, BlobResult<T>> {
    let error = BlobError::Unavailable("stuck".to_owned());
    Box::pin(std::future::ready(Err(error)))
}

impl Seam {
    fn is_stuck(&self, key: BlobKey) -> bool {
        self.stuck.lock().expect("keys").contains(&key)
    }

    fn stays(&self) -> bool {
        *self.stays.lock().expect("a choice")
    }

    fn watch(&self, staged: Box<dyn Staged>) -> Box<dyn Staged> {
        Box::new(Watched {
            staged,
            before_keep: Arc::clone(&self.before_keep),
            keeps_in_secret: Arc::clone(&self.keeps_in_secret),
        })
    }
}

impl BlobStore for Seam {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        Box::pin(async { Ok(self.watch(self.disk.stage().await?)) })
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        if happen(&self.on_resume) {
            return Box::pin(std::future::ready(Err(BlobError::Missing)));
        }
        if *self.resumes_nothing.lock().expect("a choice") {
            return stuck();
        }
        let resumed = self.disk.resume(mark);
        Box::pin(async { Ok(self.watch(resumed.await?)) })
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        match self.stays() {
            true => stuck(),
            false => self.disk.discard(mark),
        }
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.disk.size(key)
    }

    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        match self.is_stuck(key) {
            true => stuck(),
            false => self.disk.confirm(key),
        }
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        if happen(&self.on_read) {
            return Box::pin(async {
                tokio::task::yield_now().await;
                stuck().await
            });
        }
        match self.is_stuck(key) {
            true => stuck(),
            false => self.disk.read(key, range),
        }
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        match self.is_stuck(key) {
            true => stuck(),
            false => self.disk.delete(key),
        }
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.disk.set_aside(key)
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        self.disk.list(after)
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        *self.sweeps.lock().expect("a count") += 1;
        match self.stays() {
            true => stuck(),
            false => self.disk.sweep(before, live),
        }
    }

    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        self.disk.link(key, terms)
    }
}

struct Watched {
    staged: Box<dyn Staged>,
    before_keep: Arc<Once>,
    keeps_in_secret: Arc<Mutex<bool>>,
}

impl Staged for Watched {
    fn write(&mut self, chunk: Bytes) -> Later<'_, BlobResult<()>> {
        self.staged.write(chunk)
    }

    fn mark(&mut self) -> Later<'_, BlobResult<StageMark>> {
        self.staged.mark()
    }

    fn settle(&mut self) -> Later<'_, BlobResult<()>> {
        self.staged.settle()
    }

    fn keep(self: Box<Self>, key: BlobKey) -> Later<'static, BlobResult<()>> {
        happen(&self.before_keep);
        let secret = *self.keeps_in_secret.lock().expect("a choice");
        let kept = self.staged.keep(key);
        Box::pin(async move {
            match kept.await {
                Ok(()) if secret => stuck().await,
                kept => kept,
            }
        })
    }

    fn discard(self: Box<Self>) -> Later<'static, BlobResult<()>> {
        self.staged.discard()
    }
}
