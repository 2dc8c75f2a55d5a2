//! A real server on a socket: what only the bytes on the wire show.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt;

use crate::testing::FakeStore;
use crate::{HttpOptions, server};

/// A server for one test.
fn start(store: FakeStore) -> SocketAddr {
    let options = HttpOptions {
        body_timeout: Duration::from_secs(3),
        ..HttpOptions::default()
    };
    start_with(store, options).0
}

/// The same with other limits, and what stops it.
pub(super) fn start_with(store: FakeStore, mut options: HttpOptions) -> (SocketAddr, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    options.workers = Some(1);
    let server = server(listener, store.service(), options).unwrap();
    let handle = server.handle();
    rt::spawn(server);
    (address, handle)
}

/// Sends `parts` one after the other and reads until the server closes.
pub(crate) async fn talk(address: SocketAddr, parts: Vec<Vec<u8>>) -> String {
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        for part in parts {
            // The server may have answered and closed already.
            if stream.write_all(&part).is_err() {
                break;
            }
        }
        let mut answer = Vec::new();
        let closed = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let open = closed.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(!open, "the server keeps the connection after {answer}");
        answer
    };
    rt::task::spawn_blocking(talk).await.unwrap()
}

pub(crate) fn head(method: &str, path: &str, more: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n").into()
}

pub(super) const JSON: &str = "Content-Type: application/json\r\n";

#[actix_web::test]
async fn head_is_get_without_a_body() {
    let address = start(FakeStore::ThreeUsers);
    for path in ["/users/1", "/nothing"] {
        // The id is part of a problem, so both answers get the same.
        let get = talk(address, vec![head("GET", path, "X-Request-Id: r\r\n")]).await;
        let head = talk(address, vec![head("HEAD", path, "X-Request-Id: r\r\n")]).await;
        let (get_head, body) = get.split_once("\r\n\r\n").unwrap();
        let (head_head, nothing) = head.split_once("\r\n\r\n").unwrap();
        assert!(!body.is_empty() && nothing.is_empty());
        let length = format!("content-length: {}", body.len());
        assert!(
            get_head.contains(&length) && head_head.contains(&length),
            "{head_head}"
        );
    }
}

#[actix_web::test]
async fn too_great_a_body_is_refused_before_it_comes() {
    let address = start(FakeStore::ThreeUsers);
    let request = head(
        "POST",
        "/users",
        &format!("{JSON}Content-Length: 99999999999\r\n"),
    );
    let answer = talk(address, vec![request]).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\"payload_too_large\""), "{answer}");
}

#[actix_web::test]
async fn too_great_a_stream_is_cut_off() {
    let address = start(FakeStore::ThreeUsers);
    let mut parts = vec![head(
        "POST",
        "/users",
        &format!("{JSON}Transfer-Encoding: chunked\r\n"),
    )];
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    parts.extend(vec![chunk; 5]);
    let answer = talk(address, parts).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let address = start(FakeStore::ThreeUsers);
    let request = head("POST", "/users", &format!("{JSON}Content-Length: 10\r\n"));
    let answer = talk(address, vec![request]).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"request_timeout\""), "{answer}");
}

#[actix_web::test]
async fn a_panic_leaves_the_connection_to_others() {
    let address = start(FakeStore::Panics);
    let first = b"GET /users/1 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    let answer = talk(address, vec![first, head("GET", "/health", "")]).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.contains("HTTP/1.1 200 ") && answer.ends_with("{\"status\":\"ok\"}"),
        "{answer}"
    );
}

#[actix_web::test]
async fn a_target_of_absolute_form_is_checked_too() {
    let address = start(FakeStore::ThreeUsers);
    let foreign = talk(address, vec![head("GET", "http://example.org/users", "")]).await;
    assert!(foreign.starts_with("HTTP/1.1 403 "), "{foreign}");
    let own = talk(address, vec![head("GET", "http://localhost/users", "")]).await;
    assert!(own.starts_with("HTTP/1.1 200 "), "{own}");
}

#[actix_web::test]
async fn nobody_waits_for_a_body_that_is_not_read() {
    let address = start(FakeStore::ThreeUsers);
    for path in ["/users/1", "/nothing"] {
        let endless = head("GET", path, "Transfer-Encoding: chunked\r\n");
        let answer = talk(address, vec![endless, b"1\r\nx\r\n".to_vec()]).await;
        assert!(answer.ends_with('}'), "{answer}");
    }
}

#[actix_web::test]
async fn odd_targets_and_methods_get_their_problem() {
    let address = start(FakeStore::ThreeUsers);
    for (method, target, status) in [
        ("OPTIONS", "*", 404),
        ("GET", "/%ff", 404),
        ("GET", "/%zz", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/users/%ff", 400),
        ("GET", "/users/%zz", 400),
        ("GET", "/users/%00", 400),
        ("GET", "/users/1%2F2", 400),
        ("GET", "/users/..%2f..%2fetc", 400),
        ("GET", "/users?=", 400),
        ("CONNECT", "/users", 405),
        ("TRACE", "/users", 405),
        ("PROPFIND", "/users", 405),
    ] {
        let answer = talk(address, vec![head(method, target, "")]).await;
        let line = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&line), "{method} {target}: {answer}");
        let problem = "content-type: application/problem+json";
        assert!(answer.contains(problem), "{method} {target}: {answer}");
    }
}

#[actix_web::test]
async fn a_connection_goes_on_after_a_body_that_was_read() {
    let address = start(FakeStore::ThreeUsers);
    let post = "POST /users HTTP/1.1\r\nHost: localhost\r\n";
    for body in [
        "Content-Length: 2\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ] {
        let first = format!("{post}{JSON}{body}").into_bytes();
        let answer = talk(address, vec![first, head("GET", "/health", "")]).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
    }
}
