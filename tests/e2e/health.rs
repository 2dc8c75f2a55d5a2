//! Health: for people, for the process, for its readiness.

use serde_json::json;

use crate::support::{App, Request};

#[test]
fn health_needs_nobody() {
    let app = App::start();
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(
            app.as_system().get(path).expect(200),
            json!({"status": "ok"}),
            "{path}"
        );
        app.as_user(99).get(path).expect(200);
    }
}

#[test]
fn every_answer_has_a_request_id_and_keeps_a_good_one() {
    let app = App::start();
    let ask = |id: Option<&str>| {
        let request = Request::new("GET", "/health");
        let request = match id {
            Some(id) => request.header("X-Request-Id", id),
            None => request,
        };
        request
            .send(app.address())
            .header("x-request-id")
            .expect("an id")
            .to_owned()
    };
    assert_eq!(ask(Some("Trace-1.a_b")), "Trace-1.a_b");
    assert_eq!(ask(Some(&"a".repeat(128))).len(), 128);
    for bad in ["", "a b", "a,b", "é", &"a".repeat(129)] {
        assert_ne!(ask(Some(bad)), bad);
    }
    assert_ne!(ask(None), ask(None));
}

#[test]
fn head_is_get_without_a_body_and_options_tells_what_is_allowed() {
    let app = App::start();
    let ada = app.user("ada");
    let get = app.as_system().get("/users");
    let head = Request::new("HEAD", "/users").send(app.address());
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert_eq!(
        head.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let missing = Request::new("HEAD", "/users/99").send(app.address());
    assert_eq!((missing.status, missing.body.len()), (404, 0));

    let options = Request::new("OPTIONS", &format!("/users/{ada}")).send(app.address());
    assert_eq!((options.status, options.body.len()), (204, 0));
    assert_eq!(
        options.header("allow"),
        Some("GET, HEAD, PATCH, DELETE, OPTIONS")
    );
    let wrong = Request::new("PUT", "/messages").send(app.address());
    wrong.problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    Request::new("FOO", "/users")
        .send(app.address())
        .problem(405, "method_not_allowed");
    for path in [
        "/",
        "/users/",
        "/user",
        "/health/",
        "/users/1/2",
        "//users",
        "/messages/unseen",
    ] {
        let expected = if path == "/messages/unseen" { 400 } else { 404 };
        assert_eq!(app.as_system().get(path).status, expected, "{path}");
    }
    app.as_system()
        .get("/nowhere")
        .problem(404, "route_not_found");
}
