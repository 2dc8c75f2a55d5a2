//! What is counted, and the page that tells it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::Service;
use actix_web::http::header;
use actix_web::rt;
use actix_web::test::{TestRequest, init_service};
use chat_domain::ports::{Figure, Histogram, Measured, Measurement, StoreError};
use futures_util::FutureExt;

use super::sockets::{head, start_with, talk};
use super::{ask_server, endless, get, post, request};
use crate::testing::FakeStore;
use crate::{HttpOptions, Metrics, app};

/// The lines of a family that have a value.
fn samples(metrics: &Metrics, family: &str) -> Vec<String> {
    let text = metrics.text().unwrap();
    let of_it = text.lines().filter(|line| line.starts_with(family));
    of_it.map(str::to_owned).collect()
}

async fn counted(store: FakeStore, requests: Vec<TestRequest>) -> HttpOptions {
    let options = HttpOptions::default();
    for request in requests {
        ask_server(store.clone(), &options, request).await;
    }
    options
}

#[actix_web::test]
async fn each_request_is_counted_once_whatever_its_end() {
    let requests = vec![
        get("/users/1"),
        get("/users/2"),
        get("/users/9"),
        get("/users/x"),
        get("/users/1").insert_header(("X-User-Id", "99")),
        get("/users/1").insert_header(("Host", "example.org")),
        request("HEAD", "/users/1"),
        request("OPTIONS", "/users/1"),
        request("PUT", "/users/1"),
        get("/nothing"),
        post("/users", "{}"),
    ];
    let options = counted(FakeStore::ThreeUsers, requests).await;
    ask_server(FakeStore::Panics, &options, get("/users/1")).await;
    let of = |method, route, status, count| {
        let labels = format!(r#"method="{method}",route="{route}",status="{status}""#);
        format!("chat_http_requests_total{{{labels}}} {count}")
    };
    assert_eq!(
        samples(&options.metrics, "chat_http_requests_total"),
        [
            of("GET", "/users/{id}", 200, 2),
            of("GET", "/users/{id}", 400, 1),
            of("GET", "/users/{id}", 401, 1),
            of("GET", "/users/{id}", 404, 1),
            of("GET", "/users/{id}", 500, 1),
            of("GET", "unmatched", 403, 1),
            of("GET", "unmatched", 404, 1),
            of("HEAD", "/users/{id}", 200, 1),
            of("OPTIONS", "/users/{id}", 204, 1),
            of("POST", "/users", 400, 1),
            of("PUT", "/users/{id}", 405, 1),
        ]
    );
    let durations = samples(&options.metrics, "chat_http_request_duration_seconds_count");
    let labels = r#"{method="GET",route="/users/{id}"}"#;
    let gets = format!("chat_http_request_duration_seconds_count{labels} 6");
    assert!(durations.contains(&gets), "{durations:?}");
}

#[actix_web::test]
async fn clients_make_no_series() {
    let odd = (0..40).flat_map(|n| {
        let method = format!("M{n}");
        [
            get(&format!("/path/{n}")),
            get(&format!("/users/{n}")),
            get(&format!("/users/1?q={n}")),
            request(&method, "/users/1"),
            request(&method, &format!("/path/{n}")),
            request(&method, "/users/1").insert_header(("Host", format!("h{n}.example"))),
        ]
    });
    let options = counted(FakeStore::ThreeUsers, odd.collect()).await;
    let mut series = samples(&options.metrics, "chat_http_requests_total");
    for line in &mut series {
        line.truncate(line.find("} ").unwrap());
    }
    assert_eq!(
        series,
        [
            ("GET", "/users/{id}", 200),
            ("GET", "/users/{id}", 400),
            ("GET", "/users/{id}", 404),
            ("GET", "unmatched", 404),
            ("other", "/users/{id}", 405),
            ("other", "unmatched", 403),
            ("other", "unmatched", 404),
        ]
        .map(|(method, route, status)| format!(
            r#"chat_http_requests_total{{method="{method}",route="{route}",status="{status}""#
        ))
    );
}

#[actix_web::test]
async fn a_request_under_way_is_told() {
    let options = HttpOptions::default();
    let app = init_service(app(FakeStore::ThreeUsers.service(), &options)).await;
    let in_flight = || samples(&options.metrics, "chat_http_requests_in_flight");
    assert_eq!(in_flight(), ["chat_http_requests_in_flight 0"]);
    let mut waiting = Box::pin(app.call(endless(post("/users", ""))));
    assert!((&mut waiting).now_or_never().is_none());
    assert_eq!(in_flight(), ["chat_http_requests_in_flight 1"]);
    drop(waiting);
    assert_eq!(in_flight(), ["chat_http_requests_in_flight 0"]);
}

/// Waits until so many connections are told.
async fn told(metrics: &Metrics, connections: usize) {
    let expected = [format!("chat_http_connections {connections}")];
    let begun = Instant::now();
    while samples(metrics, "chat_http_connections") != expected {
        let told = samples(metrics, "chat_http_connections");
        assert!(begun.elapsed() < Duration::from_secs(20), "{told:?}");
        rt::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn open_connections_are_told() {
    let options = HttpOptions::default();
    let metrics = options.metrics.clone();
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    told(&metrics, 0).await;
    let connect = |address: SocketAddr| TcpStream::connect(address).unwrap();
    let [one, mut other] = [connect(address), connect(address)];
    told(&metrics, 2).await;
    // One more asks, and is told of itself.
    let text = talk(address, vec![head("GET", "/metrics", "")]).await;
    assert!(text.contains("\nchat_http_connections 3\n"), "{text}");
    drop(one);
    told(&metrics, 1).await;
    // Also one that the server ends.
    rt::task::spawn_blocking(move || {
        other.write_all(b"no HTTP\r\n\r\n").unwrap();
        other.read_to_end(&mut Vec::new()).unwrap();
    })
    .await
    .unwrap();
    told(&metrics, 0).await;
}

#[actix_web::test]
async fn the_page_needs_neither_actor_nor_store() {
    for store in [
        FakeStore::ThreeUsers,
        FakeStore::Panics,
        FakeStore::Refuses(StoreError::Unavailable("closed".to_owned())),
    ] {
        for user in ["1", "99", "x"] {
            let request = get("/metrics").insert_header(("X-User-Id", user));
            let told = ask_server(store.clone(), &HttpOptions::default(), request).await;
            assert_eq!(told.status, 200);
            assert_eq!(
                told.header(header::CONTENT_TYPE),
                "text/plain; version=0.0.4; charset=utf-8"
            );
        }
    }
}

#[actix_web::test]
async fn the_page_is_checked_like_any_other() {
    let options = HttpOptions::default();
    let ask = async |request| {
        let told = ask_server(FakeStore::ThreeUsers, &options, request).await;
        (told.status, told.code().to_owned())
    };
    let refused = |status, code: &str| (status, code.to_owned());
    let foreign = get("/metrics").insert_header(("Host", "example.org"));
    assert_eq!(ask(foreign).await, refused(403, "host_not_allowed"));
    let page = get("/metrics").insert_header(("Origin", "https://example.org"));
    assert_eq!(ask(page).await, refused(403, "origin_not_allowed"));
    let query = get("/metrics?x=1");
    assert_eq!(ask(query).await, refused(400, "validation_failed"));
}

struct Fixed;

impl Measured for Fixed {
    fn measure(&self) -> Vec<Measurement> {
        let ranges = vec![(0.001, 2), (0.5, 0), (1.0, 1)];
        let values = Histogram {
            ranges,
            above: 4,
            sum: 40.25,
        };
        let of = |name, help, figure| Measurement { name, help, figure };
        vec![
            of("fixed_total", "It grows.", Figure::Counter(7)),
            of("fixed_now", "It moves.", Figure::Gauge(1 << 53)),
            of("fixed_seconds", "It spreads.", Figure::Histogram(values)),
        ]
    }
}

#[test]
fn figures_of_other_sources_are_told_too() {
    let text = Metrics::with([Arc::new(Fixed) as Arc<dyn Measured>])
        .text()
        .unwrap();
    let (_, fixed) = text.split_once("# HELP fixed_total").unwrap();
    assert_eq!(
        fixed,
        " It grows.\n\
         # TYPE fixed_total counter\n\
         fixed_total 7\n\
         # HELP fixed_now It moves.\n\
         # TYPE fixed_now gauge\n\
         fixed_now 9007199254740992\n\
         # HELP fixed_seconds It spreads.\n\
         # TYPE fixed_seconds histogram\n\
         fixed_seconds_bucket{le=\"0.001\"} 2\n\
         fixed_seconds_bucket{le=\"0.5\"} 2\n\
         fixed_seconds_bucket{le=\"1\"} 3\n\
         fixed_seconds_bucket{le=\"+Inf\"} 7\n\
         fixed_seconds_sum 40.25\n\
         fixed_seconds_count 7\n"
    );
}

#[test]
fn the_version_is_told() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        samples(&Metrics::default(), "chat_build_info"),
        [format!("chat_build_info{{version=\"{version}\"}} 1")]
    );
}
