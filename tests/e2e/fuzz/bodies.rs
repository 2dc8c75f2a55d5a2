//! Bodies that hold requests: what is in a body is never done, however the request around it ends.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Bytes, converse, holds, statuses, told};
use crate::support::{App, digest};

/// Good requests for a change.
const HIDDEN: [&str; 3] = [
    "DELETE /groups/1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "DELETE /messages/1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /groups HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
     Content-Length: 15\r\n\r\n{\"name\":\"mine\"}",
];

/// Requests whose body is not read, not read to its end, or read and refused.
#[rustfmt::skip]
const LINES: &[&str] = &[
    "POST /users", "POST /groups", "POST /messages", "POST /groups/1/members", "POST /files", "GET /users",
    "GET /health", "HEAD /users", "OPTIONS /users", "PUT /users", "DELETE /groups/99", "POST /nothing", "FOO /",
];

#[rustfmt::skip]
const HEADERS: &[&str] = &[
    "Host: localhost", "Host: localhost", "Host: example.org", "Content-Type: application/json",
    "Content-Type: application/json", "Content-Type: text/plain", "Content-Encoding: gzip", "Connection: keep-alive",
    "Connection: close", "Connection: upgrade", "Upgrade: websocket", "Expect: 100-continue", "X-User-Id: x",
    "X-User-Id: 99", "Authorization: Bearer x", "Idempotency-Key: k k", "Origin: https://example.org",
];

/// A request with its body, which is framed as it should be.
#[derive(Clone, Debug)]
struct Case {
    head: String,
    body: String,
    /// The sizes of its chunks, over and over; none if its length is declared.
    chunks: Option<Vec<usize>>,
    /// Where the bytes are cut in two that come one after the other.
    cut: prop::sample::Index,
}

impl Case {
    fn bytes(&self) -> Bytes {
        let Self { head, body, .. } = self;
        let Some(sizes) = &self.chunks else {
            let length = body.len();
            let text = format!("{head}Content-Length: {length}\r\n\r\n{body}");
            return Bytes(text.into_bytes());
        };
        let mut text = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
        let (mut rest, mut sizes) = (body.as_str(), sizes.iter().cycle());
        while let (false, Some(&size)) = (rest.is_empty(), sizes.next()) {
            let (chunk, more) = rest.split_at(size.min(rest.len()));
            text += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
            rest = more;
        }
        Bytes((text + "0\r\n\r\n").into_bytes())
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let headers = prop::collection::vec(select(HEADERS), 0..5);
    let head = (select(LINES), headers).prop_map(|(line, headers)| {
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        format!("{line} HTTP/1.1\r\n{headers}")
    });
    // Also more than is read, and more than is thrown away to save a connection.
    let padding = prop_oneof![
        8 => Just(0),
        4 => 1_usize..100,
        1 => select(&[16_000, 65_536, 262_144, 262_145, 600_000][..]),
    ];
    let hidden = prop::collection::vec(select(&HIDDEN[..]), 1..3);
    let body = (select(&["", " ", "{}", "a"][..]), padding, hidden)
        .prop_map(|(pad, size, hidden)| pad.repeat(size) + &hidden.concat());
    let chunks = prop::option::of(prop::collection::vec(
        prop_oneof![3 => 1_usize..70, 1 => Just(1_usize << 20)],
        1..4,
    ));
    // A chunk of one byte for each of many would only be slow.
    let chunks =
        chunks.prop_map(|sizes| sizes.map(|sizes| sizes.into_iter().chain([4_096]).collect()));
    (head, body, chunks, any::<prop::sample::Index>()).prop_map(|(head, body, chunks, cut)| Case {
        head,
        body,
        chunks,
        cut,
    })
}

#[test]
fn what_is_in_a_body_is_never_done() {
    let app = App::populated();
    let (before, known) = (digest(&app.database()), told(&app));
    holds(200, cases(), |case| {
        let Bytes(bytes) = case.bytes();
        let (first, rest) = bytes.split_at(case.cut.index(bytes.len() + 1));
        let said = converse(app.address(), &[first, rest]);
        let mut statuses = statuses(&said);
        statuses.retain(|&status| status != 100);
        assert!(
            statuses.len() <= 1,
            "more than one answer: {}",
            said.escape_ascii()
        );
        assert!(
            statuses.iter().all(|&status| status < 500),
            "{}",
            said.escape_ascii()
        );
        assert_eq!(told(&app), known);
    });
    assert_eq!(digest(&app.database()), before);
}
