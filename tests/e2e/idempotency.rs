//! Retries: a change under an idempotency key is made once, and its first answer comes again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, App, Data, Process, Request, digest, execute, hex_bytes};

/// Every change that there is, with who asks for it, in an order in which each can be made on an
/// empty database; the last field is its status.
fn changes() -> Vec<(Option<i64>, &'static str, &'static str, Value, u16)> {
    let system = None;
    let [ada, bob] = [Some(1), Some(2)];
    let user = |name| json!({"username": name, "email": format!("{name}@example.org")});
    let none = Value::Null;
    vec![
        (system, "POST", "/users", user("ada"), 201),
        (system, "POST", "/users", user("bob"), 201),
        (ada, "POST", "/groups", json!({"name": "team"}), 201),
        (ada, "POST", "/groups/1/members", json!({"user_id": 2}), 201),
        (
            ada,
            "POST",
            "/groups/1/members",
            json!({"user_id": 2, "role": "admin"}),
            200,
        ),
        (
            ada,
            "POST",
            "/files",
            json!({"url": "https://example.org"}),
            201,
        ),
        (
            ada,
            "POST",
            "/messages",
            json!({"group_id": 1, "type": "text", "content": "hi"}),
            201,
        ),
        (bob, "POST", "/messages/1/seen", json!({"up_to": true}), 200),
        (ada, "POST", "/uploads", none.clone(), 201),
        (ada, "DELETE", "/uploads/1", none.clone(), 204),
        (ada, "DELETE", "/files/1", none.clone(), 204),
        (ada, "DELETE", "/messages/1", none.clone(), 204),
        (ada, "DELETE", "/groups/1/members/2", none.clone(), 204),
        (ada, "PATCH", "/groups/1", json!({"name": "crew"}), 200),
        (ada, "DELETE", "/groups/1", none.clone(), 204),
        (
            ada,
            "PATCH",
            "/users/1",
            json!({"username": "countess"}),
            200,
        ),
        (system, "DELETE", "/users/2", none, 204),
    ]
}

fn request(actor: Option<i64>, method: &str, path: &str, body: &Value, key: &str) -> Request {
    let mut request = Request::new(method, path)
        .header("Idempotency-Key", key)
        .fit_for(method, path);
    if let Some(id) = actor {
        request = request.header("X-User-Id", &id.to_string());
    }
    if *body == Value::Null {
        request
    } else {
        request.json(body)
    }
}

/// What of an answer must come again.
fn told(answer: &Answer) -> (u16, Vec<u8>, [Option<String>; 3]) {
    let header = |name| answer.header(name).map(str::to_owned);
    (
        answer.status,
        answer.body.clone(),
        ["location", "content-type", "upload-expires"].map(header),
    )
}

#[test]
fn every_change_is_made_once_also_across_a_kill_9() {
    let data = Data::new();
    let mut process = Process::start(&data);
    let database = data.database();
    let mut covered = std::collections::BTreeSet::new();
    for (number, (actor, method, path, body, status)) in changes().into_iter().enumerate() {
        let request = request(actor, method, path, &body, &format!("change-{number}"));
        let first = request.send(process.address());
        assert_eq!(first.status, status, "{method} {path}: {}", first.text());
        assert_eq!(first.header("idempotency-replayed"), None);
        let before = digest(&database);
        // On the same process, and on the next.
        for kill in [false, true] {
            if kill && number % 3 == 0 {
                process.kill();
                process = Process::start(&data);
            }
            let again = request.send(process.address());
            assert_eq!(told(&again), told(&first), "{method} {path}");
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
        }
        assert_eq!(digest(&database), before, "{method} {path}");
        covered.insert((method.to_owned(), shape(path)));
    }
    let mutating: std::collections::BTreeSet<_> = chat_http::routes()
        .into_iter()
        // A part of an upload is safe to repeat by its offset; another ticket does no harm, and what lets
        // somebody in is not kept.
        .filter(|(method, path)| match method.as_str() {
            "POST" if *path == "/tickets" => false,
            "GET" | "HEAD" => false,
            "PATCH" => !path.starts_with("/uploads"),
            _ => true,
        })
        .map(|(method, path)| (method, shape(path)))
        .collect();
    assert_eq!(covered, mutating);
}

/// The path with `*` for each id.
fn shape(path: &str) -> String {
    let is_id = |part: &str| part.starts_with('{') || part.parse::<i64>().is_ok();
    let parts = path
        .split('/')
        .map(|part| if is_id(part) { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn another_request_under_the_key_is_422() {
    let app = App::start();
    for (number, (actor, method, path, body, _)) in changes().into_iter().enumerate() {
        let key = format!("change-{number}");
        request(actor, method, path, &body, &key).send(app.address());
        let other = match (method, path) {
            ("POST", "/messages/1/seen") => request(actor, method, path, &json!({}), &key),
            (_, "/files") => request(
                actor,
                method,
                path,
                &json!({"url": "https://example.com"}),
                &key,
            ),
            _ => request(
                actor,
                "POST",
                "/files",
                &json!({"url": "https://example.com"}),
                &key,
            ),
        };
        other
            .send(app.address())
            .problem(422, "idempotency_mismatch");
    }
}

#[test]
fn spelling_does_not_make_another_request() {
    let app = App::start();
    app.users(["ada", "bob"]);
    let send = |user: Option<&str>, body: &str| {
        let mut request = Request::new("POST", "/messages")
            .header("Idempotency-Key", "k")
            .header("Content-Type", "application/json");
        if let Some(user) = user {
            request = request.header("X-User-Id", user);
        }
        request.body(body).send(app.address())
    };
    let first = send(
        Some("1"),
        r#"{"receiver_id":2,"type":"text","content":"hé"}"#,
    );
    assert_eq!(first.status, 201);
    for (user, body) in [
        (
            Some("1"),
            r#"{ "content" : "hé", "type":"text", "receiver_id":2 }"#,
        ),
        (
            None,
            r#"{"sender_id":1,"receiver_id":2,"type":"text","content":"hé","file_id":null}"#,
        ),
    ] {
        let again = send(user, body);
        assert_eq!(told(&again), told(&first), "{body}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    send(
        Some("1"),
        r#"{"receiver_id":2,"type":"text","content":"hé "}"#,
    )
    .problem(422, "idempotency_mismatch");
    assert_eq!(app.unseen(2), 1);
}

#[test]
fn a_failed_call_does_not_burn_its_key() {
    let app = App::start();
    app.user("ada");
    let hi = json!({"receiver_id": 2, "type": "text", "content": "hi"});
    let send = || request(Some(1), "POST", "/messages", &hi, "k").send(app.address());
    send().problem(404, "user_not_found");
    app.user("bob");
    assert_eq!(send().expect(201)["id"], 1);
    assert_eq!(send().header("idempotency-replayed"), Some("true"));
}

#[test]
fn a_key_is_its_actors_own() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    for (actor, receiver, id) in [(ada, bob, 1), (bob, ada, 2)] {
        let hi = json!({"receiver_id": receiver, "type": "text", "content": "hi"});
        let sent = request(Some(actor), "POST", "/messages", &hi, "k").send(app.address());
        assert_eq!(sent.expect(201)["id"], id);
    }
}

#[test]
fn checks_come_in_their_order() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let hi = json!({"receiver_id": bob, "type": "text", "content": "hi"});
    let send = |actor: i64, body: &Value, key: &str| {
        request(Some(actor), "POST", "/messages", body, key).send(app.address())
    };
    send(ada, &hi, "k").expect(201);
    // 401, 400 and 403 of the actor are told before anything is said of the key.
    send(99, &hi, "k").problem(401, "unknown_actor");
    send(99, &hi, "").problem(401, "unknown_actor");
    let bad = json!({"receiver_id": bob, "type": "text", "content": ""});
    send(ada, &bad, "k").problem(400, "validation_failed");
    let mismatch = json!({"sender_id": bob, "receiver_id": ada, "type": "text", "content": "hi"});
    send(ada, &mismatch, "k").problem(403, "actor_mismatch");
    // The key's own refusal before those of the things.
    let missing = json!({"receiver_id": 98, "type": "text", "content": "hi"});
    send(ada, &missing, "k").problem(422, "idempotency_mismatch");
    send(ada, &missing, "l").problem(404, "user_not_found");
    // What was made and is gone since is still answered.
    app.as_user(ada).delete("/messages/1").expect(204);
    assert_eq!(send(ada, &hi, "k").expect(201)["id"], 1);
}

#[test]
fn a_key_that_is_none_is_named_with_the_other_bad_fields() {
    let app = App::start();
    let body = json!({"username": "", "email": "ada@example.org"});
    let long = "k".repeat(256);
    for (key, code) in [
        ("", "length"),
        (long.as_str(), "length"),
        ("a b", "format"),
        ("é", "format"),
    ] {
        let refused = request(None, "POST", "/users", &body, key).send(app.address());
        let expected = [("Idempotency-Key", code), ("username", "length")];
        assert_eq!(
            refused.faults(),
            crate::support::pairs(&expected),
            "{key:?}"
        );
        let refused = request(None, "DELETE", "/groups/0", &Value::Null, key).send(app.address());
        let expected = [("Idempotency-Key", code), ("id", "range")];
        assert_eq!(
            refused.faults(),
            crate::support::pairs(&expected),
            "{key:?}"
        );
    }
    let twice = request(None, "POST", "/users", &body, "k").header("Idempotency-Key", "k");
    assert_eq!(twice.send(app.address()).faults()[0].1, "repeated");
    // Where nothing is changed it means nothing.
    let asked = Request::new("GET", "/users").header("Idempotency-Key", "");
    asked.send(app.address()).expect(200);
}

#[test]
fn twins_at_the_same_time_make_one_change() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let hi = json!({"receiver_id": bob, "type": "text", "content": "hi"});
    for round in 1..=10 {
        let key = format!("round-{round}");
        let twins: Vec<Answer> = std::thread::scope(|scope| {
            let send = || request(Some(ada), "POST", "/messages", &hi, &key).send(app.address());
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let fresh = twins
            .iter()
            .filter(|twin| twin.header("idempotency-replayed").is_none());
        assert_eq!(fresh.count(), 1);
        assert!(twins.iter().all(|twin| told(twin) == told(&twins[0])));
    }
    assert_eq!(app.unseen(bob), 10);
}

#[test]
fn expired_keys_go_by_themselves() {
    let app = App::start_with(&[("idempotency_ttl", "1s")]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let hi = json!({"receiver_id": bob, "type": "text", "content": "hi"});
    for number in 0..5 {
        let key = format!("k-{number}");
        let sent = request(Some(ada), "POST", "/messages", &hi, &key).send(app.address());
        assert_eq!(sent.expect(201)["id"], number + 1);
    }
    let kept = || {
        let rows = digest(&app.database());
        rows.iter()
            .filter(|row| row.starts_with("idempotency_keys: "))
            .count()
    };
    let begun = std::time::Instant::now();
    while kept() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "they stay");
        std::thread::sleep(Duration::from_millis(50));
    }
    let anew = request(Some(ada), "POST", "/messages", &hi, "k-0").send(app.address());
    assert_eq!(anew.expect(201)["id"], 6);
}

#[test]
fn an_answer_that_can_not_be_read_any_more_is_500_and_changes_nothing() {
    let app = App::start();
    let user = json!({"username": "ada", "email": "ada@example.org"});
    let create = || request(None, "POST", "/users", &user, "k").send(app.address());
    create().expect(201);
    let database = app.database();
    let other = hex_bytes(&database, "00");
    execute(
        &database,
        &format!("UPDATE idempotency_keys SET answer = {other}"),
    );
    create().problem(500, "internal");
    assert_eq!(app.as_system().ids("/users"), [1]);
}
