//! The bytes of files in S3, or in what speaks as S3 does.

mod bucket;
mod fault;
mod gather;
mod mark;
mod open;
mod opened;
mod reader;
mod stage;
mod staged;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use chat_domain::ports::{BlobError, BlobReader, BlobResult, BlobStore, Later, LinkTerms, Staged};
use chat_domain::{BlobKey, StageMark, Timestamp};
use futures_util::StreamExt;
use object_store::signer::{Method, SignedUrlOptions, Signer};
use object_store::{ObjectStore, ObjectStoreExt};

use bucket::Bucket;
use fault::{fault, gone_is_fine, told};
use mark::Mark;
use reader::S3Reader;
use staged::S3Staged;

pub use open::{S3Location, S3OpenError, S3Options};

/// How long a link is good for.
const LINK_LASTS: Duration = Duration::from_secs(60);

/// How many keys are answered at once, as many as S3 lists at once.
const PAGE: usize = 1_000;

/// A store of bytes in a bucket, under a prefix that it has to itself:
///
/// - `blobs/<first two digits>/<key>`: what is kept;
/// - `staging/<uuid>/…`: what is on its way, see below;
/// - `aside/<key>`: what was set aside.
///
/// Up to 8 MiB are held in memory and put under their key at once. What is longer goes into a multipart
/// upload beside, in parts of 8 MiB, and is copied to its key within S3, which does that for at most
/// [`S3Store::MAX_BYTES`]. An upload has at most two parts in memory (16 MiB), a download what its
/// connection buffers, whatever their sizes.
///
/// S3 lists no uploads that were begun and left, so the id of each is written down in `staging/` before
/// its first part: a sweep finds and aborts it. A sweep passes over what its own store is writing. What
/// another one writes it knows by its age alone: that is written down anew each minute in which bytes come, but
/// not while S3 puts a file together and copies it. So where several nodes share a bucket, none must sweep
/// what is younger than an hour. What can remain is an upload that was begun and whose id
/// was not written down, because the process died, or the request was given up, between the two. It has
/// no parts; a lifecycle rule of the bucket (`AbortIncompleteMultipartUpload`) removes it too.
///
/// What fails is tried again up to three times within about ten seconds. A store that refuses
/// connections is `Unavailable` in about a second, one that does not answer in half a minute. It is to
/// be used in a tokio runtime, and needs a store that lists in the order of keys, as S3 does but for
/// its directory buckets.
#[derive(Debug)]
pub struct S3Store {
    bucket: Arc<Bucket>,
    links: bool,
}

impl S3Store {
    /// The most bytes of a file: S3 copies no more at once.
    pub const MAX_BYTES: u64 = 5 << 30;

    /// A store as the environment says: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`,
    /// `AWS_VIRTUAL_HOSTED_STYLE_REQUEST` and what else object_store reads; without keys, credentials
    /// come from the machine. With `links` it gives links, under the name that it has for us.
    ///
    /// Nothing is sent yet: see [`S3Store::check`].
    ///
    /// # Errors
    /// If a value can't be read, or there are no certificates to trust.
    pub fn from_env(location: &S3Location, links: bool) -> Result<Self, S3OpenError> {
        Ok(Self {
            bucket: Arc::new(open::from_env(location)?),
            links,
        })
    }

    /// A store as these options say, whatever the environment does.
    ///
    /// # Errors
    /// As [`S3Store::from_env`].
    pub fn open(options: &S3Options) -> Result<Self, S3OpenError> {
        Ok(Self {
            bucket: Arc::new(open::with_options(options)?),
            links: options.links,
        })
    }

    /// Whether the bucket is there and may be listed. To be asked before the first use: of a bucket that
    /// does not exist, S3 says that it has no bytes under any key.
    ///
    /// # Errors
    /// `Unavailable` if not.
    pub async fn check(&self) -> BlobResult<()> {
        let mut found = self.bucket.quick.list(Some(&self.bucket.blobs()));
        match found.next().await {
            None | Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(BlobError::Unavailable(told(&error))),
        }
    }
}

impl BlobStore for S3Store {
    fn stage(&self) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        let staged: Box<dyn Staged> = Box::new(S3Staged::new(&self.bucket));
        Box::pin(std::future::ready(Ok(staged)))
    }

    fn resume(&self, mark: &StageMark) -> Later<'_, BlobResult<Box<dyn Staged>>> {
        let mark = Mark::parse(mark);
        Box::pin(async {
            let staged = S3Staged::resume(&self.bucket, mark.ok_or(BlobError::Missing)?).await?;
            Ok(Box::new(staged) as Box<dyn Staged>)
        })
    }

    fn discard(&self, mark: &StageMark) -> Later<'_, BlobResult<()>> {
        let mark = Mark::parse(mark);
        Box::pin(async {
            match mark {
                Some(mark) => stage::clear(&self.bucket, mark.id, None).await,
                None => Ok(()),
            }
        })
    }

    fn size(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        Box::pin(async move {
            match self.bucket.quick.head(&self.bucket.blob(key)).await {
                Ok(found) => Ok(Some(found.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(fault(error)),
            }
        })
    }

    /// What S3 has, it has durably.
    fn confirm(&self, key: BlobKey) -> Later<'_, BlobResult<Option<u64>>> {
        self.size(key)
    }

    fn read(&self, key: BlobKey, range: Range<u64>) -> Later<'_, BlobResult<Box<dyn BlobReader>>> {
        Box::pin(async move {
            let path = self.bucket.blob(key);
            let reader = S3Reader::open(&self.bucket, &path, range).await?;
            Ok(Box::new(reader) as Box<dyn BlobReader>)
        })
    }

    fn delete(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        Box::pin(async move {
            let deleted = self.bucket.quick.delete(&self.bucket.blob(key)).await;
            gone_is_fine(deleted)
        })
    }

    fn set_aside(&self, key: BlobKey) -> Later<'_, BlobResult<()>> {
        Box::pin(async move {
            let (from, to) = (self.bucket.blob(key), self.bucket.aside(key));
            gone_is_fine(self.bucket.patient.copy(&from, &to).await)?;
            gone_is_fine(self.bucket.quick.delete(&from).await)
        })
    }

    fn list(&self, after: Option<BlobKey>) -> Later<'_, BlobResult<Vec<BlobKey>>> {
        Box::pin(async move {
            let (store, blobs) = (&self.bucket.quick, self.bucket.blobs());
            let mut found = match after {
                Some(key) => store.list_with_offset(Some(&blobs), &self.bucket.blob(key)),
                None => store.list(Some(&blobs)),
            };
            let mut keys = Vec::new();
            while let Some(object) = found.next().await {
                keys.extend(self.bucket.key_of(&object.map_err(fault)?.location));
                if keys.len() == PAGE {
                    break;
                }
            }
            Ok(keys)
        })
    }

    fn sweep(&self, before: Timestamp, live: &[StageMark]) -> Later<'_, BlobResult<usize>> {
        let live = live.iter().filter_map(Mark::parse);
        let live = live.map(|mark| mark.id).collect();
        Box::pin(async move { stage::sweep(&self.bucket, before, &live).await })
    }

    /// One that is signed for 60 seconds, if the store was opened with links.
    fn link(&self, key: BlobKey, terms: LinkTerms) -> Later<'_, BlobResult<Option<String>>> {
        Box::pin(async move {
            if !self.links {
                return Ok(None);
            }
            let served = SignedUrlOptions::new().with_query([
                ("response-content-type", terms.media_type.as_str()),
                ("response-content-disposition", terms.disposition.as_str()),
            ]);
            let (store, path) = (&self.bucket.quick, self.bucket.blob(key));
            let url = store.signed_url_opts(Method::GET, &path, LINK_LASTS, &served);
            Ok(Some(url.await.map_err(fault)?.into()))
        })
    }
}
