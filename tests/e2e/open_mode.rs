//! Open mode: who acts, and who may reach it at all.

use serde_json::{Value, json};

use crate::support::{App, Request};

/// A good body for a route that takes one, about things that do not exist.
fn body(path: &str) -> Value {
    match path {
        "/users" => json!({"username": "a", "email": "a@b.org"}),
        "/groups" => json!({"name": "team"}),
        "/groups/{id}/members" => json!({"user_id": 97}),
        "/messages" => json!({"receiver_id": 98, "type": "text", "content": "hi"}),
        "/messages/{id}/seen" => json!({}),
        "/files" => json!({"url": "https://example.org"}),
        "/tickets" => json!({}),
        other => panic!("POST {other} has no body here yet; add one"),
    }
}

#[test]
fn an_unknown_actor_is_401_on_every_route() {
    let app = App::start();
    let anonymous = chat_http::anonymous_routes();
    for (method, path) in chat_http::routes() {
        // Where anyone may do anything, nobody who watches is asked for either.
        if anonymous.contains(&(method.clone(), path)) || path == "/metrics" {
            continue;
        }
        let mut target = path.replace("{id}", "98").replace("{user_id}", "99");
        if (method.as_str(), path) == ("GET", "/messages") {
            target += "?group_id=98";
        }
        let request = Request::new(&method, &target).header("X-User-Id", "99");
        let request = match method.as_str() {
            "POST" if path != "/uploads" => request.json(&body(path)),
            _ => request.fit_for(&method, path),
        };
        let answer = request.send(app.address());
        match method.as_str() {
            "HEAD" => assert_eq!(answer.status, 401, "{path}"),
            _ => drop(answer.problem(401, "unknown_actor")),
        }
    }
}

#[test]
fn what_asks_nobody_who_acts_is_known() {
    let anonymous = [
        "/health",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/docs/",
        "/docs/{file}",
    ];
    let anonymous = anonymous.map(|path| ("GET".to_owned(), path));
    assert_eq!(chat_http::anonymous_routes(), anonymous);
    let app = App::start();
    let metrics = ("GET".to_owned(), "/metrics");
    for (_, path) in anonymous.into_iter().chain([metrics]) {
        let path = path.replace("{file}", "index.html");
        let status = app.as_user(99).get(&path).status;
        assert!(matches!(status, 200 | 308), "{path}: {status}");
        // Nor is it told before what is wrong with the request itself.
        app.as_user(99)
            .delete(&path)
            .problem(405, "method_not_allowed");
    }
}

#[test]
fn an_unknown_actor_is_401_before_everything_that_is_wrong_too() {
    let app = App::start();
    let ghost = app.as_user(99);
    ghost
        .get("/messages?receiver_id=98")
        .problem(401, "unknown_actor");
    // 401 comes before what the transport itself refuses.
    ghost.get("/nowhere").problem(401, "unknown_actor");
    ghost.delete("/users").problem(401, "unknown_actor");
    ghost
        .post("/users", &json!([]))
        .problem(401, "unknown_actor");
    ghost.get("/users?limit=0").problem(401, "unknown_actor");
    ghost
        .get("/messages/unseen/1")
        .problem(401, "unknown_actor");
}

#[test]
fn who_calls_is_told_before_what_is_too_large_or_empty() {
    let app = App::start_with(&[("max_file_size", "1000")]);
    app.users(["ada", "bob"]);
    let form = |path: &str| {
        let form = Request::new("POST", path)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .header("Content-Length", "20000000");
        (form, 413, "file_too_large")
    };
    let upload = |length: &str, status, code| {
        let upload = Request::new("POST", "/uploads").tus();
        (upload.header("Upload-Length", length), status, code)
    };
    let json = Request::new("POST", "/users").header("Content-Type", "application/json");
    for (request, status, code) in [
        form("/files"),
        form("/messages"),
        upload("99999999", 413, "file_too_large"),
        upload("0", 400, "file_empty"),
        (
            json.header("Content-Length", "9999999"),
            413,
            "payload_too_large",
        ),
    ] {
        let ask = |headers: &[(&str, &str)]| {
            let named = headers.iter();
            named
                .fold(request.clone(), |request, (name, value)| {
                    request.header(name, value)
                })
                .send(app.address())
        };
        let (token, ghost) = (("Authorization", "Bearer x"), ("X-User-Id", "99"));
        ask(&[]).problem(status, code);
        ask(&[("X-User-Id", "1")]).problem(status, code);
        ask(&[ghost]).problem(401, "unknown_actor");
        ask(&[token]).problem(400, "open_mode");
        ask(&[token, ghost]).problem(400, "open_mode");
    }
}

#[test]
fn a_malformed_header_is_400() {
    let app = App::start();
    for bad in [
        "",
        "ada",
        "0",
        "-1",
        "1.0",
        "9007199254740992",
        "1,2",
        "+1",
        " 1 2",
    ] {
        let answer = Request::new("GET", "/users")
            .header("X-User-Id", bad)
            .send(app.address());
        assert_eq!(answer.faults()[0].0, "X-User-Id", "{bad:?}");
    }
    let twice = Request::new("GET", "/users")
        .header("X-User-Id", "1")
        .header("X-User-Id", "1");
    assert_eq!(
        twice.send(app.address()).faults(),
        [("X-User-Id".into(), "repeated".into())]
    );
}

#[test]
fn an_acting_field_must_name_the_actor() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let message = app.tell(bob, ada, "hi");
    let text = json!({"sender_id": bob, "receiver_id": bob, "type": "text", "content": "hi"});
    // What is invalid comes first, who is meant after it.
    assert_eq!(app.as_user(ada).post("/messages", &text).status, 400);
    let text = json!({"sender_id": bob, "receiver_id": ada, "type": "text", "content": "hi"});
    app.as_user(ada)
        .post("/messages", &text)
        .problem(403, "actor_mismatch");
    let path = format!("/messages/{message}/seen");
    app.as_user(ada)
        .post(&path, &json!({"user_id": bob}))
        .problem(403, "actor_mismatch");
    app.as_user(ada)
        .get(&format!("/messages/unseen/{bob}"))
        .problem(403, "actor_mismatch");
    app.as_user(bob).post("/messages", &text).expect(201);
}

#[test]
fn credentials_of_token_mode_are_refused() {
    let app = App::start();
    let request = Request::new("GET", "/users").header("Authorization", "Bearer x");
    request.send(app.address()).problem(400, "open_mode");
}

#[test]
fn a_web_page_does_not_reach_into_a_local_server() {
    let app = App::start();
    let ask = |name: &str, value: &str| {
        Request::new("GET", "/users")
            .header(name, value)
            .send(app.address())
    };
    for good in [
        "localhost",
        "localhost:8080",
        "127.0.0.1",
        "127.9.9.9:1",
        "[::1]:80",
        "LOCALHOST",
    ] {
        ask("Host", good).expect(200);
        ask("Origin", &format!("http://{good}")).expect(200);
    }
    for bad in [
        "example.org",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "192.168.1.1",
        "[::2]",
    ] {
        ask("Host", bad).problem(403, "host_not_allowed");
        ask("Origin", &format!("https://{bad}")).problem(403, "origin_not_allowed");
    }
    ask("Origin", "null").problem(403, "origin_not_allowed");
    let health = Request::new("GET", "/health")
        .header("Host", "evil.example")
        .send(app.address());
    health.problem(403, "host_not_allowed");
    let open = App::start_with(&[("insecure_open", "on")]);
    let anywhere = Request::new("GET", "/users").header("Host", "chat.example");
    anywhere
        .header("Origin", "https://chat.example")
        .send(open.address())
        .expect(200);
}
