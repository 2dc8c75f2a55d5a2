//! Whatever may come over the wire: the server answers or hangs up, goes on, and changes only what it
//! was asked to change.
//!
//! A failure prints the smallest case that was found, as Rust would write it, ready to become a test
//! of its own. So no seeds are kept in files: a seed means nothing any more once a generator changes.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::support::{App, Request};

mod bodies;
mod bytes;
mod requests;

/// Tries a property on so many cases, or on as many as `PROPTEST_CASES` says.
#[track_caller]
fn holds<S>(usual: u32, cases: S, property: impl Fn(S::Value))
where
    S: Strategy<Value: Debug>,
{
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = usual;
    }
    let tried = TestRunner::new(config).run(&cases, |case| {
        property(case);
        Ok(())
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\nfor {case:?}"),
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}

/// Bytes that are shown as Rust writes them.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Sends the parts one after the other and reads until the server hangs up, which it has to do in good
/// time, for nothing more will come. What it said is returned. It is asked twice: what hangs does so again, and
/// a machine that had something else to do does not.
fn converse(address: SocketAddr, parts: &[&[u8]]) -> Vec<u8> {
    let once = || try_to_converse(address, parts);
    once()
        .or_else(|_| once())
        .unwrap_or_else(|why| panic!("{why}"))
}

/// The same once.
fn try_to_converse(address: SocketAddr, parts: &[&[u8]]) -> Result<Vec<u8>, String> {
    let mut stream = TcpStream::connect(address).expect("it accepts");
    stream.set_nodelay(true).expect("a socket");
    stream
        .set_read_timeout(Some(Duration::from_secs(4)))
        .expect("a socket");
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        // It may have hung up already.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        // A connection that is cut off with bytes unread ends in a reset.
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
            Err(format!("{error} after {}", said.escape_ascii()))
        }
        _ => Ok(said),
    }
}

/// The statuses of the answers in what was said. No text in these tests has such a line of its own.
fn statuses(said: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(said);
    let lines = text.split("HTTP/1.1 ").skip(1);
    let status = |line: &str| line.split(' ').next()?.parse().ok();
    lines
        .map(|line| status(line).unwrap_or_else(|| panic!("no status: {line}")))
        .collect()
}

/// What fresh connections are told of users, group and message: that they are what they were.
fn told(app: &App) -> [Vec<u8>; 3] {
    ["/users", "/groups/1", "/messages/1"].map(|target| {
        let answer = Request::new("GET", target).send(app.address());
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.body
    })
}
