//! Bytes of a kept file on their way out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;
use chat_domain::ports::{BlobError, BlobReader, BlobResult, Later};
use tokio::task::{JoinHandle, spawn_blocking};

use super::fault::{missing, outcome, unavailable};

/// How many bytes are read at once.
const PIECE: u64 = 256 * 1024;

/// Reads one piece ahead of what was asked for: while one is sent, the next is fetched.
pub(super) struct DiskReader {
    next: Next,
}

/// The next piece.
enum Next {
    /// It is there already: the first one is read along with opening the file.
    Ready(Bytes, Source),
    /// It is being read.
    Coming(JoinHandle<BlobResult<(Bytes, Source)>>),
    /// There is none.
    End,
    /// Reading failed; it is not the end.
    Failed(BlobError),
}

/// What remains to be read. The file is opened once: what happens to its name later does not matter.
struct Source {
    file: File,
    path: PathBuf,
    left: u64,
}

impl DiskReader {
    /// Opens the file; blocks.
    ///
    /// # Errors
    /// `Missing` if there is none, `Broken` if it ends within the range.
    pub(super) fn open(path: PathBuf, range: Range<u64>) -> BlobResult<Self> {
        let mut file = File::open(&path).map_err(missing(&path))?;
        if range.start > 0 {
            file.seek(SeekFrom::Start(range.start))
                .map_err(unavailable(&path))?;
        }
        let left = range.end.saturating_sub(range.start);
        let (piece, rest) = Source { file, path, left }.piece()?;
        Ok(Self {
            next: Next::Ready(piece, rest),
        })
    }
}

impl Source {
    /// Reads the next piece; blocks. At the end it is empty.
    fn piece(mut self) -> BlobResult<(Bytes, Self)> {
        let len = self.left.min(PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
        let read = self.file.by_ref().take(len).read_to_end(&mut piece);
        if read.map_err(unavailable(&self.path))? as u64 != len {
            let path = self.path.display();
            return Err(BlobError::Broken(format!("{path} ends too early")));
        }
        self.left -= len;
        Ok((Bytes::from(piece), self))
    }
}

impl BlobReader for DiskReader {
    fn next(&mut self) -> Later<'_, BlobResult<Option<Bytes>>> {
        Box::pin(async {
            // Awaited in its place, so that a future dropped half-way loses nothing.
            if let Next::Coming(work) = &mut self.next {
                self.next = match outcome(work).await {
                    Ok((piece, rest)) => Next::Ready(piece, rest),
                    Err(error) => Next::Failed(error),
                };
            }
            match std::mem::replace(&mut self.next, Next::End) {
                Next::Ready(piece, rest) => {
                    if rest.left > 0 {
                        self.next = Next::Coming(spawn_blocking(|| rest.piece()));
                    }
                    Ok(Some(piece).filter(|piece| !piece.is_empty()))
                }
                Next::Failed(error) => {
                    self.next = Next::Failed(error.clone());
                    Err(error)
                }
                Next::Coming(_) | Next::End => Ok(None),
            }
        })
    }
}
