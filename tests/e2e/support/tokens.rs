//! Tokens that tests show.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chat_domain::Timestamp;
use chat_domain::ports::{Clock, SystemClock};
use chat_token::{Grant, Secret, mint};
use ring::hmac;
use serde_json::Value;

/// What servers under test share with the tests.
pub(crate) const TOKEN_SECRET: &str = "a secret that is for tests alone";

/// How long tokens are good here.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The token of this user, or of the system.
pub(crate) fn token_of(user: Option<i64>) -> String {
    sign(TOKEN_SECRET, &grant(user))
}

/// What a token of this user, or of the system, says.
pub(crate) fn grant(user: Option<i64>) -> Grant {
    match user {
        Some(user) => Grant::user(user.to_string(), HOUR),
        None => Grant::system(HOUR),
    }
}

/// A token that says this, signed with this secret.
pub(crate) fn sign(secret: &str, grant: &Grant) -> String {
    let secret = Secret::parse(secret).expect("a secret");
    mint(&secret, grant, &SystemClock)
}

/// A token of this user whose time was over an hour ago.
pub(crate) fn expired_token_of(user: i64) -> String {
    let secret = Secret::parse(TOKEN_SECRET).expect("a secret");
    mint(&secret, &grant(Some(user)), &Ago(2 * HOUR))
}

/// A clock that is so much behind.
struct Ago(Duration);

impl Clock for Ago {
    fn now(&self) -> Timestamp {
        SystemClock.now().earlier_by(self.0)
    }
}

/// A token with just these claims, signed with this secret.
pub(crate) fn sign_claims(secret: &str, claims: &Value) -> String {
    let said = unsigned(r#"{"alg":"HS256"}"#, &claims.to_string());
    let said = said.trim_end_matches('.');
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, said.as_bytes());
    format!("{said}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

/// A token that says this of itself, with the signature of none.
pub(crate) fn unsigned(head: &str, claims: &str) -> String {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.", encode(head), encode(claims))
}
