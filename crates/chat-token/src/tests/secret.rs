//! Tokens that are signed with a secret, and those that are minted.

use std::time::Duration;

use super::*;
use crate::mint::sign;
use crate::{Grant, mint};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn what_is_minted_is_what_is_verified() {
    let token = mint(&secret(), &Grant::user("7", HOUR), &*TestClock::at(BEGIN));
    let claims = verify(&token).unwrap();
    assert_eq!(
        (claims.subject.as_deref(), claims.system),
        (Some("7"), false)
    );
    let end = Timestamp::from_micros((BEGIN + 3600) * 1_000_000);
    assert_eq!(claims.expires_at, end);

    let token = mint(&secret(), &Grant::system(HOUR), &*TestClock::at(BEGIN));
    let claims = verify(&token).unwrap();
    assert_eq!((claims.subject, claims.system), (None, true));

    let mut grant = Grant::system(HOUR);
    grant.subject = Some("the \"backend\"\n".to_owned());
    let token = mint(&secret(), &grant, &*TestClock::at(BEGIN));
    let claims = verify(&token).unwrap();
    assert_eq!((claims.subject, claims.system), (grant.subject, true));
}

#[test]
fn what_is_minted_for_ever_is_good_for_long() {
    let grant = Grant::user("7", Duration::MAX);
    let token = mint(&secret(), &grant, &*TestClock::at(BEGIN));
    let expires = verify(&token).unwrap().expires_at;
    assert!(expires > Timestamp::from_micros(i64::MAX - 1_000_001));
}

#[test]
fn issuer_and_audience_are_asked_for_if_they_are_set() {
    let mut options = TokenOptions::new(KeySource::Secret(secret()));
    options.issuer = Some("id".to_owned());
    options.audience = Some("chat".to_owned());
    let verifier = at_once(Verifier::open(options, TestClock::at(BEGIN))).unwrap();
    let mut grant = Grant::user("7", HOUR);
    for (issuer, audience, why) in [
        (None, None, Some(Rejected::Issuer)),
        (None, Some("chat"), Some(Rejected::Issuer)),
        (Some("id"), None, Some(Rejected::Audience)),
        (Some("other"), Some("chat"), Some(Rejected::Issuer)),
        (Some("id"), Some("other"), Some(Rejected::Audience)),
        (Some("id"), Some("chat"), None),
    ] {
        grant.issuer = issuer.map(str::to_owned);
        grant.audience = audience.map(str::to_owned);
        let token = mint(&secret(), &grant, &*TestClock::at(BEGIN));
        assert_eq!(at_once(verifier.verify(&token)).err(), why);
        assert!(verify(&token).is_ok(), "{issuer:?} {audience:?}");
    }
}

#[test]
fn a_token_has_its_time_and_30_seconds() {
    let clock = TestClock::at(BEGIN);
    let token = mint(&secret(), &Grant::user("7", HOUR), &*clock);
    let options = TokenOptions::new(KeySource::Secret(secret()));
    let verifier = at_once(Verifier::open(options, Arc::<TestClock>::clone(&clock))).unwrap();
    for (seconds, why) in [
        (0, None),
        (3600, None),
        (3629, None),
        (3630, Some(Rejected::Expired)),
        (3631, Some(Rejected::Expired)),
    ] {
        clock
            .0
            .store((BEGIN + seconds) * 1_000_000, Ordering::SeqCst);
        assert_eq!(at_once(verifier.verify(&token)).err(), why, "{seconds}");
    }
    let claims = json!({"exp": BEGIN + 3600, "nbf": BEGIN + 100}).to_string();
    let token = sign(&secret(), r#"{"alg":"HS256"}"#, &claims);
    for (seconds, why) in [
        (69, Some(Rejected::NotYet)),
        (70, None),
        (71, None),
        (100, None),
    ] {
        clock
            .0
            .store((BEGIN + seconds) * 1_000_000, Ordering::SeqCst);
        assert_eq!(at_once(verifier.verify(&token)).err(), why, "{seconds}");
    }
}

#[test]
fn another_secret_is_another() {
    let other = Secret::parse(*b"a secret that only tests may kno.").unwrap();
    let token = mint(&other, &Grant::user("7", HOUR), &*TestClock::at(BEGIN));
    assert_eq!(verify(&token), Err(Rejected::Signature));
}

#[test]
fn a_verifier_tells_nothing_and_goes_anywhere() {
    fn goes_anywhere<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn is_sent<T: Send>(_: &T) {}

    let verifier = with_secret();
    goes_anywhere(&verifier);
    is_sent(&verifier.verify(""));
    let options = TokenOptions::new(KeySource::Secret(secret()));
    for text in [format!("{verifier:?}"), format!("{options:?}")] {
        assert!(
            !text.contains("tests may know") && !text.contains("97, 32"),
            "{text}"
        );
    }
}
