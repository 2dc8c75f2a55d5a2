//! Bad paths, queries, methods and bytes: whatever can be read as HTTP gets its problem.

use crate::support::{App, Request, digest, exchange, pairs};

const BAD_IDS: [&str; 13] = [
    "0",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "one",
    "%20",
    "9007199254740992",
    "18446744073709551616",
    "%00",
    "%zz",
    "%ff",
    "1%2F2",
];

#[test]
fn ids_in_paths_are_ids() {
    let app = App::populated();
    let before = digest(&app.database());
    for (method, path, field) in [
        ("GET", "/users/{}", "id"),
        ("GET", "/groups/{}", "id"),
        ("PATCH", "/groups/{}", "id"),
        ("DELETE", "/groups/{}", "id"),
        ("GET", "/groups/{}/members", "id"),
        ("DELETE", "/groups/{}/members/1", "id"),
        ("DELETE", "/groups/1/members/{}", "user_id"),
        ("GET", "/messages/{}", "id"),
        ("DELETE", "/messages/{}", "id"),
        ("GET", "/messages/{}/seen", "id"),
        ("GET", "/messages/unseen/{}", "user_id"),
        ("GET", "/files/{}", "id"),
    ] {
        for bad in BAD_IDS {
            let mut request = Request::new(method, &path.replace("{}", bad));
            if method == "PATCH" {
                request = request.json(&serde_json::json!({}));
            }
            let answer = request.send(app.address());
            assert_eq!(
                answer.status,
                400,
                "{method} {path} {bad}: {}",
                answer.text()
            );
            assert_eq!(answer.faults()[0].0, field, "{method} {path} {bad}");
        }
    }
    let both = app.as_system().delete("/groups/0/members/x").faults();
    assert_eq!(
        both,
        [
            ("id".into(), "range".into()),
            ("user_id".into(), "type".into())
        ]
    );
    for path in ["/groups/0/members", "/messages/0/seen"] {
        let body = serde_json::json!({"user_id": 0});
        let found = app.as_system().post(path, &body).faults();
        assert!(
            found.iter().any(|(field, _)| field == "id"),
            "{path}: {found:?}"
        );
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn queries_are_read_strictly() {
    let app = App::populated();
    let faults = |target: &str| app.as_system().get(target).faults();
    let one = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
    for list in [
        "/users?",
        "/groups?",
        "/groups/1/members?",
        "/messages?group_id=1&",
        "/messages/1/seen?",
    ] {
        for bad in ["0", "201", "-1", "9007199254740992", "99999999999999999999"] {
            assert_eq!(
                faults(&format!("{list}limit={bad}")),
                one("limit", "range"),
                "{list}{bad}"
            );
        }
        for bad in ["", "x", "1.0", "+1", "%201", "1e1", "0x1"] {
            assert_eq!(
                faults(&format!("{list}limit={bad}")),
                one("limit", "type"),
                "{list}{bad}"
            );
        }
        assert_eq!(
            faults(&format!("{list}limit=1&limit=1")),
            one("limit", "repeated")
        );
        assert_eq!(faults(&format!("{list}limt=1")), one("limt", "unknown"));
        assert_eq!(faults(&format!("{list}limit=%zz")), one("limit", "format"));
        assert_eq!(faults(&format!("{list}limit=%f")), one("limit", "format"));
        assert_eq!(faults(&format!("{list}limit=%ff")), one("limit", "format"));
        for bad in ["0", "-1", "9007199254740992"] {
            assert_eq!(
                faults(&format!("{list}after={bad}")),
                one("after", "range"),
                "{list}{bad}"
            );
        }
    }
    // Several at once, and parameters where there are none.
    let several = faults("/messages?group_id=x&limit=0&offset=10001&nope=1");
    let expected = [
        ("group_id", "type"),
        ("limit", "range"),
        ("nope", "unknown"),
        ("offset", "range"),
    ];
    assert_eq!(several, expected.map(|(f, c)| (f.to_owned(), c.to_owned())));
    assert_eq!(faults("/users/1?verbose=1"), one("verbose", "unknown"));
    assert_eq!(faults("/messages/1?verbose=1"), one("verbose", "unknown"));
    assert_eq!(faults("/files/1?x"), one("x", "unknown"));
}

#[test]
fn a_listing_says_what_goes_with_what() {
    let app = App::populated();
    let faults = |query: &str| -> Vec<(String, String)> {
        app.as_system().get(&format!("/messages{query}")).faults()
    };
    assert_eq!(
        faults(""),
        pairs(&[("group_id", "required"), ("receiver_id", "required")])
    );
    assert_eq!(
        faults("?group_id=1&receiver_id=2"),
        pairs(&[("group_id", "conflict"), ("receiver_id", "conflict")])
    );
    assert_eq!(
        faults("?group_id=1&sender_id=1"),
        pairs(&[("sender_id", "conflict")])
    );
    assert_eq!(
        faults("?receiver_id=1&sender_id=1"),
        pairs(&[("receiver_id", "conflict")])
    );
    assert_eq!(
        faults("?group_id=1&before=1&after=1"),
        pairs(&[("after", "conflict"), ("before", "conflict")])
    );
    assert_eq!(
        faults("?group_id=1&around=1&offset=0"),
        pairs(&[("around", "conflict"), ("offset", "conflict")])
    );
    assert_eq!(
        faults("?group_id=1&offset=-1"),
        pairs(&[("offset", "range")])
    );
}

#[test]
fn every_method_on_every_path_is_answered() {
    let app = App::populated();
    let before = digest(&app.database());
    for (_, path) in chat_http::routes() {
        let path = &path.replace("{id}", "1").replace("{user_id}", "1");
        let options = Request::new("OPTIONS", path).send(app.address());
        assert_eq!(options.status, 204, "{path}");
        let allowed = options.header("allow").expect("an Allow header").to_owned();
        for method in ["PUT", "PATCH", "TRACE", "CONNECT", "FOO", "get", "PROPFIND"] {
            if allowed.contains(method) {
                continue;
            }
            let answer = Request::new(method, path).send(app.address());
            answer.problem(405, "method_not_allowed");
            assert_eq!(
                answer.header("allow"),
                Some(allowed.as_str()),
                "{method} {path}"
            );
        }
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn odd_bytes_are_answered_and_harm_nothing() {
    let app = App::populated();
    let host = format!("Host: {}\r\nConnection: close\r\n\r\n", app.address());
    let raw = |line: &[u8]| {
        let mut bytes = line.to_vec();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(host.as_bytes());
        exchange(app.address(), &bytes)
    };
    for (line, status) in [
        (&b"GET /users/%c3%28 HTTP/1.1"[..], 400),
        (b"GET /%ff HTTP/1.1", 404),
        (b"GET /%zz HTTP/1.1", 404),
        (b"GET /../../etc/passwd HTTP/1.1", 404),
        (b"GET /users/..%2f..%2fetc HTTP/1.1", 400),
        (b"GET /users? HTTP/1.1", 200),
        (b"GET /users?& HTTP/1.1", 200),
        (b"GET /users?= HTTP/1.1", 400),
        (b"GET http://localhost/users HTTP/1.1", 200),
        (b"GET http://evil.example/users HTTP/1.1", 403),
        (b"OPTIONS * HTTP/1.1", 404),
    ] {
        let answer = raw(line).unwrap_or_else(|e| panic!("{}: {e}", String::from_utf8_lossy(line)));
        let text = String::from_utf8_lossy(line).into_owned();
        assert_eq!(answer.status, status, "{text}: {}", answer.text());
        if status >= 400 {
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{text}"
            );
        }
    }
    // What is no HTTP is refused or cut off, and the server goes on.
    for line in [
        &b"\x00\x01\x02"[..],
        b"GET",
        b"GET  HTTP/1.1",
        b"GET /users HTTP/9.9",
        b"\xff\xfe /",
    ] {
        if let Ok(answer) = raw(line) {
            assert_eq!(answer.status / 100, 4, "{line:?}");
        }
    }
    let long = format!("GET /{} HTTP/1.1", "a".repeat(300_000));
    if let Ok(answer) = raw(long.as_bytes()) {
        assert_eq!(answer.status / 100, 4);
    }
    app.as_system().get("/health").expect(200);
}
