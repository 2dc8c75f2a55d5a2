//! Keys from a URL: when it is asked, and what is served meanwhile.

use std::thread;

use tokio::runtime::Runtime;

use super::file::{MINUTE, becomes};
use super::server::{Answer, Server};
use super::signers::{self, Signer};
use super::*;
use crate::NoKeySet;

async fn open(server: &Server, clock: &Arc<TestClock>) -> Verifier {
    let options = TokenOptions::new(KeySource::Url(server.url()));
    let opened = Verifier::open(options, Arc::<TestClock>::clone(clock));
    opened.await.unwrap()
}

fn keys(signers: &[(&str, &Signer)]) -> String {
    let keys: Vec<_> = signers
        .iter()
        .map(|(kid, one)| one.jwk(Some(kid)))
        .collect();
    set(&keys)
}

fn body(signers: &[(&str, &Signer)]) -> Answer {
    Answer::Body(keys(signers))
}

/// A key named `1`, and a server that has it.
async fn served(clock: &Arc<TestClock>) -> (Signer, Server, Verifier) {
    let signer = signers::ed25519();
    let server = Server::that_answers(body(&[("1", &signer)]));
    let verifier = open(&server, clock).await;
    assert!(at_once(verifier.verify(&signer.good(Some("1")))).is_ok());
    assert_eq!(server.asked(), 1);
    (signer, server, verifier)
}

#[tokio::test]
async fn it_is_asked_for_an_unknown_key_once_a_minute() {
    let clock = TestClock::at(BEGIN);
    let (first, server, verifier) = served(&clock).await;
    let second = signers::p256();
    let (one, two) = (first.good(Some("1")), second.good(Some("2")));
    server.answer(body(&[("1", &first), ("2", &second)]));
    clock.pass(MINUTE - Duration::from_secs(1));
    assert_eq!(at_once(verifier.verify(&two)), Err(Rejected::UnknownKey));
    assert_eq!(server.asked(), 1);
    clock.pass(Duration::from_secs(1));
    assert!(verifier.verify(&two).await.is_ok());
    assert_eq!(server.asked(), 2);
    for _ in 0..3 {
        let unknown = first.good(Some("3"));
        assert_eq!(
            at_once(verifier.verify(&unknown)),
            Err(Rejected::UnknownKey)
        );
        assert!(at_once(verifier.verify(&one)).is_ok());
    }
    clock.pass(MINUTE);
    let unknown = first.good(Some("3"));
    assert_eq!(verifier.verify(&unknown).await, Err(Rejected::UnknownKey));
    assert_eq!(server.asked(), 3);
}

#[tokio::test]
async fn it_is_not_asked_for_what_can_be_nothing() {
    let clock = TestClock::at(BEGIN);
    let (first, second) = (signers::ed25519(), signers::ed25519());
    let server = Server::that_answers(body(&[("1", &first), ("2", &second)]));
    let verifier = open(&server, &clock).await;
    clock.pass(MINUTE);
    let with = |head: Value| first.token(&head, &claims());
    let unknown = first.good(Some("3"));
    let (message, _) = unknown.rsplit_once('.').unwrap();
    for (token, why) in [
        ("a.b.c".to_owned(), Rejected::Malformed),
        (message.to_owned(), Rejected::Malformed),
        (format!("{unknown}."), Rejected::Malformed),
        (
            with(json!({"alg": "none", "kid": "3"})),
            Rejected::Algorithm,
        ),
        (
            with(json!({"alg": "HS256", "kid": "3"})),
            Rejected::Algorithm,
        ),
        (
            with(json!({"alg": "ES256", "kid": "1"})),
            Rejected::Algorithm,
        ),
        (
            with(json!({"alg": "EdDSA", "kid": "3", "crit": ["a"]})),
            Rejected::Critical,
        ),
        // Which of them is meant, another answer would not tell.
        (with(json!({"alg": "EdDSA"})), Rejected::UnknownKey),
    ] {
        assert_eq!(at_once(verifier.verify(&token)), Err(why));
    }
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn old_keys_serve_while_new_ones_come() {
    let clock = TestClock::at(BEGIN);
    let (first, server, verifier) = served(&clock).await;
    let head = json!({"alg": "EdDSA", "kid": "1"});
    let token = first.token(&head, &json!({"exp": BEGIN + 100_000}));
    let slowly = Duration::from_millis(200);
    let second = signers::ed25519();
    server.answer(Answer::Slowly(slowly, keys(&[("2", &second)])));
    clock.pass(Duration::from_secs(3600));
    for _ in 0..10 {
        assert!(at_once(verifier.verify(&token)).is_ok());
    }
    becomes(&verifier, &token, Some(Rejected::UnknownKey)).await;
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn keys_serve_on_while_it_is_down() {
    let clock = TestClock::at(BEGIN);
    let (first, server, verifier) = served(&clock).await;
    let head = json!({"alg": "EdDSA", "kid": "1"});
    let token = first.token(&head, &json!({"exp": BEGIN + 1_000_000}));
    let second = signers::ed25519();
    let mut asked = server.asked();
    for answer in [
        Answer::Nothing,
        Answer::Status("503 Service Unavailable"),
        Answer::Body("<html>".to_owned()),
        Answer::Body(set(&[])),
        Answer::Endless,
    ] {
        server.answer(answer);
        clock.pass(Duration::from_secs(7200));
        assert!(at_once(verifier.verify(&token)).is_ok());
        let unknown = second.token(&json!({"alg": "EdDSA", "kid": "2"}), &claims());
        // That of the one before: this one asks no second time.
        let why = verifier.verify(&unknown).await;
        assert_eq!(why, Err(Rejected::KeysUnavailable));
        assert!(at_once(verifier.verify(&token)).is_ok());
        asked += 1;
        assert_eq!(server.asked(), asked);
    }
    server.answer(body(&[("2", &second)]));
    clock.pass(MINUTE);
    assert!(at_once(verifier.verify(&token)).is_ok());
    becomes(&verifier, &token, Some(Rejected::UnknownKey)).await;
}

#[tokio::test]
async fn it_may_be_down_at_the_start() {
    let clock = TestClock::at(BEGIN);
    let signer = signers::ed25519();
    let token = signer.good(Some("1"));
    let server = Server::that_answers(Answer::Nothing);
    let verifier = open(&server, &clock).await;
    assert_eq!(server.asked(), 1);
    // It is asked again after five seconds, with and without a name.
    for (seconds, asked) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
        clock.pass(Duration::from_secs(seconds));
        for token in [&token, &signer.good(None)] {
            let answer = verifier.verify(token).await;
            assert_eq!(answer, Err(Rejected::KeysUnavailable));
        }
        assert_eq!(server.asked(), asked);
    }
    server.answer(body(&[("1", &signer)]));
    clock.pass(Duration::from_secs(5));
    assert!(verifier.verify(&token).await.is_ok());
    assert!(at_once(verifier.verify(&signer.good(None))).is_ok());
}

/// A runtime of one thread, as servers have many.
fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn many_that_wait_wait_for_one_answer() {
    let signer = signers::ed25519();
    let slowly = Duration::from_millis(300);
    let server = Server::that_answers(Answer::Nothing);
    let clock = TestClock::at(BEGIN);
    // Opened in a runtime that is gone, and used in many.
    let verifier = runtime().block_on(open(&server, &clock));
    server.answer(Answer::Slowly(slowly, keys(&[("1", &signer)])));
    clock.pass(Duration::from_secs(5));
    let token = signer.good(Some("1"));
    let barrier = std::sync::Barrier::new(50);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                barrier.wait();
                assert!(runtime().block_on(verifier.verify(&token)).is_ok());
            });
        }
    });
    assert_eq!(server.asked(), 2);
    // And fifty in one.
    let second = signers::ed25519();
    let token = second.good(Some("2"));
    server.answer(Answer::Slowly(slowly, keys(&[("2", &second)])));
    clock.pass(MINUTE);
    runtime().block_on(async {
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (verifier, token) = (verifier.clone(), token.clone());
            all.spawn(async move { verifier.verify(&token).await });
        }
        for answer in all.join_all().await {
            assert!(answer.is_ok());
        }
    });
    assert_eq!(server.asked(), 3);
}

#[test]
fn one_that_gives_up_takes_no_answer_along() {
    let signer = signers::ed25519();
    let server = Server::that_answers(Answer::Nothing);
    let clock = TestClock::at(BEGIN);
    let verifier = runtime().block_on(open(&server, &clock));
    let slowly = Duration::from_millis(300);
    server.answer(Answer::Slowly(slowly, keys(&[("1", &signer)])));
    clock.pass(Duration::from_secs(5));
    let token = signer.good(Some("1"));
    runtime().block_on(async {
        let given_up = tokio::time::timeout(Duration::ZERO, verifier.verify(&token));
        assert!(given_up.await.is_err());
    });
    assert!(runtime().block_on(verifier.verify(&token)).is_ok());
    assert_eq!(server.asked(), 2);
}

/// Of this runtime the time is what it waits for, and passes at once.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let signer = signers::ed25519();
    let server = Server::that_answers(Answer::Late);
    let clock = TestClock::at(BEGIN);
    let began = tokio::time::Instant::now();
    let verifier = open(&server, &clock).await;
    let answer = verifier.verify(&signer.good(Some("1"))).await;
    assert_eq!(answer, Err(Rejected::KeysUnavailable));
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn the_log_says_what_became_of_keys() {
    lines::keep();
    let clock = TestClock::at(BEGIN);
    let (first, second) = (signers::ed25519(), signers::ed25519());
    let (one, two) = (first.good(Some("1")), second.good(Some("2")));
    let server = Server::that_answers(Answer::Status("403 Forbidden"));
    let verifier = open(&server, &clock).await;
    for answer in [
        body(&[("1", &first)]),
        body(&[("1", &first)]),
        body(&[("1", &first), ("2", &second)]),
        Answer::Nothing,
    ] {
        server.answer(answer);
        clock.pass(MINUTE);
        let _ = verifier.verify(&two).await;
        let _ = verifier.verify(&first.good(Some("3"))).await;
        assert!(verifier.verify(&one).await.is_ok());
    }
    let url = format!("http://127.0.0.1:{}/keys", server.port());
    let lines = lines::with(&url);
    let expected = [
        format!("WARN the keys of tokens can't be read from {url}: it answers with 403 Forbidden"),
        format!("INFO the keys of tokens from {url} are [\"1\"] now"),
        format!("INFO the keys of tokens from {url} are [\"1\", \"2\"] now"),
        format!("WARN the keys of tokens can't be read from {url}: error sending request"),
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(&expected), "{line}");
    }
    for told in ["hidden", &one, &two] {
        assert_eq!(lines::with(told), Vec::<String>::new());
    }
}

#[test]
fn what_has_no_keys_is_named() {
    let server = Server::that_answers(Answer::Body(set(&[])));
    let read = crate::source::Source::Url(server.url()).read();
    let why = read.unwrap_err();
    assert!(matches!(why, crate::NoKeys::Set(NoKeySet::NoneUsable(0))));
}
