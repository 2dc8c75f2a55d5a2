//! How a stage is found again: its upload, and the bytes that make no part of it yet.

use chat_domain::StageMark;
use chat_domain::ports::{BlobError, BlobResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many bytes a part has but for the last. All have as many, as some stores want; of the longest
/// file that can be copied they are 640, so that a mark has room for all of them. S3 takes no less than
/// 5 MiB.
pub(super) const PART: usize = 8 << 20;

/// The most bytes of a mark.
const MOST: usize = 64 * 1024;

/// The words of a [`StageMark`], as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    format: Format,
    /// The size of the parts when it was made.
    part: usize,
    /// The stage.
    #[serde(with = "name")]
    pub(super) id: Uuid,
    /// The upload, once there were bytes for a part.
    pub(super) upload: Option<Upload>,
    /// The object with the bytes after the parts; it is there when there are none, too.
    #[serde(with = "name")]
    pub(super) tail: Uuid,
    /// How many these are.
    pub(super) tail_len: usize,
    /// Tails of marks before this one: once it is used, they are not.
    #[serde(with = "names")]
    pub(super) before: Vec<Uuid>,
}

/// So that the mark of another store, or of another time, is not misread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "s3-1")]
    S3,
}

/// A multipart upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    /// Our name of it.
    #[serde(with = "name")]
    pub(super) name: Uuid,
    /// Its id.
    pub(super) id: String,
    /// What S3 answered to each part that it has.
    pub(super) parts: Vec<String>,
}

impl Mark {
    /// A mark of a stage.
    pub(super) fn new(id: Uuid, upload: Option<Upload>, tail: (Uuid, usize)) -> Self {
        Self {
            format: Format::S3,
            part: PART,
            id,
            upload,
            tail: tail.0,
            tail_len: tail.1,
            before: Vec::new(),
        }
    }

    /// How many bytes it marks.
    pub(super) fn len(&self) -> u64 {
        let parts = self.upload.as_ref().map_or(0, |upload| upload.parts.len());
        (parts * PART + self.tail_len) as u64
    }

    /// The mark with these words; none for any other words than ours, also if parts had another size
    /// then: what they name is not here, or can't be gone on with.
    pub(super) fn parse(mark: &StageMark) -> Option<Self> {
        serde_json::from_slice(mark.as_bytes())
            .ok()
            .filter(|mark: &Self| mark.part == PART && mark.tail_len <= PART)
    }

    /// Its words.
    pub(super) fn write(&self) -> BlobResult<StageMark> {
        let words = serde_json::to_vec(self).map_err(|error| error.to_string());
        match words {
            Ok(words) if words.len() <= MOST => Ok(StageMark::from_bytes(words)),
            Ok(words) => Err(format!("a mark of {} bytes", words.len())),
            Err(error) => Err(error),
        }
        .map_err(BlobError::Broken)
    }
}

/// A name as its text.
mod name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(name: &Uuid, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(name)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
        let text = String::deserialize(from)?;
        crate::names::parse(&text).ok_or_else(|| D::Error::custom("no name"))
    }
}

/// Names as their texts.
mod names {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(names: &[Uuid], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(names.iter().map(Uuid::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Uuid>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let names: Option<_> = texts.iter().map(|text| crate::names::parse(text)).collect();
        names.ok_or_else(|| D::Error::custom("no name"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::S3Store;
    use super::*;

    fn longest() -> Mark {
        let upload = Upload {
            name: Uuid::max(),
            // AWS has ids of 128 characters, and MD5 in quotes for parts.
            id: "x".repeat(200),
            parts: vec![format!("\"{}\"", "0".repeat(64)); 640],
        };
        Mark::new(Uuid::max(), Some(upload), (Uuid::max(), PART))
    }

    #[test]
    fn the_longest_file_has_room_in_a_mark() {
        let mark = longest();
        assert!(mark.len() >= S3Store::MAX_BYTES);
        assert_eq!(Mark::parse(&mark.write().unwrap()), Some(mark));
    }

    #[test]
    fn what_has_no_room_is_an_error() {
        let mut mark = longest();
        mark.before = vec![Uuid::max(); 600];
        assert!(matches!(mark.write(), Err(BlobError::Broken(_))));
    }

    #[test]
    fn marks_of_other_times_are_refused() {
        let words = longest().write().unwrap();
        let words = std::str::from_utf8(words.as_bytes()).unwrap();
        for (ours, other) in [
            ("\"s3-1\"", "\"s3-2\""),
            ("\"part\":8388608", "\"part\":8388609"),
            ("\"tail_len\":8388608", "\"tail_len\":8388609"),
            ("\"tail\":\"ffff", "\"tail\":\"../ffff"),
            ("\"before\"", "\"behind\""),
        ] {
            let changed = words.replace(ours, other);
            assert_ne!(words, changed);
            let mark = StageMark::from_bytes(changed.into_bytes());
            assert_eq!(Mark::parse(&mark), None);
        }
    }
}
