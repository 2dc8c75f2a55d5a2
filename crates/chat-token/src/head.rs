//! The header of a token: what must be known to choose a key.

use std::borrow::Cow;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::{MAX_TOKEN_BYTES, Rejected};

/// The header of a token, which nobody has verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// What it says the token is signed with: one of those that there are, `none` not among them.
    pub(crate) algorithm: Algorithm,
    /// The name of the key.
    pub(crate) kid: Option<String>,
}

/// What of a header is read. A name that comes twice is an error; other names are passed over.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
}

/// What is there as what it is: null is no absence.
pub(crate) fn present<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(from).map(Some)
}

impl Head {
    /// The header of this token.
    pub(crate) fn parse(token: &str) -> Result<Self, Rejected> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Rejected::Malformed);
        }
        let (head, rest) = token.split_once('.').ok_or(Rejected::Malformed)?;
        if rest.bytes().filter(|byte| *byte == b'.').count() != 1 {
            return Err(Rejected::Malformed);
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(head);
        Self::from_json(&json.map_err(|_| Rejected::Malformed)?)
    }

    fn from_json(json: &[u8]) -> Result<Self, Rejected> {
        let read: Read<'_> = serde_json::from_slice(json).map_err(|_| Rejected::Malformed)?;
        if read.crit.is_some() {
            return Err(Rejected::Critical);
        }
        Ok(Self {
            algorithm: Algorithm::from_str(&read.alg).map_err(|_| Rejected::Algorithm)?,
            kid: read.kid,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"alg":"HS256"}"#, None)]
    #[case(r#"{"typ":"JWT","alg":"HS256","kid":"a"}"#, Some("a"))]
    #[case(r#" {"alg":"\u0048S256","kid":""} "#, Some(""))]
    #[case(r#"{"alg":"HS256","x":1,"x":null}"#, None)]
    fn headers(#[case] json: &str, #[case] kid: Option<&str>) {
        let head = Head {
            algorithm: Algorithm::HS256,
            kid: kid.map(str::to_owned),
        };
        assert_eq!(Head::from_json(json.as_bytes()), Ok(head));
    }

    #[rstest]
    #[case("", Rejected::Malformed)]
    #[case("null", Rejected::Malformed)]
    #[case("\"HS256\"", Rejected::Malformed)]
    #[case("{}", Rejected::Malformed)]
    #[case(r#"{"alg":null}"#, Rejected::Malformed)]
    #[case(r#"{"alg":["HS256"]}"#, Rejected::Malformed)]
    #[case(r#"{"alg":"HS256","kid":null}"#, Rejected::Malformed)]
    #[case(r#"{"alg":"HS256","kid":7}"#, Rejected::Malformed)]
    #[case(r#"{"alg":"HS256","alg":"HS256"}"#, Rejected::Malformed)]
    #[case(r#"{"alg":"HS256","\u0061lg":"none"}"#, Rejected::Malformed)]
    #[case(r#"{"alg":"HS256","kid":"a","kid":"a"}"#, Rejected::Malformed)]
    #[case(r#"{"alg":"HS256","crit":["exp"]}"#, Rejected::Critical)]
    #[case(r#"{"alg":"HS256","crit":["b64"],"b64":true}"#, Rejected::Critical)]
    #[case(r#"{"alg":"HS256","crit":[]}"#, Rejected::Critical)]
    #[case(r#"{"alg":"HS256","crit":null}"#, Rejected::Critical)]
    #[case(r#"{"alg":""}"#, Rejected::Algorithm)]
    #[case(r#"{"alg":"none"}"#, Rejected::Algorithm)]
    #[case(r#"{"alg":"hs256"}"#, Rejected::Algorithm)]
    #[case(r#"{"alg":"HS256 "}"#, Rejected::Algorithm)]
    fn refused_headers(#[case] json: &str, #[case] why: Rejected) {
        assert_eq!(Head::from_json(json.as_bytes()), Err(why));
    }
}
