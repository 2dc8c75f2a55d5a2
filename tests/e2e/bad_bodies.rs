//! Bad JSON bodies, for every field of every route that takes one: each is 400 with every bad field
//! named, and changes nothing.

use serde_json::{Value, json};

use crate::support::{Answer, App, Request, digest, pairs};

mod table;

use table::{Needed, Route, routes, wrong};

/// Sends a body as the system.
fn send(app: &App, method: &str, path: &str, body: &Value) -> Answer {
    let request = app.as_system().request(method, path);
    request.json(body).send(app.address())
}

#[test]
fn every_wrong_value_of_every_field_is_named() {
    let app = App::populated();
    let before = digest(&app.database());
    for Route {
        method,
        path,
        good,
        fields,
    } in routes()
    {
        for (field, kind, needed) in fields {
            for (value, code) in wrong(*kind) {
                let mut body = good.clone();
                body[field] = value.clone();
                let found = send(&app, method, path, &body).faults();
                let blank = *field == "content" && value == "";
                let expected = if blank { "required" } else { code };
                let named = found
                    .iter()
                    .any(|(f, c)| f == field && (c == code || c == expected));
                assert!(named, "{path} {field} {value}: {found:?}");
            }
            for absent in [true, false] {
                let mut body = good.clone();
                if absent {
                    body.as_object_mut().expect("an object").remove(*field);
                } else {
                    body[field] = Value::Null;
                }
                let needed = match needed {
                    Needed::Always => true,
                    Needed::Kept => !absent,
                    Needed::No => false,
                };
                if needed {
                    let found = send(&app, method, path, &body).faults();
                    let named = found.iter().any(|(f, c)| f == field && c == "required");
                    assert!(named, "{path} without {field}: {found:?}");
                }
            }
        }
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn unknown_and_repeated_fields_are_named_beside_the_bad_ones() {
    let app = App::populated();
    let before = digest(&app.database());
    for Route {
        method,
        path,
        good,
        fields,
    } in routes()
    {
        let mut text = good.to_string();
        text.truncate(text.len() - 1);
        let (field, kind, _) = fields[0];
        // The first field once more, an unknown one, and nothing else wrong.
        let body = format!("{text},\"{field}\":{},\"nope\":1}}", good[field]);
        let request = Request::new(method, path).header("Content-Type", "application/json");
        let found = request.clone().body(body).send(app.address()).faults();
        assert_eq!(
            found,
            pairs(&[(field, "repeated"), ("nope", "unknown")]),
            "{path}"
        );
        // A bad value of another field is named in the same answer.
        if let Some((other, other_kind, _)) = fields.get(1) {
            let (first, first_code) = wrong(kind).swap_remove(0);
            let (second, second_code) = wrong(*other_kind).swap_remove(0);
            let mut body = good.clone();
            body[field] = first;
            body[other] = second;
            body["nope"] = json!({"deep": [1, 2]});
            let found = send(&app, method, path, &body).faults();
            let expected = pairs(&[
                (field, first_code),
                (other, second_code),
                ("nope", "unknown"),
            ]);
            assert_eq!(found, expected, "{path}");
        }
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn a_message_says_what_goes_with_what() {
    let app = App::populated();
    let before = digest(&app.database());
    let send = |body: Value| app.as_system().post("/messages", &body).faults();
    let text = |extra: Value| {
        let mut body = json!({"sender_id": 1, "receiver_id": 2, "type": "text", "content": "hi"});
        for (key, value) in extra.as_object().expect("an object") {
            body[key] = value.clone();
        }
        body
    };
    let both = send(text(json!({"group_id": 1})));
    assert_eq!(
        both,
        pairs(&[("group_id", "conflict"), ("receiver_id", "conflict")])
    );
    let neither = send(text(json!({"receiver_id": null})));
    assert_eq!(
        neither,
        pairs(&[("group_id", "required"), ("receiver_id", "required")])
    );
    assert_eq!(
        send(text(json!({"file_id": 1}))),
        pairs(&[("file_id", "conflict")])
    );
    assert_eq!(
        send(text(json!({"receiver_id": 1}))),
        pairs(&[("receiver_id", "conflict")])
    );
    assert_eq!(
        send(text(json!({"content": " \n\u{3000}"}))),
        pairs(&[("content", "format")])
    );
    assert_eq!(
        send(text(json!({"content": "a\u{0}"}))),
        pairs(&[("content", "format")])
    );
    assert_eq!(
        send(text(json!({"type": "image"}))),
        pairs(&[("file_id", "required")])
    );
    assert_eq!(
        send(text(json!({"type": "file"}))),
        pairs(&[("file_id", "required")])
    );
    assert_eq!(
        send(json!({"type": "text"})),
        pairs(&[
            ("content", "required"),
            ("group_id", "required"),
            ("receiver_id", "required"),
            ("sender_id", "required")
        ])
    );
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn addresses_and_urls_have_a_form() {
    let app = App::populated();
    let before = digest(&app.database());
    for email in [
        "a",
        "a@",
        "@b.org",
        "a b@c.org",
        "a@b.org\n",
        "a@b@c.org",
        "a\u{0}@b.org",
    ] {
        let found = app
            .as_system()
            .post("/users", &json!({"username": "cyd", "email": email}));
        assert_eq!(found.faults(), pairs(&[("email", "format")]), "{email:?}");
    }
    for url in [
        "a",
        "/a",
        "ftp://a",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://",
        " http://a",
    ] {
        let found = app.as_system().post("/files", &json!({"url": url}));
        assert_eq!(found.faults(), pairs(&[("url", "format")]), "{url:?}");
    }
    for kind in [
        "png",
        "image/",
        "Image/png",
        "image/png; q=1",
        "image/p\u{0}ng",
    ] {
        let found = app
            .as_system()
            .post("/files", &json!({"url": "http://a", "type": kind}));
        assert_eq!(found.faults(), pairs(&[("type", "format")]), "{kind:?}");
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let app = App::populated();
    let before = digest(&app.database());
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(20_000), "}".repeat(20_000));
    for Route {
        method, path, good, ..
    } in routes()
    {
        let post = |body: Vec<u8>| {
            let request = Request::new(method, path).header("Content-Type", "application/json");
            request.body(body).send(app.address())
        };
        for body in [
            "[]",
            "null",
            "1",
            "\"a\"",
            "true",
            "[\"cyd\",\"cyd@example.org\"]",
            "[1,\"member\"]",
        ] {
            let found = post(body.into()).faults();
            assert_eq!(found[0].1, "type", "{path} {body}: {found:?}");
        }
        let trailing = format!("{good}x");
        let twice = format!("{good}{good}");
        for body in [
            "{",
            "}",
            "{\"a\"}",
            "{'a':1}",
            "{\"a\":1,}",
            "nul",
            &trailing,
            &twice,
        ] {
            post(body.into()).problem(400, "malformed_json");
        }
        post(b"{\"a\":\"\xff\"}".to_vec()).problem(400, "malformed_json");
        post(b"\xef\xbb\xbf{}".to_vec()).problem(400, "malformed_json");
        assert_eq!(post(deep.clone().into()).status, 400);
        assert_eq!(post(deep_object.clone().into()).status, 400);
        let request = Request::new(method, path).header("Content-Type", "application/json");
        assert_eq!(request.send(app.address()).status, 400, "no body at all");
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn a_body_is_json_in_utf_8_of_bounded_size() {
    let app = App::populated();
    let before = digest(&app.database());
    for Route {
        method, path, good, ..
    } in routes()
    {
        let post = |kind: Option<&str>, body: String| {
            let request = Request::new(method, path).body(body);
            match kind {
                Some(kind) => request.header("Content-Type", kind),
                None => request,
            }
        };
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "application/json; charset=latin1",
            "",
            "json",
            "application/json, text/plain",
        ] {
            let answer = post(Some(kind), good.to_string()).send(app.address());
            answer.problem(415, "unsupported_media_type");
        }
        post(None, good.to_string())
            .send(app.address())
            .problem(415, "unsupported_media_type");
        let gzip =
            post(Some("application/json"), good.to_string()).header("Content-Encoding", "gzip");
        gzip.send(app.address())
            .problem(415, "unsupported_media_type");

        let json = |body: String| post(Some("application/json; charset=UTF-8"), body);
        let limit = 256 * 1024;
        let padded = |size: usize| format!("{{{}}}", " ".repeat(size - 2));
        // A body that says nothing is a good patch.
        let within = if method == "PATCH" { 200 } else { 400 };
        assert_eq!(
            json(padded(limit)).send(app.address()).status,
            within,
            "just within the limit"
        );
        json(padded(limit + 1))
            .send(app.address())
            .problem(413, "payload_too_large");
        // Refused by what it declares, without reading it; and cut off where it declares nothing.
        let declared = json("{}".to_owned()).header("Content-Length", "99999999999");
        declared
            .send(app.address())
            .problem(413, "payload_too_large");
        let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", limit + 1, " ".repeat(limit + 1));
        let chunked = json(chunk).header("Transfer-Encoding", "chunked");
        chunked
            .send(app.address())
            .problem(413, "payload_too_large");
    }
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn what_the_good_bodies_say_is_accepted() {
    let app = App::populated();
    app.as_user(1)
        .post("/files", &json!({"url": "https://example.org/1"}))
        .expect(201);
    for Route {
        method, path, good, ..
    } in routes()
    {
        let message_with_file = good.get("file_id").is_some();
        let client = if message_with_file {
            app.as_user(1)
        } else {
            app.as_system()
        };
        let answer = client.request(method, path).json(&good).send(app.address());
        assert!(
            matches!(answer.status, 200 | 201),
            "{path}: {}",
            answer.text()
        );
    }
}
