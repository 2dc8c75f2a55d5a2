//! The line in the log that each request has, and what it never says.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::body::BoxBody;
use actix_web::dev::{ServerHandle, Service, ServiceRequest, ServiceResponse};
use actix_web::error::ErrorImATeapot;
use actix_web::middleware::{Next, from_fn};
use actix_web::rt;
use actix_web::test::{TestRequest, init_service};
use actix_web::web;
use chat_domain::ports::StoreError;
use futures_util::FutureExt;
use rstest::rstest;

use super::sockets::{JSON, head, start_with};
use super::{ask_store, endless, get, lines, post, request};
use crate::testing::FakeStore;
use crate::{HttpOptions, app};

const USER: &str = r#"{"username":"ada","email":"ada@example.org"}"#;

/// What the one line about a request says, without its time.
#[track_caller]
fn line(id: &str) -> String {
    let lines = lines::of_request(id);
    let [line] = lines.as_slice() else {
        panic!("{} lines about {id}: {lines:?}", lines.len());
    };
    let words: Vec<_> = line.split(' ').collect();
    let [method, route, status, time, name, actor] = words[..] else {
        panic!("{line}");
    };
    let micros = time.strip_suffix("us").unwrap();
    assert!(micros.parse::<u64>().unwrap() < 60_000_000, "{line}");
    assert_eq!(name, format!("id={id}"));
    format!("{method} {route} {status} {actor}")
}

/// The line about this request to this store.
async fn told_of(name: &str, store: FakeStore, request: TestRequest) -> String {
    lines::keep();
    let id = format!("access-{name}");
    let request = request.insert_header(("X-Request-Id", id.as_str()));
    ask_store(store, request).await;
    line(&id)
}

#[rstest]
#[case::user(get("/users/1").insert_header(("X-User-Id", "2")), "GET /users/{id} 200 actor=user:2")]
#[case::system(get("/users/1"), "GET /users/{id} 200 actor=system")]
#[case::named(
    get("/messages/unseen/2"),
    "GET /messages/unseen/{user_id} 200 actor=user:2"
)]
#[case::nobody_asked(get("/health"), "GET /health 200 actor=-")]
#[case::metrics(get("/metrics").insert_header(("X-User-Id", "2")), "GET /metrics 200 actor=-")]
#[case::head(request("HEAD", "/users"), "HEAD /users 200 actor=system")]
#[case::options(request("OPTIONS", "/users"), "OPTIONS /users 204 actor=-")]
#[case::missing(get("/groups/7"), "GET /groups/{id} 404 actor=system")]
#[case::refused_by_the_store(post("/users", USER), "POST /users 503 actor=system")]
#[case::no_route(get("/nothing"), "GET unmatched 404 actor=-")]
#[case::no_method(request("PUT", "/users/1"), "PUT /users/{id} 405 actor=-")]
#[case::odd_method(request("FOO", "/users/1"), "other /users/{id} 405 actor=-")]
#[case::foreign_host(
    get("/users/1").insert_header(("Host", "example.org")).insert_header(("X-User-Id", "2")),
    "GET unmatched 403 actor=-"
)]
#[case::bad_path(get("/users/x"), "GET /users/{id} 400 actor=-")]
#[case::bad_path_of_somebody(
    get("/users/x").insert_header(("X-User-Id", "2")),
    "GET /users/{id} 400 actor=user:2"
)]
#[case::bad_body(post("/users", "{"), "POST /users 400 actor=-")]
#[case::bad_header(get("/users/1").insert_header(("X-User-Id", "ada")), "GET /users/{id} 400 actor=-")]
#[case::nobody(get("/users/1").insert_header(("X-User-Id", "99")), "GET /users/{id} 401 actor=user:99")]
#[case::nobody_nowhere(
    get("/nothing").insert_header(("X-User-Id", "99")),
    "GET unmatched 401 actor=user:99"
)]
#[case::token(get("/users/1").insert_header(("Authorization", "x")), "GET /users/{id} 400 actor=-")]
#[actix_web::test]
async fn each_request_has_one_line(#[case] request: TestRequest, #[case] expected: &str) {
    // Cases run side by side, so each has an id of its own.
    static CASES: AtomicUsize = AtomicUsize::new(0);
    let name = CASES.fetch_add(1, Ordering::Relaxed).to_string();
    assert_eq!(
        told_of(&name, FakeStore::ThreeUsers, request).await,
        expected
    );
}

#[actix_web::test]
async fn a_panic_has_its_line_and_its_cause_another() {
    let request = get("/users/1").insert_header(("X-User-Id", "2"));
    let told = told_of("panic", FakeStore::Panics, request).await;
    assert_eq!(told, "GET /users/{id} 500 actor=user:2");
    let cause = lines::with("request access-panic failed with internal: ");
    assert_eq!(cause.len(), 1, "{cause:?}");
}

#[actix_web::test]
async fn a_failure_of_the_store_has_its_line_and_its_cause_another() {
    let store = FakeStore::Refuses(StoreError::Broken("at row 7".to_owned()));
    let told = told_of("broken", store, get("/users/1")).await;
    assert_eq!(told, "GET /users/{id} 500 actor=system");
    let cause = lines::with("request access-broken failed with internal: ");
    assert!(cause[0].text.contains("at row 7"), "{cause:?}");
}

async fn fails(_: ServiceRequest, _: Next<BoxBody>) -> actix_web::Result<ServiceResponse> {
    Err(ErrorImATeapot("no coffee"))
}

#[actix_web::test]
async fn an_error_of_the_framework_has_its_line() {
    lines::keep();
    let app = app(FakeStore::ThreeUsers.service(), &HttpOptions::default())
        .service(web::resource("/tea").wrap(from_fn(fails)));
    let app = init_service(app).await;
    let request = get("/tea").insert_header(("X-Request-Id", "access-tea"));
    let error = app.call(request.to_request()).await.unwrap_err();
    let answer = error.error_response();
    let header = |name| answer.headers().get(name).unwrap();
    assert_eq!(header("x-request-id"), "access-tea");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(line("access-tea"), "GET unmatched 418 actor=-");
}

#[actix_web::test]
async fn a_request_that_is_given_up_has_its_line() {
    lines::keep();
    let options = HttpOptions::default();
    let app = init_service(app(FakeStore::ThreeUsers.service(), &options)).await;
    let request = post("/users", "").insert_header(("X-Request-Id", "access-gone"));
    let request = endless(request);
    // It waits for its body, and is dropped meanwhile.
    assert!(app.call(request).now_or_never().is_none());
    assert_eq!(line("access-gone"), "POST /users 499 actor=-");
    assert!(
        options
            .metrics
            .text()
            .unwrap()
            .contains(r#"chat_http_requests_total{method="POST",route="/users",status="499"} 1"#)
    );
}

/// Half a request to a server, which waits for the rest.
async fn half(id: &str) -> (TcpStream, ServerHandle) {
    lines::keep();
    let options = HttpOptions::default();
    let metrics = options.metrics.clone();
    let (address, server) = start_with(FakeStore::ThreeUsers, options);
    let half = format!("X-Request-Id: {id}\r\n{JSON}Content-Length: 10\r\n");
    let half = [head("POST", "/users", &half), b"{".to_vec()].concat();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&half).unwrap();
    let begun = || {
        metrics
            .text()
            .unwrap()
            .contains("chat_http_requests_in_flight 1\n")
    };
    until(begun).await;
    (stream, server)
}

async fn until(so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() && begun.elapsed() < Duration::from_secs(20) {
        rt::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn a_client_that_leaves_within_its_body_has_sent_a_bad_one() {
    let (stream, _server) = half("access-left").await;
    drop(stream);
    until(|| !lines::of_request("access-left").is_empty()).await;
    assert_eq!(line("access-left"), "POST /users 400 actor=-");
}

#[actix_web::test]
async fn a_server_that_waits_no_longer_gives_up() {
    let (_stream, server) = half("access-stop").await;
    server.stop(false).await;
    until(|| !lines::of_request("access-stop").is_empty()).await;
    assert_eq!(line("access-stop"), "POST /users 499 actor=-");
}

#[actix_web::test]
async fn nothing_that_a_request_says_is_in_the_log() {
    lines::keep();
    let secret = "hush7f3a";
    let body = format!(r#"{{"username":"{secret}","email":"{secret}@example.org","{secret}":1}}"#);
    let message =
        format!(r#"{{"sender_id":1,"receiver_id":2,"type":"text","content":"{secret}"}}"#);
    let path = |rest: &str| rest.replace('*', secret);
    let requests = || {
        [
            post("/users", &body),
            post("/users", &format!("{{{secret}")),
            post("/messages", &message),
            get("/users/1").insert_header(("Authorization", format!("Bearer {secret}"))),
            get("/users/1").insert_header(("X-User-Id", secret)),
            get("/users/1").insert_header(("X-Request-Id", format!("{secret} 1"))),
            get("/users/1").insert_header(("Cookie", secret)),
            get("/users/1").insert_header(("Host", format!("{secret}.example"))),
            get("/users/1").insert_header(("Origin", format!("https://{secret}.example"))),
            get(&path("/*")),
            get(&path("/users/*")),
            get(&path("/users/1?token=*")),
            get(&path("/users/1?*=1")),
            get(&path("/health?*")),
            get(&path("/messages?receiver_id=1&*=x")),
            request(secret, "/users"),
            request(secret, &path("/*")),
        ]
    };
    for store in [
        FakeStore::ThreeUsers,
        FakeStore::Panics,
        FakeStore::Refuses(StoreError::Overloaded),
    ] {
        for request in requests() {
            ask_store(store.clone(), request).await;
        }
    }
    let told = lines::with(secret);
    assert!(told.is_empty(), "{told:?}");
}
