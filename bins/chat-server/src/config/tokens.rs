//! The settings of token mode.

use std::path::PathBuf;

use chat_token::{JwksUrl, Secret};

use super::InvalidSetting;
use super::value::Value;

/// How whoever comes proves who it is.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// With what tokens are signed.
    pub keys: TokenKeys,
    /// The `iss` that they must have, if they must have one.
    pub issuer: Option<String>,
    /// What must be among their `aud`, if something must.
    pub audience: Option<String>,
    /// Whether `sub` is a user's `external_id`, and not its id.
    pub external_ids: bool,
    /// Whether a user whose `external_id` is not known is made from the claims.
    pub create_users: bool,
}

/// Where the keys of tokens are.
#[derive(Clone, Debug)]
pub enum TokenKeys {
    /// A secret.
    Secret(Secret),
    /// A file with a secret, less the end of its last line.
    SecretFile(PathBuf),
    /// A file with a set of keys.
    File(PathBuf),
    /// A URL that answers with such a set.
    Url(JwksUrl),
}

/// The settings that mean nothing without a key.
const OF_TOKENS: [&str; 4] = [
    "token_issuer",
    "token_audience",
    "token_subject",
    "token_create_users",
];

impl TokenSettings {
    /// The settings among those that `given` has; none if no key is.
    pub(super) fn parse(
        given: &dyn Fn(&'static str) -> Option<Value>,
    ) -> Result<Option<Self>, InvalidSetting> {
        let keys = ["token_secret", "token_secret_file", "token_jwks"];
        let mut keys = keys.into_iter().filter_map(given);
        let Some(key) = keys.next() else {
            return match OF_TOKENS.into_iter().find_map(given) {
                Some(value) => Err(value.invalid(
                    "left out in open mode, where no tokens are asked for; --token-secret, \
                     --token-secret-file or --token-jwks turn token mode on",
                )),
                None => Ok(None),
            };
        };
        if let Some(second) = keys.next() {
            return Err(second.invalid(
                "left out: there is another key already, and only one of --token-secret, \
                 --token-secret-file and --token-jwks can be given",
            ));
        }
        let text = |key| given(key).map(|value: Value| value.some_text()).transpose();
        let external_ids = match given("token_subject") {
            None => false,
            Some(value) => match value.text.as_str() {
                "id" => false,
                "external_id" => true,
                _ => return Err(value.invalid("id or external_id")),
            },
        };
        let create_users = match given("token_create_users") {
            None => false,
            Some(value) => match value.switch()? {
                true if !external_ids => {
                    return Err(value.invalid(
                        "off unless --token-subject is external_id: ids are given by this server \
                         alone",
                    ));
                }
                on => on,
            },
        };
        Ok(Some(Self {
            keys: TokenKeys::parse(&key)?,
            issuer: text("token_issuer")?,
            audience: text("token_audience")?,
            external_ids,
            create_users,
        }))
    }
}

impl TokenKeys {
    fn parse(value: &Value) -> Result<Self, InvalidSetting> {
        match value.key {
            "token_secret" => Secret::parse(value.text.as_str())
                .map(Self::Secret)
                .map_err(|_| value.invalid("a secret of at least 32 bytes")),
            "token_secret_file" => value.file().map(Self::SecretFile),
            _ => match (JwksUrl::parse(&value.text), value.text.contains("://")) {
                (Ok(url), _) => Ok(Self::Url(url)),
                (Err(_), false) if !value.text.is_empty() => {
                    Ok(Self::File(PathBuf::from(&value.text)))
                }
                _ => Err(value.invalid(
                    "the path of a file with a JWK set, or an https:// URL of one (http:// on this \
                     machine alone)",
                )),
            },
        }
    }
}
