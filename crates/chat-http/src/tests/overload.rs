//! What is refused so that memory does not grow with those who send slowly, or read slowly.

use std::time::Duration;

use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::dev::{Payload, Service, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::rt;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse};
use futures_util::{FutureExt, StreamExt, stream};

use super::{Told, ask_app, get, post};
use crate::testing::FakeStore;
use crate::{HttpOptions, app};

/// A little more than the document of the API has.
fn most_memory() -> usize {
    crate::openapi("/").unwrap().len() * 5 / 2
}

async fn small() -> impl Service<Request, Response = ServiceResponse, Error = Error> {
    let options = HttpOptions {
        most_memory: most_memory(),
        ..HttpOptions::default()
    };
    init_service(app(FakeStore::ThreeUsers.service(), &options)).await
}

#[track_caller]
fn assert_overloaded(told: &Told) {
    assert_eq!(told.outcome(), (503, "overloaded"));
    assert_eq!(told.header(header::RETRY_AFTER), "1");
    assert_eq!(told.body["request_id"], told.header("x-request-id"));
}

#[actix_web::test]
async fn answers_that_nobody_reads_are_made_no_more() {
    let app = small().await;
    let unread = async || -> HttpResponse<BoxBody> {
        let request = get("/openapi.json").to_request();
        try_call_service(&app, request).await.unwrap().into()
    };
    let (first, second) = (unread().await, unread().await);
    assert_eq!(
        (first.status().as_u16(), second.status().as_u16()),
        (200, 200)
    );
    assert_overloaded(&ask_app(&app, get("/openapi.json")).await);
    // What is small has room, and what is read, or given up, makes room.
    assert_eq!(ask_app(&app, get("/users/1")).await.status, 200);
    drop(first);
    assert_eq!(ask_app(&app, get("/openapi.json")).await.status, 200);
    drop(second);
}

/// A body of blanks that stops before its end.
fn stalled(bytes: usize) -> Request {
    let request = TestRequest::post()
        .uri("/users")
        .insert_header((header::HOST, "localhost"))
        .insert_header((header::CONTENT_TYPE, "application/json"));
    let piece = |_| Ok::<_, PayloadError>(Bytes::from(vec![b' '; 1024]));
    let pieces: Vec<_> = (0..bytes / 1024).map(piece).collect();
    let payload: Payload = Payload::Stream {
        payload: Box::pin(stream::iter(pieces).chain(stream::pending())),
    };
    request.to_request().replace_payload(payload).0
}

#[actix_web::test]
async fn bodies_that_do_not_end_leave_room_for_small_ones() {
    let app = small().await;
    let blanks = " ".repeat(200 * 1024);
    let body = || post("/users", &blanks);
    assert_eq!(
        ask_app(&app, body()).await.outcome(),
        (400, "malformed_json")
    );
    let stalled: Vec<_> = (0..most_memory() / (200 * 1024))
        .map(|_| Box::pin(app.call(stalled(200 * 1024))))
        .map(|mut call| {
            assert!((&mut call).now_or_never().is_none());
            call
        })
        .collect();
    rt::time::sleep(Duration::from_millis(10)).await;
    assert_overloaded(&ask_app(&app, body()).await);
    let told = ask_app(&app, post("/users", "{")).await;
    assert_eq!(told.outcome(), (400, "malformed_json"));
    drop(stalled);
    assert_eq!(
        ask_app(&app, body()).await.outcome(),
        (400, "malformed_json")
    );
}
