//! Conditional requests: what one has is not sent again, and what is not what one believes is not changed.

use serde_json::json;

use crate::support::{Answer, App, Client, Part};

/// Two users, a group of the first with the second in it, a message with a file of the first to the
/// second, and the file: each by its path, of which the first may do everything.
const THINGS: [&str; 4] = ["/users/1", "/groups/1", "/messages/1", "/files/1"];

fn told() -> (App, Client) {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    app.group("team", ada, &[bob]);
    let ada = app.as_user(ada);
    let file = json!({"url": "https://example.org/a", "name": "a"});
    ada.post("/files", &file).expect(201);
    let sent = json!({"receiver_id": bob, "type": "file", "file_id": 1});
    ada.post("/messages", &sent).expect(201);
    (app, ada)
}

#[track_caller]
fn etag(answer: &Answer) -> String {
    let etag = answer.header("etag").expect("an ETag").to_owned();
    assert!(etag.starts_with('"') && etag.len() == 24, "{etag}");
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    etag
}

fn conditional(
    app: &App,
    client: Client,
    (method, path): (&str, &str),
    (name, tags): (&str, &str),
) -> Answer {
    let request = client.request(method, path).header(name, tags);
    let request = match method {
        "PATCH" => request.json(&json!({})),
        _ => request,
    };
    request.send(app.address())
}

#[test]
fn who_has_a_thing_is_only_told_so() {
    let (app, ada) = told();
    for path in THINGS {
        let etag = etag(&ada.get(path));
        for method in ["GET", "HEAD"] {
            let had = |tags: &str| conditional(&app, ada, (method, path), ("If-None-Match", tags));
            let weak = format!("\"x\", W/{etag}");
            for tags in [etag.as_str(), &weak, "*"] {
                let answer = had(tags);
                assert_eq!(answer.status, 304, "{method} {path} {tags}");
                assert_eq!(answer.header("etag"), Some(etag.as_str()));
                assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
                assert!(answer.body.is_empty());
            }
            for tags in ["\"x\"", "x", "", &etag[1..]] {
                let answer = had(tags);
                assert_eq!(answer.status, 200, "{method} {path} {tags}");
                assert_eq!(answer.header("etag"), Some(etag.as_str()));
            }
        }
    }
    for path in [
        "/users",
        "/groups",
        "/groups/1/members",
        "/messages?group_id=1",
    ] {
        assert_eq!(ada.get(path).header("etag"), None, "{path}");
    }
}

#[test]
fn what_was_made_has_the_validator_that_it_is_shown_with() {
    let (app, ada) = told();
    let user = json!({"username": "cyd", "email": "cyd@example.org"});
    let text = json!({"receiver_id": 2, "type": "text", "content": "hi"});
    let file = json!({"receiver_id": 2, "type": "file", "file_id": 1});
    for (client, path, body) in [
        (app.as_system(), "/users", user),
        (ada, "/groups", json!({"name": "crew"})),
        (ada, "/files", json!({"url": "https://example.org/b"})),
        (ada, "/messages", text),
        (ada, "/messages", file),
    ] {
        let made = client.post(path, &body);
        let location = made.header("location").expect("a place").to_owned();
        assert_eq!(etag(&made), etag(&client.get(&location)), "{path}");
    }
    let form = [
        Part::File("a.txt", b"hello"),
        Part::Text("receiver_id", "2"),
        Part::Text("type", "file"),
    ];
    for (path, form) in [("/files", &form[..1]), ("/messages", &form)] {
        let made = ada.post_form(path, form);
        let location = made.header("location").expect("a place").to_owned();
        assert_eq!(etag(&made), etag(&ada.get(&location)), "{path}");
    }
    let renamed = ada.patch("/groups/1", &json!({"name": "others"}));
    assert_eq!(etag(&renamed), etag(&ada.get("/groups/1")));
}

#[test]
fn a_validator_is_of_what_the_actor_sees() {
    let (app, ada) = told();
    let of = |client: Client, path: &str| etag(&client.get(path));
    // The email is for the user itself alone.
    assert_ne!(of(ada, "/users/1"), of(app.as_user(2), "/users/1"));
    assert_eq!(of(ada, "/users/1"), of(app.as_system(), "/users/1"));
    let before = of(ada, "/groups/1");
    assert_eq!(before, of(app.as_user(2), "/groups/1"));
    app.as_user(2).delete("/groups/1/members/2").expect(204);
    assert_ne!(before, of(ada, "/groups/1"), "it has a member less");
    let before = of(ada, "/messages/1");
    app.as_system().delete("/files/1").expect(204);
    assert_ne!(before, of(ada, "/messages/1"), "its file is gone");
}

#[test]
fn what_is_not_as_expected_is_not_changed() {
    let (app, ada) = told();
    for (method, path) in [
        ("PATCH", "/groups/1"),
        ("DELETE", "/groups/1"),
        ("DELETE", "/messages/1"),
        ("DELETE", "/files/1"),
    ] {
        let etag = etag(&ada.get(path));
        // A weak one says too little.
        for tags in ["\"x\"".to_owned(), format!("W/{etag}")] {
            let refused = conditional(&app, ada, (method, path), ("If-Match", &tags));
            refused.problem(412, "precondition_failed");
        }
        for tags in [etag[1..].to_owned(), format!("{etag} x"), String::new()] {
            let refused = conditional(&app, ada, (method, path), ("If-Match", &tags));
            assert_eq!(refused.faults()[0], ("If-Match".into(), "format".into()));
        }
        ada.get(path).expect(200);
    }
    for (method, path, status) in [
        ("PATCH", "/groups/1", 200),
        ("DELETE", "/messages/1", 204),
        ("DELETE", "/files/1", 204),
        ("DELETE", "/groups/1", 204),
    ] {
        let tags = format!("\"x\", {}", etag(&ada.get(path)));
        let done = conditional(&app, ada, (method, path), ("If-Match", &tags));
        assert_eq!(done.status, status, "{method} {path}: {}", done.text());
    }
}

#[test]
fn anything_that_is_there_is_what_a_star_expects() {
    let (app, ada) = told();
    let upload = ada.request("POST", "/uploads").fit_for("POST", "/uploads");
    upload.send(app.address());
    for (method, path, status) in [
        ("PATCH", "/groups/1", 200),
        ("DELETE", "/groups/1/members/2", 204),
        ("DELETE", "/groups/1", 204),
        ("DELETE", "/messages/1", 204),
        ("DELETE", "/files/1", 204),
        ("DELETE", "/uploads/1", 204),
    ] {
        let request = || {
            let request = ada.request(method, path).header("If-Match", "*");
            match method {
                "PATCH" => request.json(&json!({})),
                _ => request.fit_for(method, path),
            }
        };
        let done = request().send(app.address());
        assert_eq!(done.status, status, "{method} {path}: {}", done.text());
        if status == 204 {
            assert_eq!(request().send(app.address()).status, 404, "{path}");
        }
    }
}

/// 404, then 403, then 412, then 409.
#[test]
fn a_condition_is_looked_at_in_its_turn() {
    let (app, ada) = told();
    let bob = app.as_user(2);
    let eve = app.as_user(app.user("eve"));
    ada.post("/groups", &json!({"name": "taken"})).expect(201);
    let tags = ("If-Match", "\"x\"");
    for (path, status) in [
        ("/groups/1", 403),
        ("/messages/1", 403),
        ("/files/1", 403),
        ("/groups/1/members/1", 403),
    ] {
        let of = |client, path| conditional(&app, client, ("DELETE", path), tags).status;
        assert_eq!(of(eve, path), 404, "{path}");
        assert_eq!(of(bob, path), status, "{path}");
        assert_eq!(of(ada, path), 412, "{path}");
    }
    // Without it each of these is a conflict.
    let rename = |client: Client| {
        let request = client.request("PATCH", "/groups/1").header(tags.0, tags.1);
        let request = request.json(&json!({"name": "taken"}));
        request.send(app.address()).status
    };
    assert_eq!((rename(eve), rename(bob), rename(ada)), (404, 403, 412));
    let problem = |answer: Answer, code| answer.problem(409, code);
    problem(
        ada.patch("/groups/1", &json!({"name": "taken"})),
        "group_name_taken",
    );
    problem(ada.delete("/files/1"), "file_in_use");
    problem(ada.delete("/groups/1/members/1"), "owner_must_transfer");
}

#[test]
fn what_has_no_validator_has_none_of_those_that_are_listed() {
    let (app, ada) = told();
    let begin = |client: Client| {
        let begin = client
            .request("POST", "/uploads")
            .fit_for("POST", "/uploads");
        begin.send(app.address());
    };
    begin(ada);
    for method in ["PATCH", "DELETE"] {
        let of = |client: Client| {
            let request = client
                .request(method, "/uploads/1")
                .fit_for(method, "/uploads/1");
            request.header("If-Match", "\"x\"").send(app.address())
        };
        of(app.as_user(2)).problem(404, "upload_not_found");
        of(ada).problem(412, "precondition_failed");
    }
    let malformed = ada
        .request("PATCH", "/uploads/1")
        .fit_for("PATCH", "/uploads/1");
    let malformed = malformed.header("If-Match", "x").send(app.address());
    assert_eq!(malformed.faults()[0].0, "If-Match");
    let found = ada.request("HEAD", "/uploads/1").tus().send(app.address());
    assert_eq!(found.header("upload-offset"), Some("0"));
}

/// A retry gets the first answer: the thing is no longer what it was expected to be, by that very change.
#[test]
fn a_change_under_a_key_is_expected_once() {
    let (app, ada) = told();
    let etag = etag(&ada.get("/groups/1"));
    let rename = || {
        let request = ada.request("PATCH", "/groups/1").header("If-Match", &etag);
        let request = request.header("Idempotency-Key", "rename");
        request.json(&json!({"name": "crew"})).send(app.address())
    };
    let first = rename().expect(200);
    let again = rename();
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(200), first);
    let delete = || {
        let request = ada.request("DELETE", "/messages/1");
        let request = request.header("Idempotency-Key", "delete");
        request.header("If-Match", "\"x\"").send(app.address())
    };
    // One that failed leaves its key unused.
    delete().problem(412, "precondition_failed");
    let request = ada.request("DELETE", "/messages/1");
    let request = request.header("Idempotency-Key", "delete");
    assert_eq!(request.send(app.address()).status, 204);
}

/// Of many that expect the same, one is not too late.
#[test]
fn one_of_those_who_expect_the_same_is_served() {
    let (app, ada) = told();
    let etag = etag(&ada.get("/groups/1"));
    let rename = |n: usize| {
        let request = ada.request("PATCH", "/groups/1").header("If-Match", &etag);
        let request = request.json(&json!({"name": format!("crew {n}")}));
        let answer = request.send(app.address());
        (answer.status, answer.text())
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> = (0..8).map(|n| scope.spawn(move || rename(n))).collect();
        others
            .into_iter()
            .map(|other| other.join().unwrap())
            .collect()
    });
    let served: Vec<_> = answers
        .iter()
        .filter(|(status, _)| *status == 200)
        .collect();
    let [(_, group)] = served.as_slice() else {
        panic!("{answers:#?}");
    };
    assert_eq!(*group, ada.get("/groups/1").text());
    assert!(
        answers
            .iter()
            .all(|(status, _)| matches!(status, 200 | 412))
    );
}
