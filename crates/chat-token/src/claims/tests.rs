use rstest::rstest;

use super::*;

/// What these claims say at 1000 seconds, in which they are good until 2000 seconds.
fn check(json: &str, expected: &Expected) -> Result<Claims, Rejected> {
    let json = json.replacen('{', "{\"exp\":2000,", 1);
    check_whole(&json, expected)
}

fn check_whole(json: &str, expected: &Expected) -> Result<Claims, Rejected> {
    let signed: Signed = serde_json::from_str(json).map_err(|_| Rejected::Malformed)?;
    signed.check(expected, Timestamp::from_micros(1_000_000_000))
}

fn read(json: &str) -> Claims {
    check(json, &Expected::default()).unwrap()
}

#[rstest]
#[case(r#"{"x":1}"#, None)]
#[case(r#"{"sub":"ada"}"#, Some("ada"))]
#[case(r#"{"sub":""}"#, Some(""))]
#[case(r#"{"sub":7}"#, Some("7"))]
#[case(r#"{"sub":0}"#, Some("0"))]
#[case(r#"{"sub":-7}"#, Some("-7"))]
#[case(r#"{"sub":9007199254740993}"#, Some("9007199254740993"))]
#[case(r#"{"sub":18446744073709551615}"#, Some("18446744073709551615"))]
fn subjects(#[case] json: &str, #[case] subject: Option<&str>) {
    assert_eq!(read(json).subject.as_deref(), subject);
}

#[rstest]
#[case(r#"{"x":1}"#, false)]
#[case(r#"{"scope":""}"#, false)]
#[case(r#"{"scope":"system"}"#, true)]
#[case(r#"{"scope":"chat system"}"#, true)]
#[case(r#"{"scope":" system "}"#, true)]
#[case(r#"{"scope":"System"}"#, false)]
#[case(r#"{"scope":"systems"}"#, false)]
#[case(r#"{"scope":"chat:system"}"#, false)]
#[case(r#"{"scope":"system,chat"}"#, false)]
#[case("{\"scope\":\"chat\\tsystem\"}", false)]
#[case(r#"{"scope":[]}"#, false)]
#[case(r#"{"scope":["chat","system"]}"#, true)]
#[case(r#"{"scope":["chat system"]}"#, false)]
#[case(r#"{"scp":"system"}"#, false)]
fn scopes(#[case] json: &str, #[case] system: bool) {
    assert_eq!(read(json).system, system);
}

#[test]
fn profiles() {
    let claims = read(
        r#"{"preferred_username":"ada","nickname":"a","name":"Ada L","email":"ada@example.org"}"#,
    );
    assert_eq!(claims.username.as_deref(), Some("ada"));
    assert_eq!(claims.name.as_deref(), Some("Ada L"));
    assert_eq!(claims.email.as_deref(), Some("ada@example.org"));
    assert_eq!(claims.expires_at, Timestamp::from_micros(2_000_000_000));
    let username = |json| read(json).username;
    assert_eq!(username(r#"{"nickname":"a"}"#).as_deref(), Some("a"));
    let other = r#"{"preferred_username":7,"nickname":"a"}"#;
    assert_eq!(username(other).as_deref(), Some("a"));
    let claims = read(r#"{"preferred_username":null,"nickname":[],"name":{},"email":7}"#);
    assert_eq!(
        (claims.username, claims.name, claims.email),
        (None, None, None)
    );
}

#[rstest]
#[case("true", true)]
#[case("\"true\"", true)]
#[case("false", false)]
#[case("\"false\"", false)]
#[case("null", false)]
#[case("1", false)]
fn addresses_that_nobody_verified_are_none(#[case] verified: &str, #[case] kept: bool) {
    let json = r#"{"email":"ada@example.org","email_verified":"#;
    let claims = read(&format!("{json}{verified}}}"));
    assert_eq!(claims.email.is_some(), kept);
}

#[rstest]
#[case(r#"{"sub":null}"#)]
#[case(r#"{"sub":true}"#)]
#[case(r#"{"sub":7.0}"#)]
#[case(r#"{"sub":7e2}"#)]
#[case(r#"{"sub":18446744073709551616}"#)]
#[case(r#"{"sub":["ada"]}"#)]
#[case(r#"{"sub":{"a":1}}"#)]
#[case(r#"{"scope":null}"#)]
#[case(r#"{"scope":7}"#)]
#[case(r#"{"scope":["system",7]}"#)]
#[case(r#"{"scope":[["system"]]}"#)]
#[case(r#"{"nbf":null}"#)]
#[case(r#"{"nbf":"0"}"#)]
#[case(r#"{"nbf":[]}"#)]
#[case(r#"{"sub":"ada","sub":"ada"}"#)]
#[case(r#"{"sub":"ada","\u0073ub":"eve"}"#)]
#[case(r#"{"exp":2000}"#)]
#[case(r#"{"nbf":1,"nbf":2}"#)]
#[case(r#"{"scope":"","scope":"system"}"#)]
#[case(r#"{"iss":"a","iss":"a"}"#)]
#[case(r#"{"aud":"a","aud":"a"}"#)]
#[case(r#"{"email":"a","email":"b"}"#)]
#[case(r#"{"email_verified":true,"email_verified":false}"#)]
#[case(r#"{"nbf":1e400}"#)]
fn malformed(#[case] json: &str) {
    assert_eq!(check(json, &Expected::default()), Err(Rejected::Malformed));
}

#[rstest]
#[case("")]
#[case("null")]
#[case("2000")]
#[case(r#"["ada"]"#)]
#[case(r#"[null,null,2000]"#)]
#[case(r#"{"exp":"2000"}"#)]
#[case(r#"{"exp":null}"#)]
#[case(r#"{"exp":[2000]}"#)]
#[case(r#"{"exp":true}"#)]
#[case(r#"{"exp":2000}{}"#)]
#[case("\u{feff}{\"exp\":2000}")]
fn malformed_as_a_whole(#[case] json: &str) {
    let checked = check_whole(json, &Expected::default());
    assert_eq!(checked, Err(Rejected::Malformed));
}

#[rstest]
#[case("{}", Some(Rejected::NoExpiry))]
#[case(r#"{"exp":2000}"#, None)]
#[case(r#"{"exp":1e300}"#, None)]
#[case(r#"{"exp":18446744073709551615}"#, None)]
#[case(r#"{"exp":971}"#, None)]
#[case(r#"{"exp":970.000001}"#, None)]
#[case(r#"{"exp":970}"#, Some(Rejected::Expired))]
#[case(r#"{"exp":0}"#, Some(Rejected::Expired))]
#[case(r#"{"exp":-1e300}"#, Some(Rejected::Expired))]
#[case(r#"{"exp":2000,"nbf":-1e300}"#, None)]
#[case(r#"{"exp":2000,"nbf":1030}"#, None)]
#[case(r#"{"exp":2000,"nbf":1030.000001}"#, Some(Rejected::NotYet))]
#[case(r#"{"exp":2000,"nbf":1e300}"#, Some(Rejected::NotYet))]
// What is not a time of ours decides nothing.
#[case(r#"{"exp":2000,"iat":5000}"#, None)]
fn times(#[case] json: &str, #[case] why: Option<Rejected>) {
    let checked = check_whole(json, &Expected::default());
    assert_eq!(checked.err(), why);
}

#[rstest]
#[case(r#"{"x":1}"#, Some(Rejected::Issuer))]
#[case(r#"{"iss":"id"}"#, None)]
#[case(r#"{"iss":"ID"}"#, Some(Rejected::Issuer))]
#[case(r#"{"iss":"id/"}"#, Some(Rejected::Issuer))]
#[case(r#"{"iss":""}"#, Some(Rejected::Issuer))]
#[case(r#"{"iss":["id"]}"#, Some(Rejected::Malformed))]
#[case(r#"{"iss":null}"#, Some(Rejected::Malformed))]
fn issuers(#[case] json: &str, #[case] why: Option<Rejected>) {
    let expected = Expected {
        issuer: Some("id".to_owned()),
        audience: None,
    };
    assert_eq!(check(json, &expected).err(), why);
    assert_eq!(check(json, &Expected::default()).err(), None);
}

#[rstest]
#[case(r#"{"x":1}"#, Some(Rejected::Audience))]
#[case(r#"{"aud":"chat"}"#, None)]
#[case(r#"{"aud":"Chat"}"#, Some(Rejected::Audience))]
#[case(r#"{"aud":"chat other"}"#, Some(Rejected::Audience))]
#[case(r#"{"aud":[]}"#, Some(Rejected::Audience))]
#[case(r#"{"aud":["other"]}"#, Some(Rejected::Audience))]
#[case(r#"{"aud":["other","chat"]}"#, None)]
#[case(r#"{"aud":["chat",7]}"#, Some(Rejected::Malformed))]
#[case(r#"{"aud":7}"#, Some(Rejected::Malformed))]
#[case(r#"{"aud":null}"#, Some(Rejected::Malformed))]
fn audiences(#[case] json: &str, #[case] why: Option<Rejected>) {
    let expected = Expected {
        issuer: None,
        audience: Some("chat".to_owned()),
    };
    assert_eq!(check(json, &expected).err(), why);
    assert_eq!(check(json, &Expected::default()).err(), None);
}
