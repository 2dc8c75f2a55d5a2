//! Bytes that are no request, or nearly one.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Bytes, converse, holds, statuses, told};
use crate::support::{App, digest};

/// Lines that begin a request. None of these requests is a good one for a change, also after damage.
#[rustfmt::skip]
const LINES: &[&str] = &[
    "GET /users HTTP/1.1", "GET /health HTTP/1.1", "HEAD /users/1 HTTP/1.1", "POST /users HTTP/1.1",
    "POST /users HTTP/1.0", "OPTIONS * HTTP/1.1", "DELETE /groups/977 HTTP/1.1", "GET http://localhost/users HTTP/1.1",
    "CONNECT localhost:80 HTTP/1.1", "PRI * HTTP/2.0", "GET /users HTTP/9.9", "GET /users", "get /users HTTP/1.1",
    "GET  /users  HTTP/1.1", " GET /users HTTP/1.1", "GET /%00%ff?%zz HTTP/1.1", "", "\x16\x03\x01\x02",
];

#[rustfmt::skip]
const HEADERS: &[&str] = &[
    "Host: localhost", "Host: localhost", "Host: example.org", "Host", "Host:", ": localhost", " Host: localhost",
    "Content-Length: 0", "Content-Length: 5", "Content-Length: 40", "Content-Length: 99999999999999999999",
    "Content-Length: -1", "Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 0x5", "Content-Length:",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked", "Content-Type: application/json",
    "Content-Encoding: gzip", "Connection: close", "Connection: keep-alive", "Connection: upgrade", "Upgrade: websocket",
    "Upgrade: h2c", "Expect: 100-continue", "Expect: 200-ok", "X-User-Id: 1", "X-User-Id: \u{e9}", "X-Request-Id: a b",
    "Idempotency-Key: k", "Authorization: Bearer x", "Folded: a\r\n b", "A: \x01", "B: \u{7f}", "Cookie: a=b",
];

#[rustfmt::skip]
const BODIES: &[&str] = &[
    "", "", "{\"username\":\"\",\"email\":\"x\"}", "{", "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5\r\nhel", "5\r\nhello",
    "ffffffffffffffff\r\nhello", "fffffffffffffffff\r\n", "-1\r\n\r\n", "5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    "5\nhello\n0\n\n", "\r\n\r\n\r\n", "2\r\nhello\r\n0\r\n\r\n", "0\r\n", "z\r\n", "GET /users HTTP/1.1\r\n\r\n",
];

/// One request, or something like it.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let headers = prop::collection::vec(select(HEADERS), 0..6);
    let ends = select(&["\r\n", "\r\n", "\r\n", "\n", "\r", "\0"][..]);
    let flood = prop_oneof![
        20 => Just(None),
        1 => (1_usize..300, 1_usize..64).prop_map(Some),
        1 => (1_usize..4, 1_usize..200_000).prop_map(Some),
    ];
    (select(LINES), headers, ends, flood, select(BODIES)).prop_map(
        |(line, headers, end, flood, body)| {
            let mut text = format!("{line}{end}");
            for header in headers {
                text += header;
                text += end;
            }
            let (count, size) = flood.unwrap_or_default();
            for number in 0..count {
                text += &format!("X-{number}: {}{end}", "a".repeat(size));
            }
            (text + end + body).into_bytes()
        },
    )
}

/// What can happen to bytes on their way.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Insert(Index, Vec<u8>),
    Replace(Index, u8),
    Remove(Index),
}

impl Damage {
    fn make(self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            _ if length == 0 => {}
            Self::Cut(at) => bytes.truncate(at.index(length)),
            Self::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more);
            }
            Self::Replace(at, byte) => bytes[at.index(length)] = byte,
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    let noise = prop::collection::vec(any::<u8>(), 1..4);
    prop_oneof![
        index().prop_map(Damage::Cut),
        (index(), noise).prop_map(|(at, noise)| Damage::Insert(at, noise)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        index().prop_map(Damage::Remove),
    ]
}

/// Up to three such requests on one connection, damaged; or bytes of any kind.
fn streams() -> impl Strategy<Value = Bytes> {
    let requests = prop::collection::vec(request(), 1..4);
    let damaged =
        (requests, prop::collection::vec(damage(), 0..3)).prop_map(|(requests, damages)| {
            let mut bytes = requests.concat();
            for damage in damages {
                damage.make(&mut bytes);
            }
            bytes
        });
    let noise = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![9 => damaged, 1 => noise].prop_map(Bytes)
}

#[test]
fn no_bytes_stop_the_server_or_change_anything() {
    let app = App::populated();
    let (before, known) = (digest(&app.database()), told(&app));
    let cases = (streams(), prop::option::of(any::<Index>()));
    holds(250, cases, |(Bytes(bytes), cut)| {
        let cut = cut.map_or(0, |at| at.index(bytes.len() + 1));
        let (first, rest) = bytes.split_at(cut);
        let said = converse(app.address(), &[first, rest]);
        for status in statuses(&said) {
            assert!(status < 500, "{}", said.escape_ascii());
        }
        assert_eq!(told(&app), known);
    });
    assert_eq!(digest(&app.database()), before);
}
