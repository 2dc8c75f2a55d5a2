//! The secret that whoever signs tokens shares with whoever verifies them.

use jsonwebtoken::DecodingKey;
use ring::hmac;

/// A shared secret of at least 32 bytes.
///
/// ```
/// use chat_token::Secret;
///
/// assert!(Secret::parse("0123456789abcdef0123456789abcde").is_err());
/// let secret = Secret::parse("0123456789abcdef0123456789abcdef")?;
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// # Ok::<(), chat_token::ShortSecret>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    bytes: Vec<u8>,
    /// The same, for what verifies.
    key: DecodingKey,
}

/// A secret has fewer than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret must have at least {} bytes", Secret::MIN_BYTES)]
pub struct ShortSecret;

impl Secret {
    /// The fewest bytes of a secret: as many as SHA-256 gives (RFC 7518, 3.2).
    pub const MIN_BYTES: usize = 32;

    /// These bytes as a secret, all of them: a newline at the end of a file belongs to it.
    ///
    /// # Errors
    /// If there are fewer than 32.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, ShortSecret> {
        let bytes = bytes.into();
        if bytes.len() < Self::MIN_BYTES {
            return Err(ShortSecret);
        }
        // The library takes any but the empty one.
        let key = DecodingKey::from_secret(&bytes).map_err(|_| ShortSecret)?;
        Ok(Self { bytes, key })
    }

    pub(crate) const fn key(&self) -> &DecodingKey {
        &self.key
    }

    pub(crate) fn sign(&self, message: &str) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes);
        hmac::sign(&key, message.as_bytes())
    }
}

/// Nothing of it, not even its length.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_32_bytes() {
        for (length, good) in [
            (0, false),
            (31, false),
            (32, true),
            (33, true),
            (4096, true),
        ] {
            assert_eq!(Secret::parse(vec![0; length]).is_ok(), good, "{length}");
        }
        // Bytes, not letters.
        assert!(Secret::parse("é".repeat(16)).is_ok());
    }
}
