//! A JWK set: the keys of it that can be used, by their names.

use std::collections::HashMap;

use serde_json::Value;

use crate::jwk;
use crate::key::Key;

/// The keys of a JWK set that can be used: at least one. The others are left out.
///
/// Of two with the same `kid` the first is the one of that name, and the other can't be chosen.
#[derive(Debug)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
    named: HashMap<String, usize>,
}

/// Why something is no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoKeySet {
    /// It is no JSON, or no object with an array `keys`.
    #[error("it is no JWK set")]
    Malformed,
    /// None of its keys can be used: there must be one for signatures that is RSA of 2048 to 8192 bits for
    /// RS256, P-256 for ES256 or Ed25519 for EdDSA.
    #[error("none of its {0} keys can be used")]
    NoneUsable(usize),
}

impl KeySet {
    /// The set in this JSON.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, NoKeySet> {
        let set: Value = serde_json::from_slice(json).map_err(|_| NoKeySet::Malformed)?;
        let all = set.get("keys").and_then(Value::as_array);
        let all = all.ok_or(NoKeySet::Malformed)?;
        let (mut keys, mut named) = (Vec::new(), HashMap::new());
        for (kid, key) in all.iter().filter_map(jwk::parse) {
            if let Some(kid) = kid {
                named.entry(kid).or_insert(keys.len());
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(NoKeySet::NoneUsable(all.len())),
            _ => Ok(Self { keys, named }),
        }
    }

    /// The key of this name; without a name, the only one.
    pub(crate) fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.keys.as_slice()) {
            (Some(kid), keys) => keys.get(*self.named.get(kid)?),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The names of its keys, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.named.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}
