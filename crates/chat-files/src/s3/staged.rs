//! Bytes on their way into a bucket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_domain::ports::{BlobError, BlobResult};
use chat_domain::{BlobKey, StageMark};
use futures_util::TryStreamExt;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use uuid::Uuid;

use super::S3Store;
use super::bucket::{Bucket, Kind};
use super::fault::{fault, told};
use super::gather::Gathered;
use super::mark::{Mark, PART, Upload};
use super::opened::Writing;
use super::stage::{begin_upload, read, write_down};
use crate::names;

mod port;

/// How often what is written down of a running upload is renewed, so that no sweep of another node takes it
/// for a stale one.
const RENEWED_AFTER: Duration = Duration::from_secs(60);

/// A stage. While one part is sent, the next is gathered; nothing is sent before there are bytes for
/// more than one.
pub(super) struct S3Staged {
    bucket: Arc<Bucket>,
    id: Uuid,
    _writing: Writing,
    upload: Option<Upload>,
    /// When it was written down last.
    written_down: Instant,
    gathered: Gathered,
    /// What came and is not gathered yet.
    coming: Bytes,
    /// The part on its way.
    sending: Option<JoinHandle<BlobResult<String>>>,
    /// What S3 answered to the gathered bytes as the last part, if nothing came since.
    settled: Option<String>,
    /// Tails that a mark may be known of.
    tails: Vec<Uuid>,
    /// Tails that no mark that is known has.
    old_tails: Vec<Uuid>,
    /// Whether all of it is to stay when this is dropped.
    stays: bool,
    /// Why it can't go on.
    failed: Option<BlobError>,
}

impl S3Staged {
    /// A new stage. There is nothing of it in the bucket yet.
    pub(super) fn new(bucket: &Arc<Bucket>) -> Self {
        Self::with_id(bucket, names::new())
    }

    fn with_id(bucket: &Arc<Bucket>, id: Uuid) -> Self {
        Self {
            bucket: Arc::clone(bucket),
            id,
            _writing: bucket.opened.open(id),
            upload: None,
            written_down: Instant::now(),
            gathered: Gathered::default(),
            coming: Bytes::new(),
            sending: None,
            settled: None,
            tails: Vec::new(),
            old_tails: Vec::new(),
            stays: false,
            failed: None,
        }
    }

    /// The stage of this mark. Parts that were sent after it are sent anew, and replaced by that.
    ///
    /// # Errors
    /// `Missing` if it is gone.
    pub(super) async fn resume(bucket: &Arc<Bucket>, mark: Mark) -> BlobResult<Self> {
        let mut staged = Self::with_id(bucket, mark.id);
        staged.stays = true;
        staged.tails = vec![mark.tail];
        let tail = read(bucket, &bucket.staged(mark.id, Kind::Tail, mark.tail)).await?;
        if tail.len() != mark.tail_len {
            return Err(BlobError::Broken("a tail has another length".to_owned()));
        }
        let len = mark.len();
        staged.old_tails = mark.before;
        let Some(upload) = mark.upload else {
            staged.gathered.push(&tail);
            return Ok(staged);
        };
        let object = bucket.staged(mark.id, Kind::Object, upload.name);
        match bucket.quick.head(&object).await.map_err(fault) {
            // What was to be kept was completed, but did not come to its key.
            Ok(_) => staged.take_over(&object, len).await?,
            Err(BlobError::Missing) => {
                write_down(bucket, mark.id, &upload).await?;
                staged.upload = Some(upload);
                staged.gathered.push(&tail);
            }
            Err(error) => return Err(error),
        }
        Ok(staged)
    }

    /// Begins anew with the first bytes of an object: a completed upload takes no more parts.
    async fn take_over(&mut self, object: &Path, len: u64) -> BlobResult<()> {
        let options = GetOptions::new().with_range(Some(0..len));
        let found = self.bucket.quick.get_opts(object, options).await;
        let mut bytes = found.map_err(fault)?.into_stream();
        let mut taken = 0;
        while let Some(chunk) = bytes.try_next().await.map_err(fault)? {
            taken += chunk.len() as u64;
            self.put(chunk).await?;
        }
        if taken == len {
            Ok(())
        } else {
            Err(BlobError::Broken("an object ends too early".to_owned()))
        }
    }

    /// How many bytes there are.
    fn len(&self) -> u64 {
        let parts = self.upload.as_ref().map_or(0, |upload| upload.parts.len());
        let parts = parts + usize::from(self.sending.is_some());
        (parts * PART + self.gathered.len()) as u64
    }

    /// Whether it can go on.
    fn goes_on(&self) -> BlobResult<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Whatever comes after this was given up half-way, and fails, unless it is undone.
    fn fail(&mut self, error: BlobError) -> BlobError {
        self.failed = Some(error.clone());
        error
    }

    /// Waits until no part is on its way.
    async fn sent(&mut self) -> BlobResult<()> {
        self.goes_on()?;
        // Awaited in its place, so that a future dropped half-way loses nothing.
        if let Some(sending) = &mut self.sending {
            let answer = sending
                .await
                .unwrap_or_else(|error| Err(never_ended(&error)));
            self.sending = None;
            match (answer, &mut self.upload) {
                (Ok(part), Some(upload)) => upload.parts.push(part),
                (Ok(_), None) => {}
                (Err(error), _) => return Err(self.fail(error)),
            }
        }
        Ok(())
    }

    /// Waits until a part can be sent.
    async fn ready(&mut self) -> BlobResult<()> {
        self.sent().await?;
        if self.upload.is_none() {
            match begin_upload(&self.bucket, self.id).await {
                Ok(upload) => self.upload = Some(upload),
                Err(error) => return Err(self.fail(error)),
            }
            self.written_down = Instant::now();
        }
        Ok(())
    }

    /// Says that the upload is running, if that was not said lately: a part may take long to come.
    async fn renew(&mut self) -> BlobResult<()> {
        if let Some(upload) = &self.upload
            && self.written_down.elapsed() > RENEWED_AFTER
        {
            write_down(&self.bucket, self.id, upload).await?;
            self.written_down = Instant::now();
        }
        Ok(())
    }

    /// Sends all that is gathered as the next part; [`S3Staged::ready`] came before.
    fn send(&mut self) {
        let payload = self.gathered.take();
        self.settled = None;
        self.sending = self.part(payload).map(tokio::spawn);
    }

    /// What sends this as the part after those that were sent.
    fn part(
        &self,
        payload: PutPayload,
    ) -> Option<impl Future<Output = BlobResult<String>> + Send + use<>> {
        let upload = self.upload.as_ref()?;
        let (object, journal) = (self.object(upload), self.journal(upload));
        let bucket = Arc::clone(&self.bucket);
        let (id, at) = (upload.id.clone(), upload.parts.len());
        Some(async move {
            match bucket.quick.put_part(&object, &id, at, payload).await {
                Ok(part) => Ok(part.content_id),
                Err(error) => Err(why(&bucket, &journal, error).await),
            }
        })
    }

    fn object(&self, upload: &Upload) -> Path {
        self.bucket.staged(self.id, Kind::Object, upload.name)
    }

    fn journal(&self, upload: &Upload) -> Path {
        self.bucket.staged(self.id, Kind::Upload, upload.name)
    }

    /// Puts these bytes after the others. Once begun it is in, also if nobody waits for it: whatever
    /// comes next goes on with it.
    async fn put(&mut self, chunk: Bytes) -> BlobResult<()> {
        self.take_in().await?;
        if self.len() + chunk.len() as u64 > S3Store::MAX_BYTES {
            let most = S3Store::MAX_BYTES;
            return Err(BlobError::Broken(format!(
                "a file has more than {most} bytes"
            )));
        }
        self.coming = chunk;
        self.take_in().await
    }

    /// Gathers what has come, and sends what makes a part with more after it.
    async fn take_in(&mut self) -> BlobResult<()> {
        self.goes_on()?;
        self.renew().await?;
        while !self.coming.is_empty() {
            let room = PART - self.gathered.len();
            if self.coming.len() > room {
                self.ready().await?;
                self.gathered.push(&self.coming.split_to(room));
                self.send();
            } else {
                self.gathered.push(&std::mem::take(&mut self.coming));
                self.settled = None;
            }
        }
        Ok(())
    }

    /// Waits until all has come and no part is on its way.
    async fn still(&mut self) -> BlobResult<()> {
        self.take_in().await?;
        self.sent().await
    }

    /// Sends the last part as it is now; more bytes would replace it.
    async fn send_last(&mut self) -> BlobResult<()> {
        self.still().await?;
        if self.settled.is_some() || self.gathered.len() == 0 {
            return Ok(());
        }
        let payload = self.gathered.payload();
        if let Some(sending) = self.part(payload) {
            self.settled = Some(sending.await?);
        }
        Ok(())
    }

    /// Writes the tail, and says where everything is.
    async fn marked(&mut self) -> BlobResult<StageMark> {
        self.still().await?;
        let tail = names::new();
        let payload = self.gathered.payload();
        let path = self.bucket.staged(self.id, Kind::Tail, tail);
        let put = self.bucket.quick.put(&path, payload).await;
        put.map_err(fault)?;
        while let Some(old) = self.old_tails.pop() {
            let path = self.bucket.staged(self.id, Kind::Tail, old);
            if let Err(error) = self.bucket.quick.delete(&path).await {
                // It goes with the stage at the latest.
                log::warn!("{path} can't be deleted: {error}");
            }
        }
        let len = self.gathered.len();
        let mut mark = Mark::new(self.id, self.upload.clone(), (tail, len));
        mark.before.clone_from(&self.tails);
        self.tails.push(tail);
        let words = mark.write()?;
        self.stays = true;
        Ok(words)
    }

    /// Brings everything to its key.
    async fn bring(&mut self, key: BlobKey) -> BlobResult<()> {
        self.still().await?;
        let to = self.bucket.blob(key);
        if self.upload.is_none() {
            let payload = self.gathered.take();
            let put = self.bucket.quick.put(&to, payload).await;
            return put.map(|_| ()).map_err(fault);
        }
        self.send_last().await?;
        let Some(upload) = self.upload.clone() else {
            return Ok(());
        };
        let object = self.object(&upload);
        let parts = upload.parts.iter().chain(&self.settled);
        let parts = parts.cloned().map(|content_id| PartId { content_id });
        let patient = &self.bucket.patient;
        let completed = patient
            .complete_multipart(&object, &upload.id, parts.collect())
            .await;
        if let Err(error) = completed {
            self.was_completed(&object, &upload, error).await?;
        }
        patient.copy(&object, &to).await.map_err(fault)
    }

    /// Whether an upload that could not be completed was so already, by a request whose answer was
    /// lost; if not, why not.
    async fn was_completed(
        &self,
        object: &Path,
        upload: &Upload,
        error: object_store::Error,
    ) -> BlobResult<()> {
        match self.bucket.quick.head(object).await {
            Ok(found) if found.size == self.len() => Ok(()),
            _ => Err(why(&self.bucket, &self.journal(upload), error).await),
        }
    }

    /// Whether there is anything of it in the bucket.
    fn is_stored(&self) -> bool {
        self.upload.is_some() || !self.tails.is_empty()
    }
}

/// Why an upload takes nothing more. That it is not known, as some stores say it, and that it is not
/// ours, as others do, means that it was aborted or completed. If what was written down of it is there
/// still, it was completed by somebody who has not brought it to its key yet, and can be resumed.
async fn why(bucket: &Bucket, journal: &Path, error: object_store::Error) -> BlobError {
    use object_store::Error::{NotFound, PermissionDenied};
    if !matches!(error, NotFound { .. } | PermissionDenied { .. }) {
        return fault(error);
    }
    match bucket.quick.head(journal).await {
        Err(NotFound { .. }) => BlobError::Missing,
        _ => BlobError::Unavailable(told(&error)),
    }
}

/// Gives up a part on its way, and waits until nothing of it is sent any more.
async fn give_up(sending: Option<JoinHandle<BlobResult<String>>>) {
    if let Some(sending) = sending {
        sending.abort();
        let _ = sending.await;
    }
}

/// The runtime ended before the part was sent, or it panicked.
fn never_ended(error: &JoinError) -> BlobError {
    if error.is_panic() {
        BlobError::Broken(error.to_string())
    } else {
        BlobError::Unavailable(error.to_string())
    }
}
