//! Keys from a file that changes.

use std::path::{Path, PathBuf};

use super::signers::{self, Signer};
use super::*;
use crate::{NoKeySet, NoKeys, OpenError};

pub(super) const MINUTE: Duration = Duration::from_secs(60);

fn open(path: &Path, clock: &Arc<TestClock>) -> Result<Verifier, OpenError> {
    let options = TokenOptions::new(KeySource::File(path.to_owned()));
    at_once(Verifier::open(options, Arc::<TestClock>::clone(clock)))
}

/// A file with these keys, whose names are their places.
fn write(path: &Path, signers: &[(&str, &Signer)]) {
    let keys: Vec<_> = signers
        .iter()
        .map(|(kid, one)| one.jwk(Some(kid)))
        .collect();
    std::fs::write(path, set(&keys)).unwrap();
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    (directory, path)
}

/// Verifies until this is the answer, which comes from behind.
pub(super) async fn becomes(verifier: &Verifier, token: &str, answer: Option<Rejected>) {
    for _ in 0..500 {
        if verifier.verify(token).await.err() == answer {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never becomes {answer:?}");
}

#[tokio::test]
async fn a_new_key_is_known_once_it_is_named() {
    let (_directory, path) = place();
    let (first, second, third) = (signers::ed25519(), signers::p256(), signers::ed25519());
    let [one, two, three] =
        [(&first, "1"), (&second, "2"), (&third, "3")].map(|(one, kid)| one.good(Some(kid)));
    write(&path, &[("1", &first)]);
    let clock = TestClock::at(BEGIN);
    let verifier = open(&path, &clock).unwrap();
    assert!(at_once(verifier.verify(&one)).is_ok());

    // It was read at the start: not again within a minute.
    write(&path, &[("1", &first), ("2", &second)]);
    clock.pass(MINUTE - Duration::from_secs(1));
    assert_eq!(at_once(verifier.verify(&two)), Err(Rejected::UnknownKey));
    clock.pass(Duration::from_secs(1));
    assert!(verifier.verify(&two).await.is_ok());
    assert!(at_once(verifier.verify(&one)).is_ok());

    // Nor within a minute after that. What was removed is gone then.
    write(&path, &[("3", &third)]);
    clock.pass(MINUTE - Duration::from_secs(1));
    assert_eq!(at_once(verifier.verify(&three)), Err(Rejected::UnknownKey));
    assert!(at_once(verifier.verify(&one)).is_ok());
    clock.pass(Duration::from_secs(1));
    assert!(verifier.verify(&three).await.is_ok());
    assert_eq!(at_once(verifier.verify(&one)), Err(Rejected::UnknownKey));
    assert_eq!(at_once(verifier.verify(&two)), Err(Rejected::UnknownKey));
}

#[tokio::test]
async fn a_removed_key_is_good_for_an_hour() {
    let (_directory, path) = place();
    let (first, second) = (signers::ed25519(), signers::ed25519());
    let claims = json!({"exp": BEGIN + 100_000});
    let token = first.token(&json!({"alg": "EdDSA", "kid": "1"}), &claims);
    write(&path, &[("1", &first), ("2", &second)]);
    let clock = TestClock::at(BEGIN);
    let verifier = open(&path, &clock).unwrap();
    write(&path, &[("2", &second)]);
    clock.pass(Duration::from_secs(3599));
    for _ in 0..3 {
        assert!(at_once(verifier.verify(&token)).is_ok());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Whoever comes first then does not wait.
    clock.pass(Duration::from_secs(1));
    assert!(at_once(verifier.verify(&token)).is_ok());
    becomes(&verifier, &token, Some(Rejected::UnknownKey)).await;
}

#[tokio::test]
async fn keys_serve_on_when_the_file_is_broken() {
    let (_directory, path) = place();
    let (first, second) = (signers::ed25519(), signers::ed25519());
    let (one, two) = (first.good(Some("1")), second.good(Some("2")));
    write(&path, &[("1", &first)]);
    let clock = TestClock::at(BEGIN);
    let verifier = open(&path, &clock).unwrap();
    std::fs::write(&path, "{}").unwrap();
    clock.pass(MINUTE);
    assert_eq!(verifier.verify(&two).await, Err(Rejected::KeysUnavailable));
    // Until it is tried again, nobody knows.
    assert_eq!(
        at_once(verifier.verify(&two)),
        Err(Rejected::KeysUnavailable)
    );
    assert!(at_once(verifier.verify(&one)).is_ok());
    write(&path, &[("1", &first), ("2", &second)]);
    clock.pass(MINUTE);
    assert!(verifier.verify(&two).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_nothing() {
    let (_directory, path) = place();
    let (first, second) = (signers::ed25519(), signers::ed25519());
    write(&path, &[("1", &first)]);
    let clock = TestClock::at(BEGIN);
    let verifier = open(&path, &clock).unwrap();
    write(&path, &[("2", &second)]);
    clock.0.store(1_000_000, Ordering::SeqCst);
    assert!(verifier.verify(&second.good(Some("2"))).await.is_ok());
}

#[test]
fn a_file_without_keys_opens_nothing() {
    let (directory, path) = place();
    let clock = TestClock::at(BEGIN);
    let why = |path: &Path| {
        let OpenError::File { cause, .. } = open(path, &clock).unwrap_err();
        cause
    };
    assert!(matches!(why(&path), NoKeys::Read(_)));
    assert!(matches!(why(directory.path()), NoKeys::Read(_)));
    std::fs::write(&path, "").unwrap();
    assert!(matches!(why(&path), NoKeys::Set(NoKeySet::Malformed)));
    std::fs::write(&path, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#).unwrap();
    assert!(matches!(why(&path), NoKeys::Set(NoKeySet::NoneUsable(1))));
    let text = open(&path, &clock).unwrap_err().to_string();
    let said = "keys.json gives no keys for tokens: none of its 1 keys can be used";
    assert!(text.ends_with(said), "{text}");
    let keys = set(&[signers::ed25519().jwk(None)]);
    let padded = |bytes: usize| format!("{}{keys}", " ".repeat(bytes - keys.len()));
    std::fs::write(&path, padded(256 * 1024)).unwrap();
    assert!(open(&path, &clock).is_ok());
    std::fs::write(&path, padded(256 * 1024 + 1)).unwrap();
    assert!(matches!(why(&path), NoKeys::TooLong));
}
