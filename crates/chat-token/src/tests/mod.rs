//! Tokens of all kinds, and what becomes of them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chat_domain::Timestamp;
use chat_domain::ports::Clock;
use serde_json::{Value, json};

use crate::{Claims, KeySource, Rejected, Secret, TokenOptions, Verifier};

mod file;
mod fuzz;
mod keys;
mod lines;
mod refused;
mod secret;
pub(crate) mod server;
pub(crate) mod signers;
mod url;
mod vectors;

/// The second in which tests begin.
const BEGIN: i64 = 1_700_000_000;

/// A clock that stands until it is moved.
struct TestClock(AtomicI64);

impl TestClock {
    fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(seconds * 1_000_000)))
    }

    fn pass(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// What comes of this without waiting.
#[track_caller]
fn at_once<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn secret() -> Secret {
    Secret::parse(*b"a secret that only tests may know").unwrap()
}

/// Claims that are good for an hour from the begin.
fn claims() -> Value {
    json!({"sub": "7", "exp": BEGIN + 3600})
}

/// What takes tokens that are signed with the secret.
fn with_secret() -> Verifier {
    let options = TokenOptions::new(KeySource::Secret(secret()));
    at_once(Verifier::open(options, TestClock::at(BEGIN))).unwrap()
}

/// What becomes of this token where the secret is.
fn verify(token: &str) -> Result<Claims, Rejected> {
    at_once(with_secret().verify(token))
}

/// A set of keys in JSON.
fn set(keys: &[Value]) -> String {
    json!({"keys": keys}).to_string()
}
