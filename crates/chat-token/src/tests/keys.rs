//! Tokens that are signed with one of several public keys.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::signers::{self, Signer, encode};
use super::*;

/// What takes tokens that are signed with one of these keys.
pub(super) fn with_keys(keys: &[Value], clock: Arc<TestClock>) -> Verifier {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), set(keys)).unwrap();
    let options = TokenOptions::new(KeySource::File(file.path().to_owned()));
    at_once(Verifier::open(options, clock)).unwrap()
}

fn each() -> [Signer; 3] {
    [signers::rsa(), signers::p256(), signers::ed25519()]
}

/// What takes tokens of each: their names are their algorithms.
fn with_each(signers: &[Signer]) -> Verifier {
    let keys: Vec<_> = signers
        .iter()
        .map(|one| one.jwk(Some(one.algorithm())))
        .collect();
    with_keys(&keys, TestClock::at(BEGIN))
}

#[test]
fn a_token_names_its_key() {
    let signers = each();
    let verifier = with_each(&signers);
    for signer in &signers {
        let token = signer.good(Some(signer.algorithm()));
        let claims = at_once(verifier.verify(&token)).unwrap();
        assert_eq!(claims.subject.as_deref(), Some("7"));
        // Not one of these keys is meant.
        let answer = at_once(verifier.verify(&signer.good(None)));
        assert_eq!(answer, Err(Rejected::UnknownKey));
        let answer = at_once(verifier.verify(&signer.good(Some("other"))));
        assert_eq!(answer, Err(Rejected::UnknownKey));
    }
}

#[test]
fn the_only_key_need_not_be_named() {
    for signer in each() {
        for kid in [None, Some("1")] {
            let verifier = with_keys(&[signer.jwk(kid)], TestClock::at(BEGIN));
            assert!(at_once(verifier.verify(&signer.good(None))).is_ok());
        }
    }
}

#[test]
fn another_key_is_another() {
    let verifier = with_each(&each());
    for signer in [signers::p256(), signers::ed25519()] {
        let token = signer.good(Some(signer.algorithm()));
        assert_eq!(at_once(verifier.verify(&token)), Err(Rejected::Signature));
    }
}

#[test]
fn a_header_does_not_choose_the_algorithm() {
    let signers = each();
    let verifier = with_each(&signers);
    for signer in &signers {
        for algorithm in [
            "none", "None", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
            "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "",
        ] {
            let head = json!({"alg": algorithm, "kid": signer.algorithm()});
            let token = signer.token(&head, &claims());
            let why = (algorithm != signer.algorithm()).then_some(Rejected::Algorithm);
            assert_eq!(at_once(verifier.verify(&token)).err(), why, "{algorithm}");
        }
    }
}

/// The oldest trick: what is public is taken for a secret.
#[test]
fn a_public_key_is_no_secret() {
    let signers = each();
    let verifier = with_each(&signers);
    for signer in &signers {
        let jwk = signer.jwk(Some(signer.algorithm()));
        let decoded = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        let (x, y) = (decoded("x"), decoded("y").unwrap_or_default());
        let mut secrets = vec![
            jwk.to_string().into_bytes(),
            set(std::slice::from_ref(&jwk)).into_bytes(),
        ];
        secrets.extend(decoded("n"));
        secrets.extend(x.clone());
        secrets.extend(x.map(|x| [vec![4], x, y].concat()));
        for secret in secrets {
            let secret = Secret::parse(secret).unwrap();
            for kid in [json!({}), json!({"kid": signer.algorithm()})] {
                let mut head = kid;
                for algorithm in ["HS256", signer.algorithm()] {
                    head["alg"] = algorithm.into();
                    let token =
                        crate::mint::sign(&secret, &head.to_string(), &claims().to_string());
                    assert!(at_once(verifier.verify(&token)).is_err(), "{head}");
                }
            }
        }
    }
}

#[test]
fn a_key_in_the_header_is_nobodys() {
    let (ours, theirs) = (signers::ed25519(), signers::ed25519());
    let verifier = with_keys(&[ours.jwk(Some("1"))], TestClock::at(BEGIN));
    let jwk = theirs.jwk(Some("1"));
    for kid in ["1", "2"] {
        let head = json!({"alg": "EdDSA", "kid": kid, "jwk": jwk, "jku": "https://example.org/"});
        let token = theirs.token(&head, &claims());
        assert!(at_once(verifier.verify(&token)).is_err());
    }
}

/// Of the two ways to write a signature of P-256, a token has the one of fixed length.
#[test]
fn a_signature_in_asn1_is_none() {
    fn integer(bytes: &[u8]) -> Vec<u8> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let sign = if bytes[zeros] < 0x80 { vec![] } else { vec![0] };
        let digits = [sign, bytes[zeros..].to_vec()].concat();
        [vec![2, digits.len() as u8], digits].concat()
    }

    let signer = signers::p256();
    let verifier = with_keys(&[signer.jwk(None)], TestClock::at(BEGIN));
    let token = signer.good(None);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let fixed = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = fixed.split_at(32);
    let both = [integer(r), integer(s)].concat();
    let asn1 = [vec![0x30, both.len() as u8], both].concat();
    for signature in [&asn1[..], &fixed[..63], &[0; 64], &[0xff; 64], &[]] {
        let answer = at_once(verifier.verify(&format!("{message}.{}", encode(signature))));
        assert_eq!(answer, Err(Rejected::Signature));
    }
}

#[test]
fn signed_claims_are_checked_whatever_signed_them() {
    for signer in each() {
        let verifier = with_keys(&[signer.jwk(None)], TestClock::at(BEGIN));
        let head = json!({"alg": signer.algorithm()});
        for (claims, why) in [
            (json!({}), Rejected::NoExpiry),
            (json!({"exp": BEGIN - 30}), Rejected::Expired),
            (json!([]), Rejected::Malformed),
        ] {
            let answer = at_once(verifier.verify(&signer.token(&head, &claims)));
            assert_eq!(answer, Err(why));
        }
    }
}
