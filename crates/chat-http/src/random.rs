//! The one place of randomness in this crate.

use std::hash::{BuildHasher, RandomState};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A name that nothing else has: of a request, or of what stands between the parts of an answer. It decides
/// nothing of either.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of randomness in this crate"
)]
pub(crate) fn name() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// What nobody can guess: 244 bits from the system, as 43 letters that need no encoding in a URL.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of randomness in this crate"
)]
pub(crate) fn secret() -> String {
    let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    URL_SAFE_NO_PAD.encode(halves.map(uuid::Uuid::into_bytes).concat())
}

/// Some number below `end`, which is above 0, so that not all do the same at the same time.
pub(crate) fn below(end: u64) -> u64 {
    RandomState::new().hash_one(()) % end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_another_each_time_and_fits_into_a_url() {
        let [one, two] = [secret(), secret()];
        assert_ne!(one, two);
        assert_eq!(one.len(), 43);
        assert!(
            one.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
    }

    #[test]
    fn numbers_below_are_spread() {
        let numbers: std::collections::HashSet<_> = (0..64).map(|_| below(1_000_000)).collect();
        assert!(numbers.len() > 32 && numbers.iter().all(|n| *n < 1_000_000));
    }
}
