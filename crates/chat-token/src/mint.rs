//! Tokens for trying out.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chat_domain::ports::Clock;
use serde_json::{Map, Value};

use crate::Secret;

/// What a token is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// Who is acting.
    pub subject: Option<String>,
    /// Whether that is the system.
    pub system: bool,
    /// How long it is good, in whole seconds.
    pub ttl: Duration,
    /// By whom it is made.
    pub issuer: Option<String>,
    /// For whom it is made.
    pub audience: Option<String>,
}

impl Grant {
    /// For a user, for so long.
    pub fn user(subject: impl Into<String>, ttl: Duration) -> Self {
        Self {
            subject: Some(subject.into()),
            system: false,
            ttl,
            issuer: None,
            audience: None,
        }
    }

    /// For the system, for so long.
    pub const fn system(ttl: Duration) -> Self {
        Self {
            subject: None,
            system: true,
            ttl,
            issuer: None,
            audience: None,
        }
    }
}

/// A token that says this, from now on, signed with this secret by HS256. Its time is checked by
/// whoever verifies it: one that is good for years is made as well.
pub fn mint(secret: &Secret, grant: &Grant, clock: &dyn Clock) -> String {
    let now = clock.now();
    let seconds = |micros: i64| Value::from(micros.div_euclid(1_000_000));
    let mut claims = Map::new();
    let mut claim = |name: &str, value| claims.insert(name.to_owned(), value);
    for (name, text) in [
        ("sub", &grant.subject),
        ("iss", &grant.issuer),
        ("aud", &grant.audience),
    ] {
        if let Some(text) = text {
            claim(name, Value::from(text.as_str()));
        }
    }
    if grant.system {
        claim("scope", Value::from("system"));
    }
    claim("iat", seconds(now.as_micros()));
    claim("exp", seconds(now.later_by(grant.ttl).as_micros()));
    sign(
        secret,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        &Value::Object(claims).to_string(),
    )
}

/// The token of this header and these claims.
pub(crate) fn sign(secret: &Secret, head: &str, claims: &str) -> String {
    let mut token = BASE64_URL_SAFE_NO_PAD.encode(head);
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = secret.sign(&token);
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}
