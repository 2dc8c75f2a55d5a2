//! The log of the production binary: one line for each request, and nothing that it should not say.

use serde_json::json;

use crate::support::{Data, Process, Request, server_command};

const SECRET: &str = "hush7f3a";

/// The access lines of a log about the request with this id, from the method on.
fn lines<'l>(log: &'l str, id: &str) -> Vec<&'l str> {
    let id = format!(" id={id} ");
    let about = log.lines().filter(|line| line.contains(&id));
    about
        .map(|line| {
            line.split_once("chat_http::access] ")
                .expect("its target")
                .1
        })
        .collect()
}

#[test]
fn each_request_has_one_line_and_nothing_secret() {
    let data = Data::new();
    let process = Process::start(&data);
    let user = |name: &str| json!({"username": name, "email": format!("{name}@{SECRET}.org")});
    let text = json!({"receiver_id": 2, "type": "text", "content": SECRET});
    let bearer = format!("Bearer {SECRET}");
    let request = |method, target: &str| Request::new(method, &target.replace('*', SECRET));
    let post = |target, body| request("POST", target).json(body);
    let all = [
        (post("/users", &user("ada")), "POST /users 201 actor=system"),
        (
            post("/users", &user(SECRET)),
            "POST /users 201 actor=system",
        ),
        (
            post("/users", &user(SECRET)),
            "POST /users 409 actor=system",
        ),
        (
            post("/messages", &text).header("X-User-Id", "1"),
            "POST /messages 201 actor=user:1",
        ),
        (
            request("GET", "/messages/1").header("X-User-Id", "2"),
            "GET /messages/{id} 200 actor=user:2",
        ),
        (
            request("GET", "/messages/unseen/2"),
            "GET /messages/unseen/{user_id} 200 actor=user:2",
        ),
        (
            request("GET", "/users/1").header("X-User-Id", "99"),
            "GET /users/{id} 401 actor=user:99",
        ),
        (
            request("GET", "/users").header("Authorization", &bearer),
            "GET /users 400 actor=-",
        ),
        (
            request("GET", "/users/*?*=*"),
            "GET /users/{id} 400 actor=-",
        ),
        (request("GET", "/*"), "GET unmatched 404 actor=-"),
        (request(SECRET, "/users"), "other /users 405 actor=-"),
        (
            request("GET", "/users").header("Host", &format!("{SECRET}.example")),
            "GET unmatched 403 actor=-",
        ),
        (request("GET", "/health"), "GET /health 200 actor=-"),
    ];
    let mut expected = Vec::new();
    for (number, (request, line)) in all.into_iter().enumerate() {
        let id = format!("request-{number}");
        let request = request.header("X-Request-Id", &id);
        let answer = request.send(process.address());
        assert_eq!(answer.header("x-request-id"), Some(&*id), "{line}");
        expected.push((id, line));
    }
    // One without an id gets it from the server, in its answer as in the log.
    let answer = request("GET", "/users/1").send(process.address());
    let given = answer.header("x-request-id").expect("an id").to_owned();
    expected.push((given, "GET /users/{id} 200 actor=system"));

    let log = process.terminate_and_read();
    for (id, expected) in &expected {
        let lines = lines(&log, id);
        let [line] = lines.as_slice() else {
            panic!("{expected}: {lines:?}");
        };
        let words: Vec<_> = line.split(' ').collect();
        let [method, route, status, time, _, actor] = words[..] else {
            panic!("{line}");
        };
        assert_eq!(format!("{method} {route} {status} {actor}"), *expected);
        let micros = time.strip_suffix("us").expect("microseconds");
        assert!(micros.parse::<u64>().is_ok(), "{line}");
    }
    assert_eq!(log.matches("chat_http::access]").count(), expected.len());
    assert!(!log.contains(SECRET), "{log}");
}

#[test]
fn the_lines_can_be_turned_off() {
    let data = Data::new();
    let mut command = server_command();
    command
        .env("RUST_LOG", "info,chat_http::access=off")
        .args(["--listen", "127.0.0.1:0"]);
    let process = Process::spawn(data.of(&mut command));
    Request::new("GET", "/health")
        .send(process.address())
        .expect(200);
    let log = process.terminate_and_read();
    assert!(log.contains("stopped") && !log.contains("/health"), "{log}");
}
