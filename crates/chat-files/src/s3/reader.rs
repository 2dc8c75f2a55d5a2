//! Bytes of a kept object on their way out.

use std::ops::Range;

use bytes::Bytes;
use chat_domain::ports::{BlobError, BlobReader, BlobResult, Later};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};

use super::bucket::Bucket;
use super::fault::fault;

/// The most bytes of a piece.
const MOST: usize = 1 << 20;

/// An answer of S3 as it comes. What breaks off is asked for again from there, by object_store, unless
/// somebody replaced the object.
pub(super) struct S3Reader {
    body: BoxStream<'static, object_store::Result<Bytes>>,
    /// What came and was not given yet.
    piece: Bytes,
    /// How many bytes are still to come.
    left: u64,
    failed: Option<BlobError>,
}

impl S3Reader {
    /// Asks for a range of an object.
    ///
    /// # Errors
    /// `Missing` if there is none, `Broken` if the range begins after its end.
    pub(super) async fn open(bucket: &Bucket, path: &Path, range: Range<u64>) -> BlobResult<Self> {
        let body = if range.is_empty() {
            // There is no asking for nothing.
            bucket.quick.head(path).await.map_err(fault)?;
            futures_util::stream::empty().boxed()
        } else {
            let options = GetOptions::new().with_range(Some(range.clone()));
            match bucket.quick.get_opts(path, options).await {
                Ok(found) => found.into_stream(),
                Err(error) => return Err(why(bucket, path, range.end, error).await),
            }
        };
        Ok(Self {
            body,
            piece: Bytes::new(),
            left: range.end.saturating_sub(range.start),
            failed: None,
        })
    }

    async fn piece(&mut self) -> BlobResult<Option<Bytes>> {
        while self.piece.is_empty() {
            match self.body.next().await {
                Some(Ok(bytes)) => self.piece = bytes,
                Some(Err(error)) => return Err(fault(error)),
                None if self.left == 0 => return Ok(None),
                None => return Err(BlobError::Broken("an object ends too early".to_owned())),
            }
        }
        let piece = self.piece.split_to(self.piece.len().min(MOST));
        self.left = self.left.saturating_sub(piece.len() as u64);
        Ok(Some(piece))
    }
}

/// Why a range was not given: it does not say so itself when it lies outside.
async fn why(bucket: &Bucket, path: &Path, end: u64, error: object_store::Error) -> BlobError {
    let fault = fault(error);
    match &fault {
        // The status of a range that can't be given.
        BlobError::Unavailable(reason) if reason.contains("416") => {
            match bucket.quick.head(path).await {
                Ok(found) if found.size < end => BlobError::Broken(reason.clone()),
                _ => fault,
            }
        }
        _ => fault,
    }
}

impl BlobReader for S3Reader {
    fn next(&mut self) -> Later<'_, BlobResult<Option<Bytes>>> {
        Box::pin(async {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let piece = self.piece().await;
            self.failed = piece.as_ref().err().cloned();
            piece
        })
    }
}
