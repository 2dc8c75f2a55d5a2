//! What a token says of who is acting, and whether that holds here and now.

use std::fmt;

use chat_domain::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::head::present;
use crate::{Rejected, dates};

/// Who is acting, as a token that was accepted says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// `sub`, a string as it is; of an integer, which many issuers put there, its decimal text.
    pub subject: Option<String>,
    /// Whether `scope`, a text of words with blanks between them or an array of words, has the word
    /// `system`.
    pub system: bool,
    /// `exp`: until then it is good, without the leeway. A time beyond the last one is the last one.
    pub expires_at: Timestamp,
    /// `preferred_username`, else `nickname`. This and what follows says nothing of who is acting, so
    /// what has another type is passed over.
    pub username: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `email`, unless `email_verified` is there and is not true. (Some issuers say `"true"`.)
    pub email: Option<String>,
}

impl Claims {
    /// Until when the token is taken: its `exp` and the leeway of 30 seconds.
    pub fn good_until(&self) -> Timestamp {
        dates::end_of(self.expires_at)
    }
}

/// What is asked of all tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Who must have made it.
    pub(crate) issuer: Option<String>,
    /// Whom it must be for.
    pub(crate) audience: Option<String>,
}

/// The claims that are read, as they came. One that comes twice is an error; others are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Read {
    #[serde(deserialize_with = "present")]
    sub: Option<Value>,
    #[serde(deserialize_with = "present")]
    scope: Option<Value>,
    #[serde(deserialize_with = "present")]
    exp: Option<Value>,
    #[serde(deserialize_with = "present")]
    nbf: Option<Value>,
    #[serde(deserialize_with = "present")]
    iss: Option<Value>,
    #[serde(deserialize_with = "present")]
    aud: Option<Value>,
    preferred_username: Option<Value>,
    nickname: Option<Value>,
    name: Option<Value>,
    email: Option<Value>,
    #[serde(deserialize_with = "present")]
    email_verified: Option<Value>,
}

/// Claims whose signature is good, and of which nothing else was looked at.
#[derive(Debug)]
pub(crate) struct Signed(Read);

/// Of an object alone: what is derived would take an array too.
impl<'de> Deserialize<'de> for Signed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Signed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Signed, A::Error> {
                Read::deserialize(MapAccessDeserializer::new(map)).map(Signed)
            }
        }

        from.deserialize_map(Object)
    }
}

impl Signed {
    /// What they say, if they hold now.
    pub(crate) fn check(self, expected: &Expected, now: Timestamp) -> Result<Claims, Rejected> {
        let Self(read) = self;
        let subject = read.sub.map(subject).transpose()?;
        let system = read.scope.as_ref().map(is_system).transpose()?;
        let begins = read.nbf.as_ref().map(date).transpose()?;
        let expires = read.exp.as_ref().map(date).transpose()?;
        let expires_at = expires.ok_or(Rejected::NoExpiry)?;
        if dates::is_over(expires_at, now) {
            return Err(Rejected::Expired);
        }
        if begins.is_some_and(|begins| dates::is_to_come(begins, now)) {
            return Err(Rejected::NotYet);
        }
        if let Some(issuer) = &expected.issuer {
            match read.iss {
                Some(Value::String(one)) if one == *issuer => {}
                Some(Value::String(_)) | None => return Err(Rejected::Issuer),
                Some(_) => return Err(Rejected::Malformed),
            }
        }
        if let Some(audience) = &expected.audience {
            let words = read.aud.as_ref().ok_or(Rejected::Audience)?;
            let (one, several) = (std::slice::from_ref(words), words.as_array());
            if !texts(several.map_or(one, Vec::as_slice))?.any(|one| one == audience) {
                return Err(Rejected::Audience);
            }
        }
        let verified = read
            .email_verified
            .is_none_or(|it| it == true || it == "true");
        Ok(Claims {
            subject,
            system: system.unwrap_or(false),
            expires_at,
            username: text(read.preferred_username).or_else(|| text(read.nickname)),
            name: text(read.name),
            email: text(read.email).filter(|_| verified),
        })
    }
}

fn date(value: &Value) -> Result<Timestamp, Rejected> {
    dates::parse(value).ok_or(Rejected::Malformed)
}

fn subject(value: Value) -> Result<String, Rejected> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        _ => Err(Rejected::Malformed),
    }
}

fn is_system(scope: &Value) -> Result<bool, Rejected> {
    const WORD: &str = "system";
    match scope {
        Value::String(words) => Ok(words.split(' ').any(|word| word == WORD)),
        Value::Array(words) => Ok(texts(words)?.any(|word| word == WORD)),
        _ => Err(Rejected::Malformed),
    }
}

/// All of them, if all are texts.
fn texts(values: &[Value]) -> Result<impl Iterator<Item = &str>, Rejected> {
    if values.iter().all(Value::is_string) {
        Ok(values.iter().filter_map(Value::as_str))
    } else {
        Err(Rejected::Malformed)
    }
}

fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
