//! Tokens that are not taken.

use rstest::rstest;

use super::signers::encode;
use super::*;
use crate::MAX_TOKEN_BYTES;
use crate::mint::sign;

const HEAD: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

fn good() -> String {
    sign(&secret(), HEAD, &claims().to_string())
}

#[rstest]
#[case("")]
#[case(".")]
#[case("..")]
#[case("...")]
#[case("a")]
#[case("a.b.c")]
#[case("\0.\0.\0")]
#[case("é.é.é")]
#[case("Bearer a.b.c")]
fn no_tokens(#[case] token: &str) {
    assert_eq!(verify(token), Err(Rejected::Malformed));
}

#[test]
fn what_is_not_as_it_was_signed_is_refused() {
    let good = good();
    let parts: Vec<&str> = good.split('.').collect();
    let [head, claims, signature] = parts[..] else {
        panic!("{good}")
    };
    assert!(verify(&good).is_ok());
    for (token, why) in [
        (format!("{claims}.{head}.{signature}"), Rejected::Malformed),
        (format!("{signature}.{head}.{claims}"), Rejected::Malformed),
        (format!("{head}.{signature}.{claims}"), Rejected::Signature),
        (format!("{head}.{claims}.{claims}"), Rejected::Signature),
        (format!("{head}.{head}.{signature}"), Rejected::Signature),
        (format!("{head}.{claims}."), Rejected::Signature),
        (format!("{head}..{signature}"), Rejected::Signature),
        (format!(".{claims}.{signature}"), Rejected::Malformed),
        (format!("{head}.{claims}"), Rejected::Malformed),
        (format!("{head}.{claims}.{signature}."), Rejected::Malformed),
        (format!(".{head}.{claims}.{signature}"), Rejected::Malformed),
        (
            format!("{head}.{claims}.{signature}.{signature}"),
            Rejected::Malformed,
        ),
        (format!("{head}.{claims}.{signature}="), Rejected::Malformed),
        (format!("{head}=.{claims}.{signature}"), Rejected::Malformed),
        (format!("{head}.{claims}.{signature} "), Rejected::Malformed),
        (format!(" {head}.{claims}.{signature}"), Rejected::Malformed),
        (
            format!("{head}.{claims}.{signature}\n"),
            Rejected::Malformed,
        ),
        (
            format!("{head}.{claims}.{}", &signature[1..]),
            Rejected::Malformed,
        ),
        (
            format!("{head}.{claims}.{}", &signature[4..]),
            Rejected::Signature,
        ),
        (
            format!("{head}.{claims}.{signature}AAAA"),
            Rejected::Malformed,
        ),
    ] {
        let answer = verify(&token);
        // Cut or grown, it may be no base64 or the wrong signature.
        let either = [Err(Rejected::Malformed), Err(Rejected::Signature)];
        assert!(answer == Err(why) || token.len() != good.len() && either.contains(&answer));
    }
}

#[rstest]
#[case(r#"{"alg":"none"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"None"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"NONE"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"nOnE"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"\u006eone"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":" none"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":""}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"hs256"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"HS384"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"HS512"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"RS256"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"PS256"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"ES256"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"ES256K"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"EdDSA"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":"dir","enc":"A256GCM"}"#, Rejected::Algorithm)]
#[case(r#"{"alg":null}"#, Rejected::Malformed)]
#[case(r#"{"typ":"JWT"}"#, Rejected::Malformed)]
#[case(r#"{"alg":"HS256","alg":"none"}"#, Rejected::Malformed)]
#[case(r#"{"alg":"none","alg":"HS256"}"#, Rejected::Malformed)]
#[case(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, Rejected::Critical)]
#[case(r#"{"alg":"HS256","crit":["b64"],"b64":true}"#, Rejected::Critical)]
#[case(r#"{"alg":"HS256","b64":false}"#, Rejected::Malformed)]
#[case(r#"["HS256"]"#, Rejected::Malformed)]
#[case(r#"["HS256","a"]"#, Rejected::Malformed)]
fn headers(#[case] head: &str, #[case] why: Rejected) {
    let token = sign(&secret(), head, &claims().to_string());
    assert_eq!(verify(&token), Err(why));
    // And without a signature.
    let bare = format!("{}.{}.", encode(head), encode(claims().to_string()));
    assert_eq!(verify(&bare), Err(why));
}

#[rstest]
#[case("{}", Rejected::NoExpiry)]
#[case(r#"{"sub":"7"}"#, Rejected::NoExpiry)]
#[case(r#"{"exp":1699999970}"#, Rejected::Expired)]
#[case(r#"{"exp":-1}"#, Rejected::Expired)]
#[case(r#"{"exp":-9223372036854775808}"#, Rejected::Expired)]
#[case(r#"{"exp":1700003600,"nbf":1700000031}"#, Rejected::NotYet)]
#[case(r#"{"exp":1700003600,"nbf":1e308}"#, Rejected::NotYet)]
#[case(r#"{"exp":null}"#, Rejected::Malformed)]
#[case(r#"{"exp":"1700003600"}"#, Rejected::Malformed)]
#[case(r#"{"exp":[1700003600]}"#, Rejected::Malformed)]
#[case(r#"{"exp":{"a":1700003600}}"#, Rejected::Malformed)]
#[case(r#"{"exp":1e309}"#, Rejected::Malformed)]
#[case(r#"{"exp":NaN}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"nbf":"0"}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"sub":7.5}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"sub":["7"]}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"sub":{"a":[]}}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"sub":true}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"sub":"7","sub":"8"}"#, Rejected::Malformed)]
#[case(r#"{"exp":1,"exp":1700003600}"#, Rejected::Malformed)]
#[case(r#"{"exp":1700003600,"scope":{"system":true}}"#, Rejected::Malformed)]
#[case("[]", Rejected::Malformed)]
#[case(r#"["7","",1700003600]"#, Rejected::Malformed)]
#[case("", Rejected::Malformed)]
#[case("null", Rejected::Malformed)]
#[case("\"{}\"", Rejected::Malformed)]
fn signed_claims(#[case] claims: &str, #[case] why: Rejected) {
    assert_eq!(verify(&sign(&secret(), HEAD, claims)), Err(why));
}

/// What the library reads besides must not refuse what is fine.
#[rstest]
#[case(r#"{"exp":1700003600}"#)]
#[case(r#"{"exp":1700003600.5}"#)]
#[case(r#"{"exp":1.7000036e9}"#)]
#[case(r#"{"exp":1e308}"#)]
#[case(r#"{"exp":99999999999999999999999999}"#)]
#[case(r#"{"exp":1700003600,"nbf":-5}"#)]
#[case(r#"{"exp":1700003600,"nbf":-5.5}"#)]
#[case(r#"{"exp":1700003600,"sub":7}"#)]
#[case(r#"{"exp":1700003600,"sub":-7}"#)]
#[case(r#"{"sub":7,"exp":1700003600,"iss":7,"aud":{"a":[1]},"iat":"x"}"#)]
#[case(r#"{"exp":1700003600,"iss":["a","b"],"aud":null}"#)]
#[case(r#"{"exp":1700003600,"aud":["a",1,["b"]],"jti":{}}"#)]
#[case(r#"{"exp":1700003600,"x":1,"x":2}"#)]
fn claims_that_are_fine(#[case] claims: &str) {
    assert_eq!(verify(&sign(&secret(), HEAD, claims)).err(), None);
}

#[rstest]
#[case(r#"{"alg":"HS256"}"#)]
#[case(r#"{"alg":"HS256","kid":"whatever"}"#)]
#[case(r#"{"alg":"HS256","typ":"at+jwt","x":{"y":[1]},"x":2}"#)]
fn headers_that_are_fine(#[case] head: &str) {
    let token = sign(&secret(), head, &claims().to_string());
    assert_eq!(verify(&token).err(), None);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let token = good();
    let (head, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let bytes = encode([0xff, 0xfe, b'{', b'}']);
    let token = format!("{bytes}.{claims}.{signature}");
    assert_eq!(verify(&token), Err(Rejected::Malformed));
    let message = format!("{head}.{bytes}");
    let signature = encode(secret().sign(&message));
    assert_eq!(
        verify(&format!("{message}.{signature}")),
        Err(Rejected::Malformed)
    );
}

#[test]
fn a_token_has_8_kib_at_most() {
    let with = |letters: usize| {
        let claims = json!({"exp": BEGIN + 60, "x": "x".repeat(letters)});
        sign(&secret(), HEAD, &claims.to_string())
    };
    let mut shorter = (0..MAX_TOKEN_BYTES).rev().map(with);
    let longest = shorter
        .find(|token| token.len() <= MAX_TOKEN_BYTES)
        .unwrap();
    assert!(MAX_TOKEN_BYTES - longest.len() <= 2 && verify(&longest).is_ok());
    let longer = with(MAX_TOKEN_BYTES);
    assert_eq!(verify(&longer), Err(Rejected::Malformed));
    // It would be refused for its signature, had anything else been done.
    assert_eq!(verify(&"a".repeat(50_000_000)), Err(Rejected::Malformed));
}

#[test]
fn nesting_has_an_end() {
    let deep = format!(
        "{{\"exp\":1700003600,\"aud\":{}{}}}",
        "[".repeat(2500),
        "]".repeat(2500)
    );
    assert_eq!(
        verify(&sign(&secret(), HEAD, &deep)),
        Err(Rejected::Malformed)
    );
}

#[test]
fn texts_tell_nothing() {
    let all = [
        Rejected::Malformed,
        Rejected::Algorithm,
        Rejected::Critical,
        Rejected::UnknownKey,
        Rejected::Signature,
        Rejected::NoExpiry,
        Rejected::Expired,
        Rejected::NotYet,
        Rejected::Issuer,
        Rejected::Audience,
        Rejected::KeysUnavailable,
    ];
    for why in all {
        let text = why.to_string();
        assert!(
            text.contains("token") && !text.contains(['{', '"']),
            "{text}"
        );
    }
}
