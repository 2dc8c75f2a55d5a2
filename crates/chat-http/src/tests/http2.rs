//! HTTP/2: many requests on one connection, and peers that take advantage of it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use h2::client::SendRequest;
use tokio_rustls::TlsConnector;

use super::sockets::start_with;
use super::tls::{Certificate, LONG, SHORT, client, localhost, options, start};
use crate::testing::FakeStore;
use crate::{HttpOptions, Metrics};

/// A connection of HTTP/2, whose peer lets us send only so much of an answer at first.
async fn connect_h2(
    address: SocketAddr,
    certificate: &Certificate,
    window: u32,
) -> (SendRequest<Bytes>, rt::task::JoinHandle<()>) {
    let tls = TlsConnector::from(client(&certificate.der, b"h2"));
    let socket = TcpStream::connect(address).await.unwrap();
    let io = tls.connect(localhost(), socket).await.unwrap();
    let (requests, connection) = h2::client::Builder::new()
        .initial_window_size(window)
        .handshake(io)
        .await
        .unwrap();
    let ended = rt::spawn(async move { drop(connection.await) });
    (requests.ready().await.unwrap(), ended)
}

fn request(method: &str, path: &str) -> http::Request<()> {
    http::Request::builder()
        .method(method)
        .uri(format!("https://localhost{path}"))
        .body(())
        .unwrap()
}

/// The status and the whole body of what is answered to a request with this body.
async fn ask(
    requests: &mut SendRequest<Bytes>,
    request: http::Request<()>,
    body: &'static str,
) -> (http::Response<()>, Vec<u8>) {
    let (answer, mut sending) = requests.send_request(request, body.is_empty()).unwrap();
    if !body.is_empty() {
        sending
            .send_data(Bytes::from_static(body.as_bytes()), true)
            .unwrap();
    }
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut read = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        read.extend_from_slice(&piece);
    }
    (http::Response::from_parts(head, ()), read)
}

#[actix_web::test]
async fn http_2_is_the_same_api() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    let (mut requests, _) = connect_h2(address, &certificate, 65_535).await;
    let (head, body) = ask(&mut requests, request("GET", "/users/1"), "").await;
    assert_eq!(
        (head.status().as_u16(), head.version()),
        (200, http::Version::HTTP_2)
    );
    let user: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(user["username"], "user1");
    let header = |name: &str| head.headers()[name].to_str().unwrap();
    assert_eq!(header("content-length"), body.len().to_string());
    assert!(header("date").ends_with(" GMT"), "{}", header("date"));
    assert!(!header("x-request-id").is_empty() && !header("strict-transport-security").is_empty());

    let (head, body) = ask(&mut requests, request("HEAD", "/users/1"), "").await;
    assert_eq!((head.status().as_u16(), body.len()), (200, 0));
    // More than any window has.
    let (head, body) = ask(&mut requests, request("GET", "/openapi.json"), "").await;
    assert_eq!(head.status(), 200);
    assert_eq!(body.len(), crate::openapi("/").unwrap().len());
    let mut post = request("POST", "/users");
    let json = http::HeaderValue::from_static("application/json");
    post.headers_mut().insert("content-type", json);
    let (head, body) = ask(&mut requests, post.clone(), "{").await;
    assert_eq!(head.status(), 400);
    assert!(String::from_utf8(body).unwrap().contains("malformed_json"));
    // One that is refused by its head, whose body is not read.
    let text = http::HeaderValue::from_static("text/plain");
    post.headers_mut().insert("content-type", text);
    assert_eq!(ask(&mut requests, post, "{}").await.0.status(), 415);
    assert_eq!(
        ask(&mut requests, request("GET", "/nothing"), "")
            .await
            .0
            .status(),
        404
    );
}

#[actix_web::test]
async fn many_requests_go_over_one_connection_at_once() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    let (requests, _) = connect_h2(address, &certificate, 65_535).await;
    let all: Vec<_> = (0..100)
        .map(|_| {
            let mut requests = requests.clone();
            rt::spawn(async move { ask(&mut requests, request("GET", "/users"), "").await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap().0.status(), 200);
    }
}

/// How a connection ends that is left alone.
async fn is_left(options: HttpOptions, certificate: &Certificate, asks: bool) -> bool {
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let (mut requests, ended) = connect_h2(address, certificate, 65_535).await;
    if asks {
        ask(&mut requests, request("GET", "/users/1"), "").await;
    }
    timeout(LONG, ended).await.is_ok()
}

#[actix_web::test]
async fn a_connection_without_a_request_is_cut_off() {
    let certificate = Certificate::new();
    let options = HttpOptions {
        head_timeout: SHORT,
        ..options(&certificate)
    };
    assert!(is_left(options, &certificate, false).await);
}

#[actix_web::test]
async fn a_connection_without_another_request_is_cut_off() {
    let certificate = Certificate::new();
    let options = HttpOptions {
        idle_timeout: SHORT,
        ..options(&certificate)
    };
    assert!(is_left(options, &certificate, true).await);
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let certificate = Certificate::new();
    let options = HttpOptions {
        body_timeout: SHORT,
        ..options(&certificate)
    };
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let (mut requests, _) = connect_h2(address, &certificate, 65_535).await;
    let mut post = request("POST", "/users");
    let json = http::HeaderValue::from_static("application/json");
    post.headers_mut().insert("content-type", json);
    let (answer, mut sending) = requests.send_request(post, false).unwrap();
    sending.send_data(Bytes::from_static(b"{"), false).unwrap();
    let answer = timeout(LONG, answer).await.unwrap().unwrap();
    assert_eq!(answer.status(), 408);
}

#[actix_web::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let certificate = Certificate::new();
    let options = HttpOptions {
        idle_timeout: SHORT,
        ..options(&certificate)
    };
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let (mut requests, ended) = connect_h2(address, &certificate, 1_024).await;
    let asked = requests.send_request(request("GET", "/openapi.json"), true);
    let mut body = asked.unwrap().0.await.unwrap().into_body();
    // The window is never opened again, though the connection is alive.
    let given_up = async {
        loop {
            match body.data().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return error,
                None => panic!("all of it came"),
            }
        }
    };
    let error = timeout(LONG, given_up).await.unwrap();
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL), "{error}");
    drop(body);
    assert!(timeout(LONG, ended).await.is_ok());
}

#[actix_web::test]
async fn a_head_without_end_is_not_held() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    let (mut requests, _) = connect_h2(address, &certificate, 65_535).await;
    let mut huge = request("GET", "/users/1");
    for number in 0..64 {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        let value = http::HeaderValue::try_from("v".repeat(4_000)).unwrap();
        huge.headers_mut().insert(name, value);
    }
    let answer = match requests.send_request(huge, true) {
        Ok((answer, _)) => timeout(LONG, answer).await.unwrap(),
        Err(error) => Err(error),
    };
    // h2 answers such a head itself, or ends the stream.
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status() == 431));
}

/// The metrics have this line, sooner or later.
async fn told(metrics: &Metrics, line: &str) {
    let begun = Instant::now();
    while !metrics.text().unwrap().lines().any(|told| told == line) {
        assert!(begun.elapsed() < LONG, "it is never {line}");
        rt::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A server that never answers who would change something.
fn hanging(certificate: &Certificate) -> (SocketAddr, Metrics) {
    let metrics = Metrics::default();
    let options = HttpOptions {
        metrics: metrics.clone(),
        ..options(certificate)
    };
    let store = FakeStore::Hangs(Arc::default());
    (start_with(store, options).0, metrics)
}

/// A request that hangs.
async fn hang(requests: &mut SendRequest<Bytes>) -> h2::SendStream<Bytes> {
    poll_fn(|cx| requests.poll_ready(cx)).await.unwrap();
    let mut post = request("POST", "/users");
    let json = http::HeaderValue::from_static("application/json");
    post.headers_mut().insert("content-type", json);
    let (answer, mut body) = requests.send_request(post, false).unwrap();
    rt::spawn(answer);
    let user = br#"{"username":"ada","email":"ada@example.org"}"#;
    body.send_data(Bytes::from_static(user), true).unwrap();
    body
}

#[actix_web::test]
async fn so_many_requests_and_no_more_are_under_way() {
    let certificate = Certificate::new();
    let (address, metrics) = hanging(&certificate);
    let (mut requests, _) = connect_h2(address, &certificate, 65_535).await;
    let mut held = Vec::new();
    for _ in 0..128 {
        held.push(hang(&mut requests).await);
    }
    told(&metrics, "chat_http_requests_in_flight 128").await;
    assert_eq!(requests.current_max_send_streams(), 128);
    // What the peer gives up ends, and makes room.
    held.pop().unwrap().send_reset(h2::Reason::CANCEL);
    told(&metrics, "chat_http_requests_in_flight 127").await;
    let (head, _) = ask(&mut requests, request("GET", "/health"), "").await;
    assert_eq!(head.status(), 200);
}

#[actix_web::test]
async fn who_only_begins_and_resets_is_sent_away() {
    let certificate = Certificate::new();
    let (address, metrics) = hanging(&certificate);
    let (mut requests, ended) = connect_h2(address, &certificate, 65_535).await;
    for begun in 0.. {
        assert!(begun < 1_000, "it may reset for ever");
        if ended.is_finished() || poll_fn(|cx| requests.poll_ready(cx)).await.is_err() {
            break;
        }
        let mut body = hang(&mut requests).await;
        while !ended.is_finished() && in_flight(&metrics) == 0 {
            rt::time::sleep(Duration::from_millis(1)).await;
        }
        body.send_reset(h2::Reason::CANCEL);
        while !ended.is_finished() && in_flight(&metrics) > 0 {
            rt::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(timeout(LONG, ended).await.is_ok());
    told(&metrics, "chat_http_requests_in_flight 0").await;
    told(&metrics, "chat_http_connections 0").await;
}

fn in_flight(metrics: &Metrics) -> u32 {
    let text = metrics.text().unwrap();
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("chat_http_requests_in_flight "));
    value.unwrap().parse().unwrap()
}

#[actix_web::test]
async fn pings_keep_no_connection() {
    let certificate = Certificate::new();
    let options = HttpOptions {
        idle_timeout: SHORT,
        ..options(&certificate)
    };
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let tls = TlsConnector::from(client(&certificate.der, b"h2"));
    let socket = TcpStream::connect(address).await.unwrap();
    let io = tls.connect(localhost(), socket).await.unwrap();
    let (requests, mut connection) = h2::client::handshake(io).await.unwrap();
    let mut pings = connection.ping_pong().unwrap();
    rt::spawn(async move { drop(connection.await) });
    let mut requests = requests.ready().await.unwrap();
    ask(&mut requests, request("GET", "/users/1"), "").await;
    let begun = Instant::now();
    while timeout(LONG, pings.ping(h2::Ping::opaque()))
        .await
        .unwrap()
        .is_ok()
    {
        assert!(begun.elapsed() < LONG, "it may ping for ever");
        rt::time::sleep(SHORT / 20).await;
    }
}

#[actix_web::test]
async fn a_stop_waits_for_no_idle_connection() {
    let certificate = Certificate::new();
    let (address, handle) = start(&certificate);
    let (mut requests, ended) = connect_h2(address, &certificate, 65_535).await;
    ask(&mut requests, request("GET", "/users/1"), "").await;
    let begun = Instant::now();
    handle.stop(true).await;
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    assert!(timeout(LONG, ended).await.is_ok());
}

#[actix_web::test]
async fn a_stop_loses_no_answer_however_late_it_comes() {
    // Several, since it would be lost now and then only.
    let mut late = Vec::new();
    for _ in 0..32 {
        let certificate = Certificate::new();
        let metrics = Metrics::default();
        let options = HttpOptions {
            metrics: metrics.clone(),
            ..options(&certificate)
        };
        let (address, handle) = start_with(FakeStore::ThreeUsers, options);
        let (mut requests, _ended) = connect_h2(address, &certificate, 65_535).await;
        let mut post = request("POST", "/users");
        let json = http::HeaderValue::from_static("application/json");
        post.headers_mut().insert("content-type", json);
        let (answer, body) = requests.send_request(post, false).unwrap();
        told(&metrics, "chat_http_requests_in_flight 1").await;
        late.push((requests, answer, body, rt::spawn(handle.stop(true))));
    }
    // Longer than a connection has that is told to end, and nothing to what requests have.
    rt::time::sleep(Duration::from_millis(1_500)).await;
    for (_requests, answer, mut body, stop) in late {
        body.send_data(Bytes::from_static(b"{}"), true).unwrap();
        let answer = timeout(LONG, answer).await.unwrap().unwrap();
        assert_eq!(answer.status(), 400);
        timeout(LONG, stop).await.unwrap().unwrap();
    }
}

#[actix_web::test]
async fn what_is_asked_of_the_whole_server_is_of_no_other_host() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    let (mut requests, _) = connect_h2(address, &certificate, 65_535).await;
    let mut parts = request("OPTIONS", "/").uri().clone().into_parts();
    parts.path_and_query = Some(http::uri::PathAndQuery::from_static("*"));
    let mut options = request("OPTIONS", "/");
    *options.uri_mut() = http::Uri::from_parts(parts).unwrap();
    // As over HTTP/1.1.
    assert_eq!(ask(&mut requests, options, "").await.0.status(), 404);
}

#[actix_web::test]
async fn what_goes_on_ends_with_its_peer_and_a_socket_is_not_for_http_2() {
    let certificate = Certificate::new();
    let metrics = Metrics::default();
    let options = HttpOptions {
        metrics: metrics.clone(),
        ..options(&certificate)
    };
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    let (mut requests, _) = connect_h2(address, &certificate, 65_535).await;
    let (head, _) = ask(&mut requests, request("GET", "/ws"), "").await;
    assert_eq!(head.status(), 426);
    let mut stream = request("GET", "/events");
    let accept = http::HeaderValue::from_static("text/event-stream");
    stream.headers_mut().insert("accept", accept);
    let (answer, _) = requests.send_request(stream, true).unwrap();
    let (head, mut body) = answer.await.unwrap().into_parts();
    assert_eq!(head.headers["content-type"], "text/event-stream");
    let first = body.data().await.unwrap().unwrap();
    assert!(first.starts_with(b"id: "), "{first:?}");
    let open = |count: u8| {
        let line = format!("chat_live_readers{{transport=\"sse\"}} {count}");
        metrics.text().unwrap().contains(&line)
    };
    assert!(open(1));
    // The peer resets it while there is nothing to be sent.
    drop(body);
    let start = Instant::now();
    while !open(0) {
        assert!(start.elapsed() < LONG, "it goes on without its peer");
        rt::time::sleep(Duration::from_millis(10)).await;
    }
}
