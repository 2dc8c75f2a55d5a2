//! Idempotency keys: by which a change that is asked for again is made once.

use crate::names::text;
use crate::{Actor, Fault, Invalid, Timestamp};

text!(
    /// A client's name for one change: 1 to 255 visible ASCII characters. It means nothing outside
    /// the actor that uses it.
    ///
    /// ```
    /// use chat_domain::IdempotencyKey;
    ///
    /// assert!(IdempotencyKey::parse("order-17/confirmation").is_ok());
    /// assert!(IdempotencyKey::parse("order 17").is_err());
    /// ```
    IdempotencyKey
);

impl IdempotencyKey {
    /// The most characters.
    pub const MAX_CHARS: usize = 255;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() || text.len() > Self::MAX_CHARS {
            let max = Self::MAX_CHARS;
            let message = format!("must have 1 to {max} characters");
            return Err(Invalid::new(Fault::Length, message));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "must consist of visible ASCII characters";
            return Err(Invalid::new(Fault::Format, message));
        }
        Ok(())
    }
}

/// A digest of everything that a change says: two changes with the same fingerprint are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint with these bytes, of a SHA-256.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What the first change under a key came to, kept for those who ask for it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Whose key it is; all of the system's callers are one.
    pub actor: Actor,
    /// The key.
    pub key: IdempotencyKey,
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// The answer, in bytes that only who wrote them can read.
    pub answer: Vec<u8>,
    /// When it was given.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one("!")]
    #[case::last("~")]
    #[case::quoted("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")]
    #[case::longest(&"k".repeat(255))]
    fn keys(#[case] text: &str) {
        assert_eq!(IdempotencyKey::parse(text).unwrap().as_str(), text);
    }

    #[rstest]
    #[case::empty("", Fault::Length)]
    #[case::too_long(&"k".repeat(256), Fault::Length)]
    #[case::space("a b", Fault::Format)]
    #[case::control("a\u{7f}", Fault::Format)]
    #[case::other_script("é", Fault::Format)]
    fn no_keys(#[case] text: &str, #[case] fault: Fault) {
        assert_eq!(IdempotencyKey::parse(text).unwrap_err().fault, fault);
    }
}
