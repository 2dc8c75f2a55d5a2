//! What clients say over a WebSocket, and what they are answered.

use serde_json::{Value, json};
use tungstenite::Message;

use super::socket;
use crate::support::{App, Closed, redact};

#[test]
fn a_message_is_sent_once_under_its_key_over_either_way() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let mut her = socket(&app, ada);
    let body = json!({"receiver_id": bob, "type": "text", "content": "hi"});
    let frame = |reference: &str| {
        let mut frame = body.clone();
        frame["kind"] = "send".into();
        frame["ref"] = reference.into();
        frame["idempotency_key"] = "k".into();
        frame
    };
    her.say(&frame("a"));
    let sent = her.next_of("sent");
    assert_eq!(sent["ref"], "a");
    her.say(&frame("b"));
    let again = her.next_of("sent");
    assert_eq!(
        (&again["ref"], &again["message"]),
        (&json!("b"), &sent["message"])
    );
    let by_rest = app
        .as_user(ada)
        .request("POST", "/messages")
        .json(&body)
        .header("Idempotency-Key", "k")
        .send(app.address());
    assert_eq!(by_rest.header("idempotency-replayed"), Some("true"));
    assert_eq!(by_rest.expect(201), sent["message"]);
    let mut other = frame("c");
    other["content"] = "other".into();
    her.say(&other);
    assert_eq!(her.next_of("error")["code"], "idempotency_mismatch");
    assert_eq!(
        app.as_user(ada)
            .ids(&format!("/messages?receiver_id={bob}"))
            .len(),
        1
    );
}

#[test]
fn a_message_is_marked_as_seen() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let message = app.tell(ada, bob, "hi");
    let (mut her, mut him) = (socket(&app, ada), socket(&app, bob));
    him.say(&json!({"kind": "seen", "message_id": message, "up_to": true}));
    let seen = super::event(&mut her);
    assert_eq!(
        (&seen["kind"], &seen["data"]["user_id"]),
        (&json!("message.seen"), &json!(bob))
    );
    assert_eq!(app.unseen(bob), 0);
    him.say(&json!({"kind": "seen", "message_id": 99}));
    assert_eq!(him.next_of("error")["code"], "message_not_found");
}

#[test]
fn who_types_is_shown_to_the_others_alone() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let team = app.group("team", ada, &[bob]);
    app.tell(ada, eve, "hi");
    let (mut her, mut him, mut other) = (socket(&app, ada), socket(&app, bob), socket(&app, eve));
    her.say(&json!({"kind": "typing", "group_id": team}));
    let typing = him.next_of("typing");
    assert_eq!(typing["conversation_id"], 1);
    assert_eq!(typing["data"]["user_id"], ada);
    assert!(typing["data"]["expires_at"].is_string() && typing["cursor"].is_null());
    her.say(&json!({"kind": "typing", "receiver_id": eve}));
    assert_eq!(other.next_of("typing")["conversation_id"], 2);
    // She was not shown it herself: what comes next is her own message.
    app.tell(ada, eve, "again");
    loop {
        let next = her.next().expect("something");
        assert_ne!(next["kind"], "typing");
        if next["kind"] == "message.created" {
            break;
        }
    }
    other.say(&json!({"kind": "typing", "group_id": team}));
    assert_eq!(other.next_of("error")["code"], "group_not_found");
}

#[test]
fn what_is_no_good_frame_is_told_and_ends_nothing() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let mut her = socket(&app, ada);
    let send = |more: Value| {
        let mut frame = json!({"kind": "send", "ref": "r"});
        for (name, value) in more.as_object().expect("fields") {
            frame[name] = value.clone();
        }
        frame.to_string()
    };
    let text = |more: Value| {
        let mut fields = json!({"receiver_id": bob, "type": "text", "content": "hi"});
        for (name, value) in more.as_object().expect("fields") {
            fields[name] = value.clone();
        }
        send(fields)
    };
    for (frame, code, fields) in [
        ("{".to_owned(), "malformed_json", &[][..]),
        (String::new(), "malformed_json", &[]),
        ("[]".to_owned(), "validation_failed", &["body"]),
        ("{}".to_owned(), "validation_failed", &["kind"]),
        (
            json!({"kind": 7}).to_string(),
            "validation_failed",
            &["kind"],
        ),
        (
            json!({"kind": "shout"}).to_string(),
            "validation_failed",
            &["kind"],
        ),
        (
            r#"{"kind":"typing","kind":"typing","group_id":1}"#.to_owned(),
            "validation_failed",
            &["kind"],
        ),
        (
            json!({"kind": "typing"}).to_string(),
            "validation_failed",
            &["group_id", "receiver_id"],
        ),
        (
            json!({"kind": "typing", "group_id": 1, "idempotency_key": "k"}).to_string(),
            "validation_failed",
            &["idempotency_key"],
        ),
        (
            json!({"kind": "seen"}).to_string(),
            "validation_failed",
            &["message_id"],
        ),
        (
            json!({"kind": "seen", "message_id": 0}).to_string(),
            "validation_failed",
            &["message_id"],
        ),
        (
            send(json!({})),
            "validation_failed",
            &["group_id", "receiver_id", "type"],
        ),
        (
            text(json!({"content": ""})),
            "validation_failed",
            &["content"],
        ),
        (text(json!({"extra": 1})), "validation_failed", &["extra"]),
        (
            text(json!({"ref": "x".repeat(256)})),
            "validation_failed",
            &["ref"],
        ),
        (
            text(json!({"idempotency_key": "ö"})),
            "validation_failed",
            &["idempotency_key"],
        ),
        (text(json!({"sender_id": eve})), "actor_mismatch", &[]),
        (text(json!({"receiver_id": 99})), "user_not_found", &[]),
    ] {
        her.send(Message::text(frame.clone()));
        let error = her.next_of("error");
        assert_eq!(error["code"], code, "{frame}");
        let named: Vec<&str> = error["errors"]
            .as_array()
            .map(|errors| {
                errors
                    .iter()
                    .map(|one| one["field"].as_str().expect("a field"))
                    .collect()
            })
            .unwrap_or_default();
        assert_eq!(named, fields, "{frame}");
    }
    her.say(
        &serde_json::from_str(&send(
            json!({"receiver_id": 99, "type": "text", "content": "x"}),
        ))
        .expect("JSON"),
    );
    assert_eq!(
        redact(her.next_of("error")),
        json!({
            "kind": "error", "ref": "r", "type": "/problems/user-not-found",
            "title": "User not found", "status": 404, "detail": "user 99 does not exist",
            "code": "user_not_found", "request_id": "[id]",
        })
    );
    her.send(Message::binary(vec![1, 2, 3]));
    assert_eq!(her.next_of("error")["code"], "unsupported_media_type");
    // It is open all the same.
    her.say(&serde_json::from_str(&text(json!({}))).expect("JSON"));
    assert_eq!(her.next_of("sent")["ref"], "r");
}

#[test]
fn the_system_says_who_sends_and_types_for_nobody() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let mut system = crate::support::Socket::connect(app.address(), "/ws", &[]).expect("a socket");
    system.say(&json!({
        "kind": "send", "ref": "a", "sender_id": ada, "receiver_id": bob, "type": "text",
        "content": "hi",
    }));
    assert_eq!(system.next_of("sent")["message"]["sender_id"], ada);
    system.say(&json!({"kind": "typing", "receiver_id": bob}));
    assert_eq!(system.next_of("error")["code"], "forbidden");
}

#[test]
fn frames_count_as_requests() {
    let app = App::start_with(&[("rate_limit", "sends=1/2")]);
    let [ada, bob] = app.users(["ada", "bob"]);
    let mut her = socket(&app, ada);
    for n in 0..4 {
        her.say(&json!({
            "kind": "send", "ref": format!("{n}"), "receiver_id": bob, "type": "text", "content": "hi",
        }));
    }
    let refused = her.next_of("error");
    assert_eq!(
        (&refused["code"], &refused["status"]),
        (&json!("rate_limited"), &json!(429))
    );
}

#[test]
fn a_frame_that_is_too_large_ends_the_connection() {
    let app = App::start();
    let [ada] = app.users(["ada"]);
    let mut her = socket(&app, ada);
    her.send(Message::text("x".repeat(128 * 1024)));
    assert_eq!(her.next_of("error")["code"], "malformed_json");
    her.send(Message::text("x".repeat(128 * 1024 + 1)));
    assert!(matches!(her.end(), Closed::By(1009, _)));
}
