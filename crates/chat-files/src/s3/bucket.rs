//! The bucket, and what lies where in it.

use chat_domain::BlobKey;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use uuid::Uuid;

use super::opened::Opened;
use crate::names;

/// A bucket, and the prefix of all that is ours.
#[derive(Debug)]
pub(super) struct Bucket {
    /// For what is answered soon, or keeps sending.
    pub(super) quick: AmazonS3,
    /// For what S3 may work on for long before it answers: copies, and completing uploads.
    pub(super) patient: AmazonS3,
    pub(super) prefix: Path,
    pub(super) opened: Opened,
}

/// The parts of the name of what is staged: `staging/<stage>/<kind>-<name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Written before the first part of a multipart upload: its id.
    Upload,
    /// What that upload is completed to.
    Object,
    /// Bytes that make no part yet, as of a mark.
    Tail,
}

impl Kind {
    const ALL: [(Self, &str); 3] = [
        (Self::Upload, "upload"),
        (Self::Object, "object"),
        (Self::Tail, "tail"),
    ];
}

impl Bucket {
    /// Under what everything is that is kept.
    pub(super) fn blobs(&self) -> Path {
        self.prefix.clone().join("blobs")
    }

    /// Where the bytes of this key are kept.
    pub(super) fn blob(&self, key: BlobKey) -> Path {
        let text = key.to_string();
        self.blobs().join(fan(&text)).join(text.as_str())
    }

    /// The key of what is kept there; none if that is not ours.
    pub(super) fn key_of(&self, path: &Path) -> Option<BlobKey> {
        let key = path.filename()?.parse().ok()?;
        (self.blob(key) == *path).then_some(key)
    }

    /// Where the bytes of this key are set aside.
    pub(super) fn aside(&self, key: BlobKey) -> Path {
        let aside = self.prefix.clone().join("aside");
        aside.join(key.to_string())
    }

    /// Under what everything is that is on its way.
    pub(super) fn staging(&self) -> Path {
        self.prefix.clone().join("staging")
    }

    /// Under what everything of one stage is.
    pub(super) fn stage(&self, id: Uuid) -> Path {
        self.staging().join(id.to_string())
    }

    /// Something of a stage.
    pub(super) fn staged(&self, id: Uuid, kind: Kind, name: Uuid) -> Path {
        let (_, word) = Kind::ALL[kind as usize];
        self.stage(id).join(format!("{word}-{name}"))
    }

    /// What of which stage is there; none if that is not ours.
    pub(super) fn staged_of(&self, path: &Path) -> Option<(Uuid, Kind, Uuid)> {
        let mut rest = path.prefix_match(&self.staging())?;
        let (id, file) = (rest.next()?, rest.next()?);
        let (word, name) = file.as_ref().split_once('-')?;
        let (kind, _) = Kind::ALL.into_iter().find(|(_, one)| *one == word)?;
        let (id, name) = (names::parse(id.as_ref())?, names::parse(name)?);
        rest.next().is_none().then_some((id, kind, name))
    }
}

/// The first two digits of a key.
fn fan(key: &str) -> &str {
    key.get(..2).unwrap_or_default()
}
