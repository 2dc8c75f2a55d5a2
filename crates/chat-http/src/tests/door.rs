//! Who is let in: credentials, limits, and pages of other origins.

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::header;
use actix_web::test::{TestRequest, init_service};
use chat_domain::UserId;
use futures_util::future::LocalBoxFuture;
use rstest::rstest;

use super::{Told, ask_app, ask_server, get, lines, post, request};
use crate::testing::FakeStore;
use crate::{Authenticate, Authenticated, HttpOptions, Identity, RateLimits, Unauthenticated, app};

/// Takes the word after `Bearer` for who it is.
#[derive(Debug)]
struct AtTheirWord;

impl Authenticate for AtTheirWord {
    fn authenticate<'a>(
        &'a self,
        head: &'a RequestHead,
    ) -> LocalBoxFuture<'a, Result<Authenticated, Unauthenticated>> {
        Box::pin(async move {
            let Some(value) = head.headers().get(header::AUTHORIZATION) else {
                return Err(Unauthenticated::Missing);
            };
            match value.to_str().unwrap().strip_prefix("Bearer ").unwrap() {
                "old" => Err(Unauthenticated::Expired),
                "lost" => Err(Unauthenticated::Unavailable(
                    "no keys at 10.0.0.1".to_owned(),
                )),
                "nobody" => Err(Unauthenticated::Unknown("nobody has this name".into())),
                "system" => Ok(Identity::System(None).into()),
                system if system.starts_with("system:") => {
                    Ok(Identity::System(Some(system[7..].into())).into())
                }
                user => match user.parse().map(UserId::parse) {
                    Ok(Ok(user)) => Ok(Identity::User(user).into()),
                    _ => Err(Unauthenticated::Invalid("this is no name".into())),
                },
            }
        })
    }
}

fn asking() -> HttpOptions {
    HttpOptions {
        authenticate: Some(Arc::new(AtTheirWord)),
        ..HttpOptions::default()
    }
}

fn with(request: TestRequest, token: &str) -> TestRequest {
    request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
}

async fn ask(request: TestRequest) -> Told {
    ask_server(FakeStore::ThreeUsers, &asking(), request).await
}

#[rstest]
#[case::none(None, 401, "authentication_required", "Bearer")]
#[case::bad(Some("x"), 401, "invalid_token", "Bearer error=\"invalid_token\"")]
#[case::old(Some("old"), 401, "token_expired", "Bearer error=\"invalid_token\"")]
#[case::nobodys(Some("nobody"), 401, "unknown_actor", "Bearer error=\"invalid_token\"")]
#[case::of_no_user(Some("99"), 401, "unknown_actor", "Bearer error=\"invalid_token\"")]
#[case::not_to_be_told(Some("lost"), 503, "unavailable", "")]
#[actix_web::test]
async fn who_is_not_let_in(
    #[case] token: Option<&str>,
    #[case] status: u16,
    #[case] code: &str,
    #[case] challenge: &str,
) {
    // Whatever else may be wrong with the request.
    for request in [
        get("/users/1"),
        get("/users/x"),
        get("/users/1").insert_header(("X-User-Id", "1")),
        request("PUT", "/users/1"),
        get("/nothing"),
        post("/users", "{"),
        request("POST", "/users").insert_header((header::CONTENT_TYPE, "text/plain")),
    ] {
        let request = match token {
            Some(token) => with(request, token),
            None => request,
        };
        let told = ask(request).await;
        assert_eq!(told.outcome(), (status, code));
        assert_eq!(told.header(header::WWW_AUTHENTICATE), challenge);
        assert!(!told.body.to_string().contains("10.0.0.1"), "{}", told.body);
    }
}

#[actix_web::test]
async fn what_a_path_has_is_told_to_those_who_are_let_in() {
    let options = || request("OPTIONS", "/users/1");
    assert_eq!(ask(options()).await.status, 401);
    assert_eq!(ask(with(options(), "x")).await.status, 401);
    assert_eq!(ask(with(options(), "1")).await.status, 204);
}

#[actix_web::test]
async fn who_comes_with_credentials_acts() {
    let told = ask(with(get("/users/1"), "1")).await;
    assert_eq!(told.body["email"], "user1@example.org");
    let told = ask(with(get("/users/1"), "2")).await;
    assert!(told.body["email"].is_null(), "{}", told.body);
    let told = ask(with(get("/users/1"), "system")).await;
    assert_eq!(told.body["email"], "user1@example.org");
}

#[actix_web::test]
async fn another_header_says_nothing_beside_credentials() {
    for user in ["1", "x", "99"] {
        let request = get("/users/1").insert_header(("X-User-Id", user));
        let told = ask(with(request, "2")).await;
        assert_eq!(told.status, 200);
        assert!(told.body["email"].is_null(), "{}", told.body);
    }
}

#[actix_web::test]
async fn a_request_can_not_name_another_than_who_comes() {
    let told = ask(with(get("/messages/unseen/1"), "2")).await;
    assert_eq!(told.outcome(), (403, "actor_mismatch"));
    let told = ask(with(get("/messages/unseen/1"), "system")).await;
    assert_eq!(told.status, 200);
    // To the system a user that it names is one that may not exist, and no actor.
    let told = ask(with(get("/messages/unseen/99"), "system")).await;
    assert_eq!(told.outcome(), (404, "user_not_found"));
}

#[actix_web::test]
async fn what_asks_nobody_is_told_to_everyone() {
    for (_, path) in crate::anonymous_routes() {
        let path = path.replace("{file}", "index.html");
        for request in [get(&path), with(get(&path), "x")] {
            let status = ask(request).await.status;
            assert!(matches!(status, 200 | 308), "{path}: {status}");
        }
    }
}

#[actix_web::test]
async fn metrics_are_the_systems() {
    let outcome = async |request| ask(request).await.outcome().0;
    assert_eq!(outcome(get("/metrics")).await, 401);
    assert_eq!(outcome(with(get("/metrics"), "1")).await, 403);
    assert_eq!(outcome(with(get("/metrics"), "system")).await, 200);
}

#[actix_web::test]
async fn the_log_has_what_the_system_calls_itself() {
    lines::keep();
    let id = "door-name";
    let name = format!("system:billing\n{}", "x".repeat(99));
    // A header can't have the end of a line; what stands for a bad name is a blank.
    let name = name.replace('\n', " ");
    let request = with(get("/users/1"), &name).insert_header(("X-Request-Id", id));
    ask(request).await;
    let line = lines::of_request(id).concat();
    let told = format!("actor=system:billing_{}", "x".repeat(56));
    assert!(line.ends_with(&told), "{line}");
}

fn limited(budgets: &str) -> HttpOptions {
    HttpOptions {
        rate_limits: Some(RateLimits::new(budgets.parse().unwrap())),
        ..asking()
    }
}

#[actix_web::test]
async fn one_too_many_is_refused_and_told_when() {
    let options = limited("reads=1/2");
    let app = init_service(app(FakeStore::ThreeUsers.service(), &options)).await;
    let ask = async |token: &str| ask_app(&app, with(get("/users/1"), token)).await;
    let policy = "\"reads\";q=2;w=2";
    for left in ["\"reads\";r=1;t=1", "\"reads\";r=0;t=2"] {
        let told = ask("1").await;
        assert_eq!(told.status, 200);
        assert_eq!(told.header("RateLimit-Policy"), policy);
        assert_eq!(told.header("RateLimit"), left);
    }
    let told = ask("1").await;
    assert_eq!(told.outcome(), (429, "rate_limited"));
    assert_eq!(told.header(header::RETRY_AFTER), "1");
    assert_eq!(told.header("RateLimit-Policy"), policy);
    assert_eq!(told.header("RateLimit"), "\"reads\";r=0;t=2");
    assert_eq!(told.body["request_id"], told.header("x-request-id"));
    assert_eq!(ask("2").await.status, 200, "others are not hindered");
    // Who is not let in is told that first, and costs nobody anything.
    assert_eq!(ask("x").await.outcome(), (401, "invalid_token"));
}

#[actix_web::test]
async fn a_request_is_one_too_many_whatever_else_is_wrong_with_it() {
    let options = limited("reads=1/1,writes=1/1");
    let app = init_service(app(FakeStore::ThreeUsers.service(), &options)).await;
    let ask = async |request| ask_app(&app, with(request, "1")).await.outcome().0;
    assert_eq!(ask(get("/nothing")).await, 404);
    assert_eq!(ask(get("/nothing")).await, 429);
    assert_eq!(ask(post("/users", "{")).await, 400);
    assert_eq!(ask(post("/users", "{")).await, 429);
    assert_eq!(
        ask(get("/health")).await,
        200,
        "a check of its health is never one too many"
    );
}

#[actix_web::test]
async fn the_system_may_do_as_it_likes() {
    let options = limited("reads=1/1");
    let app = init_service(app(FakeStore::ThreeUsers.service(), &options)).await;
    for _ in 0..30 {
        let told = ask_app(&app, with(get("/users/1"), "system")).await;
        assert_eq!((told.status, told.header("RateLimit")), (200, ""));
    }
}

#[actix_web::test]
async fn in_open_mode_limits_go_by_who_a_request_says_it_is_from() {
    let options = HttpOptions {
        authenticate: None,
        ..limited("reads=1/1")
    };
    let app = init_service(app(FakeStore::ThreeUsers.service(), &options)).await;
    let ask = async |user: &str| {
        let request = get("/users/1").insert_header(("X-User-Id", user));
        ask_app(&app, request).await.status
    };
    assert_eq!(
        (ask("1").await, ask("2").await, ask("1").await),
        (200, 200, 429)
    );
}

const PAGE: &str = "https://app.example.org";

fn listing() -> HttpOptions {
    HttpOptions {
        cors_origins: vec![PAGE.parse().unwrap()],
        ..asking()
    }
}

fn preflight(origin: &str) -> TestRequest {
    request("OPTIONS", "/messages")
        .insert_header((header::ORIGIN, origin))
        .insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "POST"))
}

#[actix_web::test]
async fn a_listed_page_may_ask_for_leave_without_credentials() {
    let told = ask_server(FakeStore::Panics, &listing(), preflight(PAGE)).await;
    assert_eq!(told.status, 204);
    assert_eq!(told.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), PAGE);
    assert!(
        told.header(header::ACCESS_CONTROL_ALLOW_METHODS)
            .contains("PATCH")
    );
    assert!(
        told.header(header::ACCESS_CONTROL_ALLOW_HEADERS)
            .contains("Authorization")
    );
    assert_eq!(told.header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "");
    assert_eq!(told.header(header::VARY), "Origin");
}

#[actix_web::test]
async fn a_listed_page_may_read_answers_and_refusals() {
    for (token, status) in [("1", 200), ("x", 401)] {
        let request = with(get("/users/1"), token).insert_header((header::ORIGIN, PAGE));
        let told = ask_server(FakeStore::ThreeUsers, &listing(), request).await;
        assert_eq!(told.status, status);
        assert_eq!(told.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), PAGE);
        assert!(
            told.header(header::ACCESS_CONTROL_EXPOSE_HEADERS)
                .contains("X-Request-Id")
        );
    }
}

#[rstest]
#[case::listed_elsewhere(listing(), "https://other.example.org", "Origin")]
#[case::nothing_listed(asking(), PAGE, "")]
#[actix_web::test]
async fn any_other_page_gets_no_leave(
    #[case] options: HttpOptions,
    #[case] origin: &str,
    #[case] vary: &str,
) {
    let told = ask_server(FakeStore::ThreeUsers, &options, preflight(origin)).await;
    assert_eq!(told.outcome(), (401, "authentication_required"));
    assert_eq!(told.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
    assert_eq!(told.header(header::VARY), vary);
    let request = with(get("/users/1"), "1").insert_header((header::ORIGIN, origin));
    let told = ask_server(FakeStore::ThreeUsers, &options, request).await;
    assert_eq!(
        (
            told.status,
            told.header(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        ),
        (200, "")
    );
}

#[actix_web::test]
async fn a_listed_page_passes_the_gate_of_open_mode() {
    let options = HttpOptions {
        authenticate: None,
        ..listing()
    };
    let ask = async |origin: &str| {
        let request = get("/users/1").insert_header((header::ORIGIN, origin.to_owned()));
        ask_server(FakeStore::ThreeUsers, &options, request)
            .await
            .outcome()
            .0
    };
    assert_eq!(ask(PAGE).await, 200);
    assert_eq!(ask("https://other.example.org").await, 403);
}

#[actix_web::test]
async fn every_answer_says_what_browsers_must_not_do_with_it() {
    for request in [with(get("/users"), "1"), get("/users/1"), get("/health")] {
        let told = ask(request).await;
        assert_eq!(told.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(
            told.header(header::CONTENT_SECURITY_POLICY),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(told.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(told.header(header::REFERRER_POLICY), "no-referrer");
        assert_eq!(told.header("Cross-Origin-Resource-Policy"), "same-origin");
        assert_eq!(told.header(header::STRICT_TRANSPORT_SECURITY), "");
    }
    // The page of the document has a policy of its own.
    let page = ask(get("/docs/")).await;
    assert!(
        page.header(header::CONTENT_SECURITY_POLICY)
            .contains("style-src")
    );
}
