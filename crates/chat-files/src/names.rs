//! Names of staged places: nobody guesses one, and none is used twice.

use uuid::Uuid;

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of randomness in this crate"
)]
pub(crate) fn new() -> Uuid {
    Uuid::new_v4()
}

/// The name with this text, in its one spelling; anything else is not ours.
pub(crate) fn parse(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text)
        .ok()
        .filter(|name| name.to_string() == text)
}
