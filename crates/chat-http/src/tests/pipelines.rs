//! Requests behind one whose body nobody reads: they are done, or the connection ends, never both.

use std::time::Duration;

use super::sockets::{JSON, start_with, talk};
use crate::HttpOptions;
use crate::testing::FakeStore;

const SEND: &str = r#"{"sender_id":1,"receiver_id":2,"type":"text","content":"hi"}"#;

/// A request with a body that its route doesn't want.
fn unwanted(body: &str) -> String {
    format!("DELETE /groups/7 HTTP/1.1\r\nHost: localhost\r\n{body}")
}

/// A request that would change something; the store is asked for it, and refuses.
fn send() -> Vec<u8> {
    let head = "POST /messages HTTP/1.1\r\nHost: localhost\r\n";
    let length = SEND.len();
    format!("{head}{JSON}Content-Length: {length}\r\n\r\n{SEND}").into()
}

/// What is answered until the connection ends, for which no request asks: one that does would have
/// the close announced in answers before its own.
async fn answers(parts: Vec<Vec<u8>>) -> Vec<String> {
    let options = HttpOptions {
        idle_timeout: Duration::from_millis(500),
        ..HttpOptions::default()
    };
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let answers = talk(address, parts).await;
    let answers = answers.split("HTTP/1.1 ").skip(1);
    answers.map(str::to_owned).collect()
}

const CLOSE: &str = "connection: close";

#[actix_web::test]
async fn a_body_that_has_come_is_thrown_away_and_the_next_request_is_done() {
    let long = "x".repeat(100_000);
    let chunk = format!("{:x}\r\n{long}\r\n", long.len());
    for body in [
        "Content-Length: 2\r\n\r\n{}".to_owned(),
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_owned(),
        format!("Content-Length: 100000\r\n\r\n{long}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"),
    ] {
        let both = [unwanted(&body).into_bytes(), send()].concat();
        let answers = answers(vec![both]).await;
        assert_eq!(answers.len(), 2, "{answers:?}");
        assert!(!answers[0].contains(CLOSE), "{answers:?}");
        assert!(answers[1].contains("\"overloaded\""), "{answers:?}");
    }
}

#[actix_web::test]
async fn behind_a_body_that_has_not_come_nothing_is_done() {
    for (body, rest) in [
        ("Content-Length: 12\r\n\r\n{}", "0123456789"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "0\r\n\r\n"),
        ("Content-Length: 99999999\r\n\r\n{}", ""),
    ] {
        let late = [rest.into(), send()].concat();
        let answers = answers(vec![unwanted(body).into_bytes(), late]).await;
        // The rest may have come in time after all.
        let done = answers.len() == 2 && !answers[0].contains(CLOSE);
        let closed = answers.len() == 1 && answers[0].contains(CLOSE);
        assert!(done || closed, "{answers:?}");
    }
}

#[actix_web::test]
async fn too_much_to_throw_away_ends_the_connection() {
    let endless = format!("Content-Length: 9000000\r\n\r\n{}", "x".repeat(300_000));
    let answers = answers(vec![unwanted(&endless).into_bytes()]).await;
    assert_eq!(answers.len(), 1);
    assert!(answers[0].contains(CLOSE), "{answers:?}");
}

#[actix_web::test]
async fn an_upgrade_that_declares_its_body_is_read_to_there() {
    let user = r#"{"username":"ada","email":"ada@example.org"}"#;
    let post = format!(
        "POST /users HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         {JSON}Content-Length: {}\r\n\r\n{user}",
        user.len()
    );
    let and_more = [post.clone().into_bytes(), send()].concat();
    for request in [post.into_bytes(), and_more] {
        let answers = answers(vec![request]).await;
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].contains("\"overloaded\""), "{answers:?}");
    }
}
