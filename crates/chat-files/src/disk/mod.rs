//! The bytes of files in a directory.

mod fault;
mod keys;
mod mark;
mod place;
mod reader;
mod staged;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use chat_domain::ports::{BlobError, BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged};
use chat_domain::{BlobKey, StageMark, Timestamp};

use fault::{blocking, gone_is_fine, unavailable};
use mark::Mark;
use place::{Company, Place, sync_directory};
use reader::DiskReader;
use staged::DiskStaged;

/// A store of bytes in a directory of a local file system, which it has to itself:
///
/// - `blobs/<first two digits>/<key>`: what is kept;
/// - `staging/<uuid>`: what is on its way;
/// - `aside/<key>`: what was set aside, once something was;
/// - `lock`: held by each process that uses it.
///
/// What is kept appears under its name by a rename, so all of it or nothing is there. Success is
/// answered when the files *and* the directories that name them are synced: it outlives a loss of
/// power, as far as the disk keeps its promises.
///
/// An upload has at most 512 KiB of buffers, a download as much, whatever their sizes. All work on
/// files is done on tokio's threads for blocking work, so it is to be used in a tokio runtime.
///
/// ```
/// # use chat_domain::ports::{BlobReader, BlobStore, Staged};
/// # use chat_domain::{BlobHash, BlobId, BlobKey};
/// use chat_files::DiskStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let key = BlobKey::new(BlobHash::from_bytes([7; 32]), BlobId::parse(1)?);
/// let store = DiskStore::open(dir.path())?;
/// let mut staged = store.stage().await?;
/// staged.write("hello".into()).await?;
/// staged.keep(key).await?;
/// let mut bytes = store.read(key, 1..5).await?;
/// assert_eq!(bytes.next().await?.as_deref(), Some(&b"ello"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DiskStore {
    place: Arc<Place>,
}

impl DiskStore {
    /// Opens the store in this directory; what is missing of it is made, for this user's eyes only. It
    /// blocks for a moment.
    ///
    /// # Errors
    /// If it can't be made or read, or somebody has it for himself.
    pub fn open(dir: impl AsRef<Path>) -> io::Result<Self> {
        Self::in_company(dir.as_ref(), Company::Shared)
    }

    /// The same with nobody else beside, as a repair needs it.
    ///
    /// # Errors
    /// As [`DiskStore::open`], and if anybody has it open.
    pub fn open_alone(dir: impl AsRef<Path>) -> io::Result<Self> {
        Self::in_company(dir.as_ref(), Company::Alone)
    }

    fn in_company(dir: &Path, company: Company) -> io::Result<Self> {
        let place = Arc::new(Place::open(dir, company)?);
        Ok(Self { place })
    }

    /// Does this with the place, on a thread that may block.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Place>) -> BlobResult<T> + Send + 'static,
    ) -> Later<'_, BlobResult<T>> {
        let place = Arc::clone(&self.place);
        Box::pin(blocking(move || work(&place)))
    }
}

impl BlobStore for DiskStore {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        self.run(|place| {
            let staged = DiskStaged::create(place)?;
            Ok(Box::new(staged) as Box<dyn Staged>)
        })
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        let mark = Mark::parse(mark);
        self.run(move |place| {
            let staged = DiskStaged::resume(place, mark.ok_or(BlobError::Missing)?)?;
            Ok(Box::new(staged) as Box<dyn Staged>)
        })
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        let mark = Mark::parse(mark);
        self.run(move |place| {
            let Some(mark) = mark else {
                return Ok(());
            };
            let path = place.staging_file(mark.name);
            gone_is_fine(std::fs::remove_file(&path)).map_err(unavailable(&path))
        })
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.run(move |place| place.size(key))
    }

    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.run(move |place| place.confirm(key))
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        self.run(move |place| {
            let reader = DiskReader::open(place.blob(key), range)?;
            Ok(Box::new(reader) as Box<dyn BlobReader>)
        })
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.run(move |place| {
            let (dir, path) = (place.blob_dir(key), place.blob(key));
            // Also when it was gone: who removed it may not have lived to see that durable.
            gone_is_fine(std::fs::remove_file(&path))
                .and_then(|()| gone_is_fine(sync_directory(&dir)))
                .map_err(unavailable(&path))
        })
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        self.run(move |place| place.set_aside(key))
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        self.run(move |place| keys::list(place.blobs(), after))
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        let live = live.iter().filter_map(Mark::parse);
        let live = live.map(|mark| mark.name).collect();
        self.run(move |place| place.sweep(before, &live))
    }

    /// None: a disk serves nobody.
    fn link(&self, _: BlobKey, _: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
