use rstest::rstest;
use serde_json::json;

use super::*;
use crate::key_set::KeySet;
use crate::tests::signers::{self, Signer};

fn is_usable(jwk: &Value) -> bool {
    parse(jwk).is_some()
}

/// A good key of this type.
fn good(kind: &str) -> Value {
    match kind {
        "RSA" => signers::rsa(),
        "EC" => signers::p256(),
        _ => signers::ed25519(),
    }
    .jwk(Some("a"))
}

/// The same with another member.
fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

#[rstest]
fn good_keys(#[values("RSA", "EC", "OKP")] kind: &str) {
    let jwk = good(kind);
    assert!(is_usable(&jwk));
    assert_eq!(parse(&jwk).unwrap().0.as_deref(), Some("a"));
    for (name, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("x5c", json!(["…"])),
        ("whatever", json!(null)),
    ] {
        assert!(is_usable(&with(jwk.clone(), name, value)), "{name}");
    }
}

#[rstest]
fn keys_for_something_else(#[values("RSA", "EC", "OKP")] kind: &str) {
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(null)),
        ("key_ops", json!([])),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!("verify")),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("PS256")),
        ("alg", json!("RS512")),
        ("alg", json!("ES384")),
        ("alg", json!("RSA-OAEP")),
        ("alg", json!(null)),
        ("kty", json!("oct")),
        ("kty", json!("rsa")),
        ("kty", json!(null)),
        ("kid", json!(7)),
        ("kid", json!(null)),
    ] {
        let jwk = with(good(kind), name, value);
        assert!(!is_usable(&jwk), "{jwk}");
    }
    let algorithms = [("RSA", "RS256"), ("EC", "ES256"), ("OKP", "EdDSA")];
    for (other, algorithm) in algorithms {
        let jwk = with(good(kind), "alg", json!(algorithm));
        assert_eq!(is_usable(&jwk), kind == other, "{jwk}");
    }
}

#[rstest]
#[case("EC", "crv", json!("P-384"))]
#[case("EC", "crv", json!("secp256k1"))]
#[case("EC", "crv", json!(null))]
#[case("EC", "x", json!("AA"))]
#[case("EC", "y", json!(null))]
#[case("EC", "y", json!("not base64"))]
#[case("OKP", "crv", json!("Ed448"))]
#[case("OKP", "crv", json!("X25519"))]
#[case("OKP", "x", json!(""))]
#[case("OKP", "x", json!("A".repeat(44)))]
#[case("RSA", "n", json!(null))]
#[case("RSA", "n", json!(""))]
#[case("RSA", "n", json!("AAAA"))]
#[case("RSA", "e", json!(null))]
#[case("RSA", "e", json!(""))]
#[case("RSA", "e", json!("AA"))]
#[case("RSA", "e", json!("AQ"))]
#[case("RSA", "e", json!("Ag"))]
#[case("RSA", "e", json!("AQAAAAE"))]
fn no_keys(#[case] kind: &str, #[case] name: &str, #[case] value: Value) {
    assert!(!is_usable(&with(good(kind), name, value)));
}

#[rstest]
#[case(128, 0xff, false)]
#[case(256, 0x7f, false)]
#[case(256, 0x80, true)]
#[case(384, 0xff, true)]
#[case(1024, 0xff, true)]
#[case(1025, 0x01, false)]
fn rsa_has_2048_to_8192_bits(#[case] bytes: usize, #[case] first: u8, #[case] good: bool) {
    let mut modulus = vec![0xff; bytes];
    modulus[0] = first;
    // A zero before it is none of its bits.
    for modulus in [modulus.clone(), [vec![0, 0], modulus].concat()] {
        let jwk = json!({"kty": "RSA", "n": BASE64_URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB"});
        assert_eq!(is_usable(&jwk), good);
    }
}

#[test]
fn an_even_number_is_no_modulus() {
    for (last, odd) in [(0xff, true), (0xfe, false)] {
        let modulus = [vec![0xff; 255], vec![last]].concat();
        let modulus = BASE64_URL_SAFE_NO_PAD.encode(modulus);
        let jwk = with(good("RSA"), "n", json!(modulus));
        assert_eq!(is_usable(&jwk), odd);
    }
}

#[test]
fn a_set_is_what_is_usable_of_it() {
    let (first, second) = (signers::ed25519(), signers::p256());
    let keys = json!([
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        7,
        with(good("EC"), "use", json!("enc")),
        first.jwk(Some("1")),
        second.jwk(Some("2")),
    ]);
    let set = KeySet::parse(json!({"keys": keys, "x": 1}).to_string().as_bytes()).unwrap();
    assert_eq!(set.names(), ["1", "2"]);
    for (kid, found) in [
        (Some("1"), true),
        (Some("2"), true),
        (Some("secret"), false),
        (Some("a"), false),
        (Some(""), false),
        (None, false),
    ] {
        assert_eq!(set.find(kid).is_some(), found, "{kid:?}");
    }
}

#[test]
fn the_only_key_needs_no_name() {
    let set = |keys: Value| KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap();
    let named = set(json!([signers::ed25519().jwk(Some("1")), {"kty": "oct"}]));
    assert!(named.find(None).is_some() && named.find(Some("1")).is_some());
    let nameless = set(json!([signers::ed25519().jwk(None)]));
    assert!(nameless.find(None).is_some() && nameless.find(Some("1")).is_none());
}

#[rstest]
#[case("")]
#[case("null")]
#[case("[]")]
#[case("{}")]
#[case(r#"[[{"kty":"OKP"}]]"#)]
#[case(r#"{"keys":null}"#)]
#[case(r#"{"keys":{}}"#)]
#[case(r#"{"keys":[]"#)]
fn no_sets(#[case] json: &str) {
    let why = KeySet::parse(json.as_bytes()).unwrap_err();
    assert_eq!(why, crate::NoKeySet::Malformed);
}

#[test]
fn a_set_without_usable_keys_is_none() {
    for (keys, count) in [
        (json!([]), 0),
        (json!([{}, 7, {"kty": "oct", "k": "AA"}]), 3),
    ] {
        let why = KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap_err();
        assert_eq!(why, crate::NoKeySet::NoneUsable(count));
    }
}

#[test]
fn of_two_with_a_name_the_first_has_it() {
    let (first, second) = (signers::ed25519(), signers::ed25519());
    let keys = [&first, &second].map(|signer: &Signer| signer.jwk(Some("1")));
    let set = KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap();
    let opens = |signer: &Signer| {
        let token = signer.token(&json!({"alg": "EdDSA"}), &json!({}));
        let head = crate::head::Head::parse(&token).unwrap();
        set.find(Some("1")).unwrap().open(&head, &token).is_ok()
    };
    assert!(opens(&first) && !opens(&second));
    assert!(set.find(None).is_none());
}
