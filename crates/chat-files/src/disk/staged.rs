//! A file on its way in.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use chat_domain::ports::{BlobError, BlobResult, Later, Staged};
use chat_domain::{BlobKey, StageMark};
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};
use uuid::Uuid;

use super::fault::{blocking, gone_is_fine, missing, outcome, unavailable};
use super::mark::Mark;
use super::place::{Place, sync_directory};
use crate::names;

/// The most bytes that are gathered for one write.
const PIECE: usize = 256 * 1024;

/// How many bytes are worth a write of their own, if the file has nothing else to do.
const ENOUGH: usize = 64 * 1024;

/// How often, and after what time each, a resumed file is asked whether its last writer is done.
const ASKED: u32 = 200;
const ASKED_AFTER: Duration = Duration::from_millis(10);

/// A staged file. While one piece is written, the next is gathered.
pub(super) struct DiskStaged {
    place: Arc<Place>,
    name: Uuid,
    path: PathBuf,
    gathered: Vec<u8>,
    /// How many bytes there are, the gathered ones too.
    len: u64,
    writer: Writer,
    /// Whether the file's name is durable.
    named: bool,
    /// Whether the file is to stay when this is dropped: there is a mark of it, or it is gone.
    stays: bool,
}

/// What the file is doing.
enum Writer {
    Idle(Open),
    Busy(JoinHandle<BlobResult<Open>>),
    /// Something failed, and how much of it is in the file is not known.
    Failed(BlobError),
}

/// The file, locked: of all its handles, in whatever process, this is the only one. A write that
/// somebody has given up still holds it until it is through, so it can't get into what others write.
struct Open {
    file: File,
    path: PathBuf,
    /// Whether something in it may not be durable yet.
    dirty: bool,
    /// What the last piece was gathered in, to be used again.
    spare: Vec<u8>,
}

impl DiskStaged {
    /// A new file; blocks.
    pub(super) fn create(place: &Arc<Place>) -> BlobResult<Self> {
        let name = names::new();
        let path = place.staging_file(name);
        let file = File::create_new(&path).map_err(unavailable(&path))?;
        let mut staged = Self::new(place, name, file);
        staged.lock(false)?;
        Ok(staged)
    }

    /// The file of this mark, cut off where the mark was made; blocks, and waits up to two seconds for
    /// a writer that was given up.
    ///
    /// # Errors
    /// `Missing` if it is gone or too short, `Unavailable` if somebody is writing it.
    pub(super) fn resume(place: &Arc<Place>, mark: Mark) -> BlobResult<Self> {
        let path = place.staging_file(mark.name);
        let file = File::options().write(true).open(&path);
        let file = file.map_err(missing(&path))?;
        let mut staged = Self::new(place, mark.name, file);
        staged.named = true;
        staged.stays = true;
        staged.len = mark.len;
        let open = staged.lock(true)?;
        let found = open.file.metadata().map_err(unavailable(&path))?.len();
        if found < mark.len {
            log::warn!("{} was cut off at {found} bytes", path.display());
            return Err(BlobError::Missing);
        }
        if found > mark.len {
            open.file.set_len(mark.len).map_err(unavailable(&path))?;
            open.dirty = true;
        }
        let end = open.file.seek(SeekFrom::Start(mark.len));
        end.map_err(unavailable(&path))?;
        Ok(staged)
    }

    fn new(place: &Arc<Place>, name: Uuid, file: File) -> Self {
        let path = place.staging_file(name);
        Self {
            place: Arc::clone(place),
            name,
            path: path.clone(),
            gathered: Vec::new(),
            len: 0,
            writer: Writer::Idle(Open {
                file,
                path,
                dirty: false,
                spare: Vec::new(),
            }),
            named: false,
            stays: false,
        }
    }

    /// Locks the file; `shared` is one that others may have had before. Blocks.
    fn lock(&mut self, shared: bool) -> BlobResult<&mut Open> {
        let Writer::Idle(open) = &mut self.writer else {
            return Err(BlobError::Broken("locked while written".to_owned()));
        };
        let mut tries = 0;
        while let Err(error) = open.file.try_lock() {
            match error {
                TryLockError::WouldBlock if tries < ASKED => thread::sleep(ASKED_AFTER),
                TryLockError::WouldBlock => {
                    let path = self.path.display();
                    return Err(BlobError::Unavailable(format!("{path} is being written")));
                }
                TryLockError::Error(error) => return Err(unavailable(&self.path)(error)),
            }
            tries += 1;
        }
        // Who had the lock before may have kept the file: then it is no staged one any more.
        if shared && !self.path.try_exists().map_err(unavailable(&self.path))? {
            return Err(BlobError::Missing);
        }
        Ok(open)
    }

    /// Waits until the file has nothing to do.
    async fn idle(&mut self) -> BlobResult<()> {
        // Awaited in its place, so that a future dropped half-way loses nothing.
        if let Writer::Busy(work) = &mut self.writer {
            self.writer = match outcome(work).await {
                Ok(open) => Writer::Idle(open),
                Err(error) => Writer::Failed(error),
            };
        }
        match &self.writer {
            Writer::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Whether the file has nothing to do now.
    fn is_free(&self) -> bool {
        match &self.writer {
            Writer::Busy(work) => work.is_finished(),
            Writer::Idle(_) | Writer::Failed(_) => true,
        }
    }

    /// Has what was gathered written, and then something else done; the file must be idle.
    fn begin(&mut self, then: impl FnOnce(&mut Open) -> BlobResult<()> + Send + 'static) {
        let failed = Writer::Failed(BlobError::Broken("written while busy".to_owned()));
        if let Writer::Idle(mut open) = std::mem::replace(&mut self.writer, failed) {
            let next = std::mem::take(&mut open.spare);
            let piece = std::mem::replace(&mut self.gathered, next);
            self.writer = Writer::Busy(spawn_blocking(move || {
                open.write(&piece)?;
                open.spare = piece;
                open.spare.clear();
                then(&mut open)?;
                Ok(open)
            }));
        }
    }

    /// Puts the chunk into the file or what is gathered for it. Between its points of waiting it is
    /// there or not, never in part.
    async fn put(&mut self, chunk: Bytes) -> BlobResult<()> {
        if let Writer::Failed(error) = &self.writer {
            return Err(error.clone());
        }
        let len = chunk.len();
        if self.gathered.len() + len > PIECE {
            self.idle().await?;
            if len >= PIECE {
                self.begin(move |open| open.write(&chunk));
                self.len += len as u64;
                return Ok(());
            }
            self.begin(|_| Ok(()));
        }
        // Never more than that, as growing by itself would come to.
        self.gathered.reserve_exact(PIECE - self.gathered.len());
        self.gathered.extend_from_slice(&chunk);
        self.len += len as u64;
        if self.gathered.len() >= ENOUGH && self.is_free() {
            self.idle().await?;
            self.begin(|_| Ok(()));
        }
        Ok(())
    }

    /// Waits until the disk has all bytes, and the file's name if that is asked for.
    async fn sync(&mut self, name: bool) -> BlobResult<()> {
        self.idle().await?;
        let staging = (name && !self.named).then(|| self.place.staging().to_owned());
        self.begin(|open| {
            open.sync()?;
            staging.map_or(Ok(()), |dir| {
                sync_directory(&dir).map_err(unavailable(&dir))
            })
        });
        self.idle().await?;
        self.named |= name;
        Ok(())
    }
}

impl Open {
    fn write(&mut self, bytes: &[u8]) -> BlobResult<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.dirty = true;
        self.file.write_all(bytes).map_err(unavailable(&self.path))
    }

    /// Whether the file has as many bytes as were written: if not, somebody else was at it.
    fn has(&self, len: u64) -> BlobResult<()> {
        let found = self.file.metadata().map_err(unavailable(&self.path))?.len();
        if found == len {
            return Ok(());
        }
        let path = self.path.display();
        let cause = format!("{path} has {found} bytes of {len} that were written");
        Err(BlobError::Broken(cause))
    }

    fn sync(&mut self) -> BlobResult<()> {
        if self.dirty {
            self.file.sync_data().map_err(unavailable(&self.path))?;
            self.dirty = false;
        }
        Ok(())
    }
}

impl Staged for DiskStaged {
    fn write(&mut self, chunk: Bytes) -> Later<'_, BlobResult<()>> {
        Box::pin(self.put(chunk))
    }

    fn mark(&mut self) -> Later<'_, BlobResult<StageMark>> {
        Box::pin(async {
            self.sync(true).await?;
            self.stays = true;
            let (name, len) = (self.name, self.len);
            Ok(Mark { name, len }.write())
        })
    }

    fn settle(&mut self) -> Later<'_, BlobResult<()>> {
        Box::pin(self.sync(false))
    }

    fn keep(mut self: Box<Self>, key: BlobKey) -> Later<'static, BlobResult<()>> {
        Box::pin(async move {
            self.idle().await?;
            let place = Arc::clone(&self.place);
            let len = self.len;
            self.begin(move |open| {
                open.has(len)?;
                open.sync()?;
                place.keep(&open.path, key)
            });
            self.idle().await?;
            self.stays = true;
            Ok(())
        })
    }

    fn discard(mut self: Box<Self>) -> Later<'static, BlobResult<()>> {
        Box::pin(async move {
            let path = self.path.clone();
            blocking(move || gone_is_fine(fs::remove_file(&path)).map_err(unavailable(&path)))
                .await?;
            self.stays = true;
            Ok(())
        })
    }
}

impl Drop for DiskStaged {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        let path = std::mem::take(&mut self.path);
        let remove = move || {
            if let Err(error) = gone_is_fine(fs::remove_file(&path)) {
                log::warn!("{} can't be removed: {error}", path.display());
            }
        };
        match Handle::try_current() {
            // Nobody waits for it. A runtime that ends may leave it to be swept.
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}
