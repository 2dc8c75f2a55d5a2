//! Paths and methods, and what every answer has.

use actix_web::http::header;
use rstest::rstest;
use serde_json::json;

use super::{ask, ask_store, get, request};
use crate::testing::FakeStore;

#[rstest]
#[case("/")]
#[case("/user")]
#[case("/users/")]
#[case("/users/1/")]
#[case("//users")]
#[case("/Users")]
#[case("/messages/unseen/1/2")]
#[actix_web::test]
async fn unknown_paths(#[case] path: &str) {
    for method in ["GET", "POST", "OPTIONS", "FOO"] {
        let told = ask(request(method, path)).await;
        assert_eq!(told.outcome(), (404, "route_not_found"), "{method}");
    }
}

#[rstest]
#[case("/health", "GET, HEAD, OPTIONS")]
#[case("/users", "GET, HEAD, POST, OPTIONS")]
#[case("/users/1", "GET, HEAD, PATCH, DELETE, OPTIONS")]
#[case("/groups", "GET, HEAD, POST, OPTIONS")]
#[case("/groups/1", "GET, HEAD, PATCH, DELETE, OPTIONS")]
#[case("/groups/1/members", "GET, HEAD, POST, OPTIONS")]
#[case("/groups/1/members/2", "DELETE, OPTIONS")]
#[case("/messages", "GET, HEAD, POST, OPTIONS")]
#[case("/messages/1", "GET, HEAD, DELETE, OPTIONS")]
#[case("/messages/1/seen", "GET, HEAD, POST, OPTIONS")]
#[case("/messages/unseen/1", "GET, HEAD, OPTIONS")]
#[case("/files", "POST, OPTIONS")]
#[case("/files/1", "GET, HEAD, DELETE, OPTIONS")]
#[case("/files/1/content", "GET, HEAD, OPTIONS")]
#[case("/files/1/thumbnail", "GET, HEAD, OPTIONS")]
#[case("/uploads", "POST, OPTIONS")]
#[case("/uploads/1", "HEAD, PATCH, DELETE, OPTIONS")]
#[actix_web::test]
async fn methods(#[case] path: &str, #[case] allow: &str) {
    for method in ["PUT", "FOO", "get"] {
        let told = ask(request(method, path)).await;
        assert_eq!(told.outcome(), (405, "method_not_allowed"), "{method}");
        assert_eq!(told.header(header::ALLOW), allow);
    }
    let told = ask(request("OPTIONS", path)).await;
    assert_eq!((told.status, told.header(header::ALLOW)), (204, allow));
    assert!(told.body.is_null());
}

#[actix_web::test]
async fn a_user_as_the_system_sees_it() {
    let told = ask(get("/users/1")).await;
    assert_eq!(told.status, 200);
    assert_eq!(
        told.header(header::CONTENT_TYPE),
        "application/json; charset=utf-8"
    );
    assert_eq!(told.header("x-content-type-options"), "nosniff");
    assert_eq!(
        told.body,
        json!({
            "id": 1,
            "username": "user1",
            "email": "user1@example.org",
            "created_at": "2026-11-22T10:21:00.123Z",
            "updated_at": "2026-11-22T10:21:00.123Z",
        })
    );
}

#[actix_web::test]
async fn a_user_as_another_sees_it() {
    let told = ask(get("/users/1").insert_header(("X-User-Id", "2"))).await;
    assert_eq!((told.status, told.body.get("email")), (200, None));
}

#[actix_web::test]
async fn a_list_leads_on_while_there_is_more() {
    let told = ask(get("/users?limit=2")).await;
    assert_eq!(told.body.as_array().unwrap().len(), 2);
    assert_eq!(
        told.header(header::LINK),
        "</users?limit=2&after=2>; rel=\"next\""
    );
    let told = ask(get("/users?limit=2&after=2")).await;
    assert_eq!(
        (told.body[0]["id"].as_i64(), told.header(header::LINK)),
        (Some(3), "")
    );
}

#[actix_web::test]
async fn health() {
    for path in ["/health", "/health/live", "/health/ready"] {
        // No credentials are asked for, so bad ones do no harm.
        for user in ["1", "99", "x"] {
            let told = ask(get(path).insert_header(("X-User-Id", user))).await;
            assert_eq!(
                (told.status, told.body),
                (200, json!({"status": "ok"})),
                "{path}"
            );
        }
    }
    let told = ask_store(FakeStore::Panics, get("/health/live")).await;
    assert_eq!(told.status, 200);
}

#[actix_web::test]
async fn a_request_keeps_its_id() {
    let told = ask(get("/users/1").insert_header(("X-Request-Id", "r-1"))).await;
    assert_eq!(told.header("x-request-id"), "r-1");
    let told = ask(get("/nothing").insert_header(("X-Request-Id", "r 1"))).await;
    let id = told.header("x-request-id");
    assert_ne!(id, "r 1");
    assert_eq!(told.body["request_id"], id);
}
