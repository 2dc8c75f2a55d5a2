//! Peers that wait to be asked for a body, and are asked only for one that is read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use actix_web::rt;
use chat_domain::ports::StoreError;

use super::lines;
use super::sockets::{JSON, head, start_with, talk};
use crate::HttpOptions;
use crate::testing::FakeStore;

const EXPECT: &str = "Expect: 100-continue\r\n";

const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";

fn options() -> HttpOptions {
    HttpOptions {
        body_timeout: Duration::from_secs(3),
        ..HttpOptions::default()
    }
}

fn start(store: FakeStore) -> SocketAddr {
    start_with(store, options()).0
}

/// Sends a head, waits until it is asked for the body, and sends that; what is answered then.
async fn asked(address: SocketAddr, head: Vec<u8>, body: &'static [u8]) -> String {
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).unwrap();
        stream.write_all(&head).unwrap();
        let mut go_on = [0; GO_ON.len()];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(str::from_utf8(&go_on).unwrap(), GO_ON);
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    rt::task::spawn_blocking(talk).await.unwrap()
}

fn post(more: &str) -> Vec<u8> {
    head("POST", "/users", &format!("{EXPECT}{JSON}{more}"))
}

#[actix_web::test]
async fn a_body_that_is_read_is_asked_for() {
    let address = start(FakeStore::ThreeUsers);
    let good = br#"{"username":"ada","email":"ada@example.org"}"#;
    let length = format!("Content-Length: {}\r\n", good.len());
    let answer = asked(address, post(&length), good).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\"overloaded\""), "{answer}");
    let bad = asked(address, post("Content-Length: 2\r\n"), b"{}").await;
    assert!(bad.starts_with("HTTP/1.1 400 "), "{bad}");
    let chunked = post("Transfer-Encoding: chunked\r\n");
    let chunked = asked(address, chunked, b"2\r\n{}\r\n0\r\n\r\n").await;
    assert!(chunked.starts_with("HTTP/1.1 400 "), "{chunked}");
}

#[actix_web::test]
async fn what_the_head_decides_is_answered_at_once() {
    lines::keep();
    let address = start(FakeStore::ThreeUsers);
    for (name, request, status) in [
        (
            "large",
            post("Content-Length: 99999999\r\nX-Request-Id: expect-large\r\n"),
            413,
        ),
        (
            "kind",
            head(
                "POST",
                "/users",
                &format!("{EXPECT}Content-Length: 9\r\nX-Request-Id: expect-kind\r\n"),
            ),
            415,
        ),
        (
            "method",
            head(
                "PUT",
                "/users",
                &format!("{EXPECT}Content-Length: 9\r\nX-Request-Id: expect-method\r\n"),
            ),
            405,
        ),
        (
            "ghost",
            post("X-User-Id: 99\r\nContent-Length: 99999999\r\nX-Request-Id: expect-ghost\r\n"),
            401,
        ),
        (
            "page",
            post("Origin: null\r\nContent-Length: 9\r\nX-Request-Id: expect-page\r\n"),
            403,
        ),
        (
            "nobody-reads",
            head(
                "GET",
                "/users/1",
                &format!("{EXPECT}Content-Length: 9\r\nX-Request-Id: expect-nobody-reads\r\n"),
            ),
            200,
        ),
    ] {
        let answer = talk(address, vec![request]).await;
        let line = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&line), "{name}: {answer}");
        let id = format!("expect-{name}");
        assert!(
            answer.contains(&format!("x-request-id: {id}\r\n")),
            "{answer}"
        );
        let told = lines::of_request(&id);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(&format!(" {status} ")), "{told:?}");
    }
}

#[actix_web::test]
async fn each_request_of_a_waiting_peer_is_counted_once() {
    let options = options();
    let (address, _) = start_with(FakeStore::ThreeUsers, options.clone());
    talk(address, vec![post("Content-Length: 99999999\r\n")]).await;
    asked(address, post("Content-Length: 2\r\n"), b"{}").await;
    let silent = talk(address, vec![post("Content-Length: 2\r\n")]).await;
    assert!(silent.starts_with(GO_ON), "{silent}");
    assert!(silent.contains("HTTP/1.1 408 "), "{silent}");
    let text = options.metrics.text().unwrap();
    for status in [400, 408, 413] {
        let line = format!(
            "chat_http_requests_total{{method=\"POST\",route=\"/users\",status=\"{status}\"}} 1\n"
        );
        assert!(text.contains(&line), "{text}");
    }
    assert!(text.contains("chat_http_requests_in_flight 0\n"), "{text}");
}

#[actix_web::test]
async fn a_body_that_comes_unasked_is_read_and_the_connection_goes_on() {
    let address = start(FakeStore::ThreeUsers);
    let first = format!(
        "POST /users HTTP/1.1\r\nHost: localhost\r\n{EXPECT}{JSON}Content-Length: 2\r\n\r\n{{}}"
    );
    let both = [first.as_bytes(), &head("GET", "/health", "")].concat();
    let answer = talk(address, vec![both]).await;
    assert!(answer.contains("HTTP/1.1 400 "), "{answer}");
    assert!(answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
}

#[actix_web::test]
async fn a_body_that_was_not_asked_for_ends_the_connection() {
    let address = start(FakeStore::ThreeUsers);
    let first =
        format!("POST /users HTTP/1.1\r\nHost: localhost\r\n{EXPECT}Content-Length: 2\r\n\r\n");
    let answer = talk(address, vec![first.into_bytes()]).await;
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[actix_web::test]
async fn a_failure_is_told_to_a_waiting_peer_too() {
    let address = start(FakeStore::Panics);
    let panic = head("GET", "/users/1", EXPECT);
    let answer = talk(address, vec![panic]).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    let address = start(FakeStore::Refuses(StoreError::Overloaded));
    let answer = talk(address, vec![head("DELETE", "/groups/7", EXPECT)]).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}
