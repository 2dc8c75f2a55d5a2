//! One key of a JWK set (RFC 7517), if it can be used.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::key::Key;

/// The sizes of RSA keys that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A key and its name, if it is one for signatures, of a type that is taken: RSA, P-256 or Ed25519. None
/// if it is for something else, says another algorithm than its type's, or is no key.
pub(crate) fn parse(jwk: &Value) -> Option<(Option<String>, Key)> {
    let jwk = jwk.as_object()?;
    let kid = match jwk.get("kid") {
        None => None,
        Some(kid) => Some(kid.as_str()?.to_owned()),
    };
    let (algorithm, key) = match (text(jwk, "kty")?, jwk.get("crv").and_then(Value::as_str)) {
        ("RSA", _) => ("RS256", rsa(jwk)?),
        ("EC", Some("P-256")) => ("ES256", p256(jwk)?),
        ("OKP", Some("Ed25519")) => ("EdDSA", ed25519(jwk)?),
        _ => return None,
    };
    let verifies = |operations: &Value| {
        let operations = operations.as_array();
        operations.is_some_and(|all| all.iter().any(|one| one == "verify"))
    };
    let fits = jwk.get("alg").is_none_or(|alg| alg == algorithm)
        && jwk.get("use").is_none_or(|usage| usage == "sig")
        && jwk.get("key_ops").is_none_or(verifies);
    fits.then_some((kid, key))
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name)?.as_str()
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text(jwk, name)?).ok()
}

/// As many bytes as a coordinate has.
fn coordinate(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    bytes(jwk, name).filter(|bytes| bytes.len() == 32)
}

fn rsa(jwk: &Map<String, Value>) -> Option<Key> {
    let (modulus, exponent) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let (modulus, exponent) = (unpadded(&modulus), unpadded(&exponent));
    let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    // As ring takes them: an exponent of 1 would sign nothing, and large ones only slow things down.
    let small = exponent.len() <= 4 && exponent != [1];
    let good = RSA_BITS.contains(&bits) && small && odd(modulus) && odd(exponent);
    good.then(|| Key::rsa(modulus, exponent))
}

/// Without the zeros before it that some put there.
fn unpadded(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn p256(jwk: &Map<String, Value>) -> Option<Key> {
    let point = [vec![4], coordinate(jwk, "x")?, coordinate(jwk, "y")?];
    Some(Key::p256(&point.concat()))
}

fn ed25519(jwk: &Map<String, Value>) -> Option<Key> {
    Some(Key::ed25519(&coordinate(jwk, "x")?))
}

#[cfg(test)]
mod tests;
