//! How long the server waits for its peers: every wait has its end.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use actix_web::rt;

use super::sockets::{JSON, start_with};
use crate::HttpOptions;
use crate::testing::FakeStore;

const SHORT: Duration = Duration::from_millis(200);

/// Much longer than what is waited for, on a machine as slow as can be.
const LONG: Duration = Duration::from_secs(20);

const GET: &[u8] = b"GET /users/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Connects to a server with these limits and does `talk`.
async fn with(options: HttpOptions, talk: impl FnOnce(TcpStream) + Send + 'static) {
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let connect = move || talk(connect(address));
    rt::task::spawn_blocking(connect).await.unwrap();
}

/// The same over a connection whose first head has come in time. However slow the machine is, what
/// `talk` sends is not it.
async fn with_a_later_head(options: HttpOptions, talk: impl FnOnce(TcpStream) + Send + 'static) {
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let connect = move || talk(connect_and_get(address));
    rt::task::spawn_blocking(connect).await.unwrap();
}

fn connect_and_get(address: SocketAddr) -> TcpStream {
    let begun = Instant::now();
    loop {
        let mut stream = connect(address);
        let answer = stream.write_all(GET).and_then(|()| try_answer(&mut stream));
        if answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")) {
            return stream;
        }
        assert!(begun.elapsed() < LONG, "no first head comes in time");
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    stream
}

fn options() -> HttpOptions {
    HttpOptions {
        head_timeout: LONG * 3,
        body_timeout: LONG * 3,
        idle_timeout: LONG * 3,
        ..HttpOptions::default()
    }
}

/// Sends a good request and reads its answer.
fn get(stream: &mut TcpStream) {
    stream.write_all(GET).unwrap();
    let answer = answer(stream);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// The head of the next answer; its body is read too.
fn answer(stream: &mut TcpStream) -> String {
    try_answer(stream).unwrap()
}

fn try_answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.split("content-length: ").nth(1).unwrap_or("0");
    let length = length.lines().next().unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; length])?;
    Ok(head)
}

/// What comes until the server ends the connection, which it does in time.
#[track_caller]
fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    String::from_utf8(rest).unwrap()
}

#[actix_web::test]
async fn a_first_head_that_does_not_come_is_answered() {
    let options = HttpOptions {
        head_timeout: SHORT,
        ..options()
    };
    with(options, |mut stream| {
        stream.write_all(&GET[..20]).unwrap();
        assert!(rest(&mut stream).starts_with("HTTP/1.1 408 "));
    })
    .await;
}

#[actix_web::test]
async fn a_later_head_that_stops_ends_the_connection() {
    let options = HttpOptions {
        head_timeout: SHORT,
        ..options()
    };
    with_a_later_head(options, |mut stream| {
        get(&mut stream);
        stream.write_all(b"G").unwrap();
        assert_eq!(rest(&mut stream), "");
    })
    .await;
}

#[actix_web::test]
async fn a_later_head_that_trickles_ends_the_connection() {
    let options = HttpOptions {
        head_timeout: SHORT,
        ..options()
    };
    with_a_later_head(options, |mut stream| {
        let head = [&GET[..GET.len() - 2], b"X: "].concat();
        stream.write_all(&head).unwrap();
        let begun = Instant::now();
        while stream.write_all(b"x").is_ok() {
            assert!(begun.elapsed() < LONG, "it may go on for ever");
            sleep(SHORT / 10);
        }
    })
    .await;
}

#[actix_web::test]
async fn half_a_head_behind_a_request_ends_the_connection_too() {
    let options = HttpOptions {
        idle_timeout: SHORT,
        ..options()
    };
    with(options, |mut stream| {
        stream.write_all(&[GET, &GET[..20]].concat()).unwrap();
        answer(&mut stream);
        assert_eq!(rest(&mut stream), "");
    })
    .await;
}

#[actix_web::test]
async fn an_idle_connection_ends() {
    let options = HttpOptions {
        idle_timeout: SHORT,
        ..options()
    };
    with(options, |mut stream| {
        get(&mut stream);
        assert_eq!(rest(&mut stream), "");
    })
    .await;
}

#[actix_web::test]
async fn the_limit_of_heads_is_not_that_of_bodies_or_pauses() {
    let options = HttpOptions {
        head_timeout: SHORT,
        ..options()
    };
    with_a_later_head(options, |mut stream| {
        sleep(SHORT * 2);
        // Here the head comes at once and the body slowly.
        let post =
            format!("POST /users HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: 4\r\n");
        let post = format!("{post}Expect: 100-continue\r\n\r\n{{");
        stream.write_all(post.as_bytes()).unwrap();
        sleep(SHORT * 2);
        stream.write_all(b" ").unwrap();
        sleep(SHORT * 2);
        stream.write_all(b" }").unwrap();
        assert!(answer(&mut stream).starts_with("HTTP/1.1 100 "));
        assert!(answer(&mut stream).starts_with("HTTP/1.1 400 "));
        get(&mut stream);
    })
    .await;
}

#[actix_web::test]
async fn a_peer_that_reads_nothing_is_given_up_on() {
    let options = HttpOptions {
        idle_timeout: SHORT,
        ..options()
    };
    with(options, |mut stream| {
        // The answer names the unknown parameter twice, so it is longer than the request.
        let request = format!(
            "GET /users/1?{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "x".repeat(25_000)
        );
        let begun = Instant::now();
        let error = loop {
            if let Err(error) = stream.write_all(request.as_bytes()) {
                break error;
            }
            assert!(begun.elapsed() < LONG, "the server takes requests for ever");
        };
        assert!(
            matches!(
                error.kind(),
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
            ),
            "{error}"
        );
    })
    .await;
}
