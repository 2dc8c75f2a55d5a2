//! What is refused, and which of several reasons is told.

use actix_web::http::header;
use actix_web::test::TestRequest;
use chat_domain::ports::StoreError;
use rstest::rstest;
use serde_json::json;

use super::{Told, ask, ask_server, ask_store, get, post, request};
use crate::HttpOptions;
use crate::testing::FakeStore;

fn named(told: &Told) -> Vec<(&str, &str)> {
    let errors = told.body["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect()
}

#[actix_web::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    // Also where a bad request only has its actor looked up.
    let bad = get("/users/x").insert_header(("X-User-Id", "1"));
    let told = ask_store(FakeStore::Panics, bad).await;
    assert_eq!(told.outcome(), (500, "internal"));
    let told = ask_store(FakeStore::Panics, get("/users/1")).await;
    assert_eq!(told.outcome(), (500, "internal"));
    assert_eq!(
        told.header(header::CONTENT_TYPE),
        "application/problem+json"
    );
    assert_eq!(told.body["request_id"], told.header("x-request-id"));
    assert!(!told.body.to_string().contains("fake"), "{}", told.body);
}

#[rstest]
#[case(StoreError::Overloaded, 503, "overloaded", "1")]
#[case(StoreError::Unavailable("at /var/db".to_owned()), 503, "unavailable", "1")]
#[case(StoreError::OutcomeUnknown("at /var/db".to_owned()), 503, "outcome_unknown", "1")]
#[case(StoreError::Broken("at /var/db".to_owned()), 500, "internal", "")]
#[actix_web::test]
async fn a_store_that_fails(
    #[case] error: StoreError,
    #[case] status: u16,
    #[case] code: &str,
    #[case] retry: &str,
) {
    let told = ask_store(FakeStore::Refuses(error), get("/users/1")).await;
    assert_eq!(told.outcome(), (status, code));
    assert_eq!(told.header(header::RETRY_AFTER), retry);
    assert!(!told.body.to_string().contains("/var"), "{}", told.body);
}

#[actix_web::test]
async fn without_its_store_it_is_not_ready() {
    for error in [StoreError::Overloaded, StoreError::Broken("x".to_owned())] {
        let told = ask_store(FakeStore::Refuses(error), get("/health/ready")).await;
        assert_eq!(told.outcome(), (503, "unavailable"));
    }
}

const USER: &str = r#"{"username":"ada","email":"ada@example.org"}"#;

#[actix_web::test]
async fn a_good_body_comes_through_to_the_store() {
    assert_eq!(
        ask(post("/users", USER)).await.outcome(),
        (503, "overloaded")
    );
}

#[rstest]
#[case::no_type(request("POST", "/users").set_payload(USER))]
#[case::other_type(post("/users", USER).insert_header(("Content-Type", "text/plain")))]
#[case::encoded(post("/users", USER).insert_header(("Content-Encoding", "gzip")))]
#[actix_web::test]
async fn bodies_of_other_types(#[case] request: TestRequest) {
    assert_eq!(
        ask(request).await.outcome(),
        (415, "unsupported_media_type")
    );
}

#[actix_web::test]
async fn a_body_has_at_most_256_kib() {
    let padded = |length: usize| format!("{USER}{}", " ".repeat(length - USER.len()));
    let most = ask(post("/users", &padded(256 * 1024))).await;
    assert_eq!(most.outcome(), (503, "overloaded"));
    let more = ask(post("/users", &padded(256 * 1024 + 1))).await;
    assert_eq!(more.outcome(), (413, "payload_too_large"));
}

#[actix_web::test]
async fn a_body_that_is_no_json_is_told_where() {
    let told = ask(post("/users", "{\n\"a\" 1}")).await;
    assert_eq!(told.outcome(), (400, "malformed_json"));
    assert_eq!(
        told.body["detail"],
        "the body is no JSON from line 2, column 5 on"
    );
    assert_eq!(
        ask(post("/users", "")).await.outcome(),
        (400, "malformed_json")
    );
}

#[actix_web::test]
async fn bad_fields_of_path_query_and_body_are_told_at_once() {
    let told = ask(post(
        "/groups/0/members?x=1",
        r#"{"user_id":"1","role":"guest"}"#,
    ))
    .await;
    assert_eq!(told.outcome(), (400, "validation_failed"));
    assert_eq!(
        named(&told),
        [
            ("id", "range"),
            ("x", "unknown"),
            ("user_id", "type"),
            ("role", "format")
        ]
    );
}

#[actix_web::test]
async fn a_field_of_two_parts_is_named_once() {
    let told = ask(get("/users/0?id=5")).await;
    assert_eq!(named(&told), [("id", "range")]);
}

#[actix_web::test]
async fn a_flood_of_bad_fields_is_told_in_part() {
    let fields: Vec<_> = (0..150).map(|n| format!("\"{n}\":0")).collect();
    let told = ask(post("/users", &format!("{{{}}}", fields.join(",")))).await;
    assert_eq!(told.outcome(), (400, "validation_failed"));
    assert_eq!(told.body["detail"], "more than 100 fields are not valid");
    assert_eq!(named(&told).len(), 100);
}

#[actix_web::test]
async fn an_array_is_no_object() {
    let told = ask(post("/users", r#"["ada","ada@example.org"]"#)).await;
    assert_eq!(named(&told), [("body", "type")]);
}

#[actix_web::test]
async fn the_body_of_a_get_is_ignored() {
    let told = ask(get("/users/1").set_payload("x".repeat(300_000))).await;
    assert_eq!(told.status, 200);
}

#[rstest]
#[case::id("/messages/unseen", "id", "type")]
#[case::percent("/users/%31x", "id", "type")]
#[case::huge("/users/99999999999999999999999999", "id", "range")]
#[case::fraction("/users/1.0", "id", "type")]
#[case::reader("/messages/unseen/0", "user_id", "range")]
#[case::query("/users?limit=%zz", "limit", "format")]
#[case::no_query("/users/1?x", "x", "unknown")]
#[case::health("/health?x=1", "x", "unknown")]
#[actix_web::test]
async fn bad_addresses(#[case] uri: &str, #[case] field: &str, #[case] code: &str) {
    let told = ask(get(uri)).await;
    assert_eq!(told.outcome(), (400, "validation_failed"));
    assert_eq!(named(&told), [(field, code)]);
}

#[rstest]
#[case::nobody("/users/1", None, 200, "")]
#[case::known("/users/1", Some("2"), 200, "")]
#[case::unknown("/users/1", Some("99"), 401, "unknown_actor")]
#[case::malformed("/users/1", Some("x"), 400, "validation_failed")]
#[case::named("/messages/unseen/2", None, 200, "")]
#[case::named_and_missing("/messages/unseen/99", None, 404, "user_not_found")]
#[case::both("/messages/unseen/2", Some("2"), 200, "")]
#[case::mismatch("/messages/unseen/1", Some("2"), 403, "actor_mismatch")]
#[case::mismatch_of_unknown("/messages/unseen/1", Some("99"), 401, "unknown_actor")]
#[case::conversation("/messages?receiver_id=1", Some("2"), 200, "")]
#[case::conversation_by_sender("/messages?receiver_id=1&sender_id=2", None, 200, "")]
#[case::sender_missing("/messages?receiver_id=1&sender_id=99", None, 404, "user_not_found")]
#[case::other_sender(
    "/messages?receiver_id=1&sender_id=3",
    Some("2"),
    403,
    "actor_mismatch"
)]
#[case::inbox("/messages?receiver_id=1", None, 200, "")]
#[actix_web::test]
async fn who_acts(
    #[case] uri: &str,
    #[case] user: Option<&str>,
    #[case] status: u16,
    #[case] code: &str,
) {
    let mut request = get(uri);
    if let Some(user) = user {
        request = request.insert_header(("X-User-Id", user));
    }
    assert_eq!(ask(request).await.outcome(), (status, code));
}

#[actix_web::test]
async fn a_token_is_refused_in_open_mode() {
    let request = get("/users/1").insert_header(("Authorization", "Bearer x"));
    assert_eq!(ask(request).await.outcome(), (400, "open_mode"));
}

#[rstest]
#[case::route(get("/nothing"))]
#[case::method(request("PUT", "/users"))]
#[case::media_type(post("/users", USER).insert_header(("Content-Type", "text/plain")))]
#[case::fields(post("/users", "{}"))]
#[case::json(post("/users", "x"))]
#[actix_web::test]
async fn an_unknown_actor_is_told_before_anything_else(#[case] request: TestRequest) {
    let request = request.insert_header(("X-User-Id", "99"));
    assert_eq!(ask(request).await.outcome(), (401, "unknown_actor"));
}

#[rstest]
#[case::route(get("/nothing"), 400, "open_mode")]
#[case::method(request("PUT", "/users"), 400, "open_mode")]
#[case::media_type(post("/users", USER).insert_header(("Content-Type", "text/plain")), 400, "open_mode")]
#[case::unknown(get("/users/x").insert_header(("X-User-Id", "99")), 400, "open_mode")]
#[case::foreign(get("/users/1").insert_header(("Host", "example.org")), 403, "host_not_allowed")]
#[case::nobody_asked(request("PUT", "/health"), 405, "method_not_allowed")]
#[actix_web::test]
async fn a_token_is_told_where_an_unknown_actor_would_be(
    #[case] request: TestRequest,
    #[case] status: u16,
    #[case] code: &str,
) {
    let request = request.insert_header(("Authorization", "Bearer x"));
    assert_eq!(ask(request).await.outcome(), (status, code));
}

#[actix_web::test]
async fn a_bad_request_stays_bad_when_the_store_cannot_tell() {
    let request = post("/users", "{}").insert_header(("X-User-Id", "99"));
    let told = ask_store(FakeStore::Refuses(StoreError::Overloaded), request).await;
    assert_eq!(told.outcome(), (400, "validation_failed"));
}

#[actix_web::test]
async fn a_foreign_host_is_told_before_anything_else() {
    for uri in ["/users/1", "/nothing", "/health"] {
        let request = get(uri)
            .insert_header(("Host", "example.org"))
            .insert_header(("X-User-Id", "99"));
        let told = ask_store(FakeStore::Panics, request).await;
        assert_eq!(told.outcome(), (403, "host_not_allowed"));
        assert_eq!(told.body["request_id"], told.header("x-request-id"));
    }
}

#[actix_web::test]
async fn an_insecurely_open_server_lets_everyone_in() {
    let options = HttpOptions {
        insecure_open: true,
        ..HttpOptions::default()
    };
    let request = get("/users/1")
        .insert_header(("Host", "example.org"))
        .insert_header(("Origin", "https://example.org"));
    let told = ask_server(FakeStore::ThreeUsers, &options, request).await;
    assert_eq!(told.status, 200);
}

#[actix_web::test]
async fn a_mismatch_is_told_as_a_problem() {
    let request = get("/messages/unseen/1").insert_header(("X-User-Id", "2"));
    let told = ask(request.insert_header(("X-Request-Id", "r-1"))).await;
    assert_eq!(
        told.body,
        json!({
            "type": "/problems/actor-mismatch",
            "title": "Actor mismatch",
            "status": 403,
            "detail": "user 2 can't act as user 1",
            "code": "actor_mismatch",
            "request_id": "r-1",
        })
    );
}
