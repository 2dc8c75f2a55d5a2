//! Blobs: the bytes of files, addressed by what they are.

use std::fmt;
use std::str::FromStr;

use crate::{BlobId, FileSize};

/// The SHA-256 of a blob.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash([u8; 32]);

impl BlobHash {
    /// The hash with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// As 64 hexadecimal digits in lower case.
impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobHash({self})")
    }
}

/// Under what a blob's bytes are kept: their hash, and the id of the blob's record.
///
/// The hash alone would not do: bytes that are being removed because nothing has them any more must
/// not be mistaken for the same bytes that somebody brings again just then. A record is never used
/// again, so what is removed under a key is never wanted under it.
///
/// ```
/// use chat_domain::{BlobHash, BlobId, BlobKey};
///
/// let key = BlobKey::new(BlobHash::from_bytes([0xab; 32]), BlobId::parse(7)?);
/// assert_eq!(key.to_string(), format!("{}-7", "ab".repeat(32)));
/// assert_eq!(key.to_string().parse(), Ok(key));
/// # Ok::<(), chat_domain::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey {
    hash: BlobHash,
    id: BlobId,
}

impl BlobKey {
    /// The key of the blob with this hash and this record.
    pub const fn new(hash: BlobHash, id: BlobId) -> Self {
        Self { hash, id }
    }

    /// What the bytes under it must have as their SHA-256.
    pub const fn hash(&self) -> BlobHash {
        self.hash
    }

    /// The record.
    pub const fn id(&self) -> BlobId {
        self.id
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.hash, self.id)
    }
}

/// A text that is no key of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits in lower case, a hyphen and an id")]
pub struct NoBlobKey;

impl FromStr for BlobKey {
    type Err = NoBlobKey;

    fn from_str(text: &str) -> Result<Self, NoBlobKey> {
        let (digits, id) = text.split_once('-').ok_or(NoBlobKey)?;
        let id = id.parse().map_err(|_| NoBlobKey)?;
        let id = BlobId::parse(id).map_err(|_| NoBlobKey)?;
        let mut bytes = [0; 32];
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(NoBlobKey);
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let pair = &digits[2 * at..2 * at + 2];
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NoBlobKey)?;
        }
        let key = Self::new(BlobHash::from_bytes(bytes), id);
        // One spelling each: no upper case, no signs, no zeros before the id.
        (key.to_string() == text).then_some(key).ok_or(NoBlobKey)
    }
}

/// A blob's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its id.
    pub id: BlobId,
    /// The SHA-256 of its bytes.
    pub hash: BlobHash,
    /// How many they are.
    pub size: FileSize,
    /// Whether the bytes were brought to where blobs are kept. If not, they are on their way, were
    /// never brought, or are known to be lost.
    pub stored: bool,
}

impl Blob {
    /// Under what its bytes are kept.
    pub const fn key(&self) -> BlobKey {
        BlobKey::new(self.hash, self.id)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty("")]
    #[case::no_id(&"ab".repeat(32))]
    #[case::short(&format!("{}-1", "ab".repeat(31)))]
    #[case::upper(&format!("{}-1", "AB".repeat(32)))]
    #[case::zero(&format!("{}-0", "ab".repeat(32)))]
    #[case::padded(&format!("{}-01", "ab".repeat(32)))]
    #[case::signed(&format!("{}-+1", "ab".repeat(32)))]
    #[case::signed_pair(&format!("{}+1-1", "ab".repeat(31)))]
    #[case::more(&format!("{}-1-1", "ab".repeat(32)))]
    #[case::not_ascii(&format!("{}-1", "é".repeat(32)))]
    fn texts_that_are_no_key(#[case] text: &str) {
        assert_eq!(text.parse::<BlobKey>(), Err(NoBlobKey));
    }
}
