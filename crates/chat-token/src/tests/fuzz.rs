//! Whatever may come: nothing panics, and nothing is taken that was not signed as it stands.
//!
//! `PROPTEST_CASES` says how many cases are tried.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::keys::with_keys;
use super::signers::{self, Signer, encode};
use super::*;
use crate::head::Head;
use crate::key_set::KeySet;
use crate::mint::sign;

/// Values that a claim or a member of a header or of a key may have, good and bad, as JSON.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "null", "true", "false", "0", "-1", "7", "7.5", "1e308", "-1e308", "1700000000", "1700003600", "1700003600.5",
    "1699999971", "1699999970", "9223372036854775807", "9223372036854775808", "18446744073709551616", "[]", "{}",
    "\"\"", "\"7\"", "\"ada\"", "\"system\"", "\"chat system\"", "[\"system\"]", "[\"chat\",7]", "\"\\u0000\"",
    "\"HS256\"", "\"none\"", "\"RS256\"", "\"ES256\"", "\"EdDSA\"", "[\"exp\"]", "[\"verify\"]", "\"sig\"", "\"enc\"",
    "\"RSA\"", "\"EC\"", "\"OKP\"", "\"oct\"", "\"P-256\"", "\"Ed25519\"", "\"AQAB\"", "\"A\"", "\"===\"", "[[[{}]]]",
];

/// Names of claims, of what stands in headers, and of members of keys.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "sub", "scope", "exp", "nbf", "iat", "iss", "aud", "name", "nickname", "email", "email_verified", "alg", "kid",
    "crit", "b64", "typ", "jwk", "zip", "x5c", "kty", "crv", "use", "key_ops", "n", "e", "x", "y", "k", "d", "",
];

/// Any JSON, not too deep.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => select(VALUES).prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|number| json!(number).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<String>().prop_map(|text| json!(text).to_string()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let array = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            array.prop_map(|all| format!("[{}]", all.join(","))),
            object(inner),
        ]
    })
}

/// An object of such values, in which names may come twice.
fn object(values: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member = (select(NAMES), values).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    let members = prop::collection::vec(member, 0..5);
    members.prop_map(|all| format!("{{{}}}", all.join(",")))
}

/// Good members, and some more before or after them.
fn around(good: &'static str) -> impl Strategy<Value = String> {
    (object(json()), any::<bool>()).prop_map(move |(more, before)| {
        let more = &more[1..more.len() - 1];
        match (more, before) {
            ("", _) => format!("{{{good}}}"),
            (more, true) => format!("{{{more},{good}}}"),
            (more, false) => format!("{{{good},{more}}}"),
        }
    })
}

/// A part of a token, maybe of the alphabet, maybe a text in it.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[A-Za-z0-9_-]{0,40}",
        1 => "[A-Za-z0-9_=+/.-]{0,40}",
        1 => any::<String>(),
        2 => json().prop_map(encode),
        2 => select(&["HS256", "none", "EdDSA", "RS256", "ES256"][..])
            .prop_map(|alg| encode(json!({"alg": alg, "kid": alg}).to_string())),
    ]
}

fn each() -> Vec<Signer> {
    vec![signers::rsa(), signers::p256(), signers::ed25519()]
}

/// What takes tokens of these, which are named by their algorithms.
fn verifier_of(signers: &[Signer]) -> Verifier {
    let keys = signers.iter().map(|one| one.jwk(Some(one.algorithm())));
    with_keys(&keys.collect::<Vec<_>>(), TestClock::at(BEGIN))
}

/// What the parts of a token are, if they are base64url.
fn decoded(token: &str) -> Option<Vec<Vec<u8>>> {
    let parts = token.split('.');
    parts
        .map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok())
        .collect()
}

/// Whether the key of this name opens what this one signs.
fn opens(set: &KeySet, kid: &str, signer: &Signer) -> bool {
    let token = signer.good(Some(kid));
    let head = Head::parse(&token).unwrap();
    let key = set.find(Some(kid));
    key.is_some_and(|key| key.open(&head, &token).is_ok())
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A letter in the place of another, one more or one less.
#[derive(Clone, Debug)]
enum Mutation {
    Put(char),
    Insert(char),
    Remove,
    Swap(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let letter = || prop_oneof![4 => "[A-Za-z0-9_.=-]", 1 => any::<char>().prop_map(String::from)];
    let letter = move || letter().prop_map(|text| text.chars().next().unwrap_or('A'));
    prop_oneof![
        6 => letter().prop_map(Mutation::Put),
        1 => letter().prop_map(Mutation::Insert),
        1 => Just(Mutation::Remove),
        1 => any::<Index>().prop_map(Mutation::Swap),
    ]
}

fn mutated(token: &str, at: Index, mutation: &Mutation) -> String {
    let mut letters: Vec<char> = token.chars().collect();
    let place = at.index(letters.len());
    match mutation {
        Mutation::Put(letter) => letters[place] = *letter,
        Mutation::Insert(letter) => letters.insert(place, *letter),
        Mutation::Remove => drop(letters.remove(place)),
        Mutation::Swap(other) => letters.swap(place, other.index(token.len())),
    }
    letters.into_iter().collect()
}

/// What claims that were accepted must be, read in another way.
fn assert_holds(claims: &str, accepted: &Claims) {
    let object: Value = serde_json::from_str(claims).unwrap();
    let number = |name: &str| object.get(name).map(|value| value.as_f64().unwrap());
    let begin = BEGIN as f64;
    assert!(number("exp").unwrap() > begin - 30.0);
    assert!(number("nbf").is_none_or(|nbf| nbf <= begin + 30.0));
    let subject = object
        .get("sub")
        .map(|sub| sub.as_str().map_or(sub.to_string(), str::to_owned));
    assert_eq!(accepted.subject, subject);
    let system = object
        .get("scope")
        .is_some_and(|scope| match scope.as_array() {
            Some(words) => words.contains(&json!("system")),
            None => format!(" {} ", scope.as_str().unwrap()).contains(" system "),
        });
    assert_eq!(accepted.system, system);
    assert!(accepted.name.is_none() || object["name"] == accepted.name.as_deref().unwrap());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_nobody_signed_is_refused(
        texts in prop::collection::vec(any::<String>(), 4),
        parts in prop::collection::vec(prop::array::uniform3(part()), 4),
    ) {
        let verifiers = [with_secret(), verifier_of(&[signers::ed25519(), signers::p256()])];
        for token in texts.into_iter().chain(parts.into_iter().map(|parts| parts.join("."))) {
            for verifier in &verifiers {
                // One that names a key that is not there is not looked for: the file was read just now.
                prop_assert!(at_once(verifier.verify(&token)).is_err(), "{}", token);
            }
        }
    }

    #[test]
    fn a_changed_token_is_another(at in any::<Index>(), mutation in mutation()) {
        let signers = each();
        let verifier = verifier_of(&signers);
        let good = sign(&secret(), r#"{"alg":"HS256"}"#, &claims().to_string());
        let mut all = vec![(with_secret(), good)];
        all.extend(signers.iter().map(|one| (verifier.clone(), one.good(Some(one.algorithm())))));
        for (verifier, good) in all {
            let token = mutated(&good, at, &mutation);
            prop_assert!(at_once(verifier.verify(&good)).is_ok());
            let accepted = at_once(verifier.verify(&token)).is_ok();
            prop_assert_eq!(accepted, decoded(&token) == decoded(&good), "{}", token);
            prop_assert_eq!(accepted, token == good, "{}", token);
        }
    }

    #[test]
    fn signed_claims_are_taken_only_if_they_hold(
        any in json(),
        claims in around(r#""exp":1700003600"#),
        sub in select(VALUES),
        exp in select(VALUES),
    ) {
        let pair = format!("{{\"sub\":{sub},\"exp\":{exp}}}");
        for claims in [any, claims, pair] {
            let token = sign(&secret(), r#"{"alg":"HS256"}"#, &claims);
            if let Ok(accepted) = verify(&token) {
                assert_holds(&claims, &accepted);
            }
        }
    }

    #[test]
    fn signed_headers_are_taken_only_if_they_hold(
        any in json(),
        head in around(r#""alg":"HS256""#),
    ) {
        for head in [any, head] {
            let token = sign(&secret(), &head, &claims().to_string());
            if verify(&token).is_ok() {
                let object: Value = serde_json::from_str(&head).unwrap();
                prop_assert_eq!(&object["alg"], "HS256");
                prop_assert!(object.get("crit").is_none());
                prop_assert!(object.get("kid").is_none_or(Value::is_string));
            }
        }
    }

    #[test]
    fn sets_of_anything_are_sets_or_not(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        any in json(),
        keys in prop::collection::vec(object(json()), 0..4),
    ) {
        let keys = format!("{{\"keys\":[{}]}}", keys.join(","));
        for json in [bytes, any.into_bytes(), keys.into_bytes()] {
            let _ = KeySet::parse(&json);
        }
    }

    #[test]
    fn a_key_that_was_changed_takes_no_other_along(
        place in any::<Index>(),
        name in select(NAMES),
        value in json(),
    ) {
        let signers = each();
        let good: Vec<_> = signers.iter().map(|one| one.jwk(Some(one.algorithm()))).collect();
        let (mut keys, changed) = (good.clone(), place.index(good.len()));
        // A number beyond all others is no value.
        keys[changed][name] = serde_json::from_str(&value).unwrap_or_default();
        let set = KeySet::parse(set(&keys).as_bytes()).unwrap();
        for (place, signer) in signers.iter().enumerate() {
            let opens = opens(&set, signer.algorithm(), signer);
            if place != changed {
                // Unless the other took its name, and comes first.
                prop_assert!(opens || name == "kid" && changed < place, "{}", keys[changed]);
            } else if opens {
                let same = |name: &str| keys[place].get(name) == good[place].get(name);
                let public: &[&str] = match signer {
                    Signer::Rsa(_) => &["kty", "n", "e"],
                    Signer::P256(_) => &["kty", "crv", "x", "y"],
                    Signer::Ed25519(_) => &["kty", "crv", "x"],
                };
                prop_assert!(public.iter().all(|name| same(name)), "{}", keys[changed]);
            }
        }
    }

    #[test]
    fn a_set_with_another_letter_is_a_set_or_not(at in any::<Index>(), mutation in mutation()) {
        let signers = each();
        // None is the other's but for a letter.
        let named = || signers.iter().zip(["first", "second", "third"]);
        let keys: Vec<_> = named().map(|(one, kid)| one.jwk(Some(kid))).collect();
        let json = mutated(&set(&keys), at, &mutation);
        if let Ok(set) = KeySet::parse(json.as_bytes()) {
            let opened = named().filter(|(one, kid)| opens(&set, kid, one)).count();
            // A letter is in one key.
            let changed = if matches!(mutation, Mutation::Swap(_)) { 2 } else { 1 };
            prop_assert!(opened + changed >= signers.len(), "{}", json);
        }
    }

    /// Points and moduli that are none, in keys that look good.
    #[test]
    fn keys_of_any_bytes_open_nothing(
        point in prop::array::uniform32(any::<u8>()),
        other in prop::array::uniform32(any::<u8>()),
        modulus in prop::collection::vec(any::<u8>(), 200..300),
        exponent in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let (x, y) = (encode(point), encode(other));
        let keys = [
            json!({"kid": "EdDSA", "kty": "OKP", "crv": "Ed25519", "x": x}),
            json!({"kid": "ES256", "kty": "EC", "crv": "P-256", "x": x, "y": y}),
            json!({"kid": "RS256", "kty": "RSA", "n": encode(modulus), "e": encode(exponent)}),
        ];
        let verifier = with_keys(&keys, TestClock::at(BEGIN));
        for signer in each() {
            let answer = at_once(verifier.verify(&signer.good(Some(signer.algorithm()))));
            let why = answer.unwrap_err();
            prop_assert!([Rejected::Signature, Rejected::UnknownKey].contains(&why), "{}", why);
        }
    }
}
