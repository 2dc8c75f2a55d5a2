//! Each kind of event, with its data, and who is told.

use serde_json::{Value, json};

use super::{event, socket};
use crate::support::{App, Socket, redact};

/// The kind and data of the next event.
fn told(socket: &mut Socket) -> (String, Value) {
    let event = redact(event(socket));
    let kind = event["kind"].as_str().expect("a kind").to_owned();
    assert!(event["at"].is_string());
    let of_user = kind.starts_with("user.");
    assert_eq!(event["conversation_id"].is_i64(), !of_user, "{event}");
    (kind, event["data"].clone())
}

fn group(id: i64, name: &str, members: i64) -> Value {
    json!({
        "id": id, "name": name, "member_count": members,
        "created_at": "[time]", "updated_at": "[time]",
    })
}

fn member(user: i64, role: &str, by: i64) -> Value {
    json!({
        "group_id": 1, "user_id": user, "role": role, "created_at": "[time]",
        "updated_at": "[time]", "by": by,
    })
}

#[test]
fn of_a_group_its_members_are_told_all() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let mut her = socket(&app, ada);
    let mut him = socket(&app, bob);
    let kind = |name: &str, data: Value| (name.to_owned(), data);
    let team = app.group("team", ada, &[bob]);
    // The data is the state when it is read, which may be newer than the event.
    assert_eq!(told(&mut her).0, "group.created");
    assert_eq!(
        told(&mut her),
        kind("member.added", member(ada, "owner", ada))
    );
    let joined = kind("member.added", member(bob, "member", ada));
    assert_eq!(told(&mut her), joined);
    assert_eq!(told(&mut him), joined);
    app.promote(team, ada, bob);
    let promoted = kind("member.role_changed", member(bob, "admin", ada));
    assert_eq!(told(&mut her), promoted);
    assert_eq!(told(&mut him), promoted);
    app.as_user(ada)
        .patch(&format!("/groups/{team}"), &json!({"name": "crew"}))
        .expect(200);
    let renamed = kind("group.updated", group(team, "crew", 2));
    assert_eq!(told(&mut her), renamed);
    assert_eq!(told(&mut him), renamed);
    app.as_user(bob)
        .delete(&format!("/groups/{team}/members/{bob}"))
        .expect(204);
    let left = kind("member.removed", member(bob, "admin", bob));
    assert_eq!(told(&mut her), left);
    assert_eq!(told(&mut him), left);
    app.as_user(ada)
        .delete(&format!("/groups/{team}"))
        .expect(204);
    assert_eq!(told(&mut her).0, "group.deleted");
    // Bob, who is gone, was not told of that: the next that he is told is something else.
    app.tell(ada, bob, "bye");
    assert_eq!(told(&mut him).0, "message.created");
}

#[test]
fn of_a_message_both_users_are_told_what_becomes_of_it() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let mut sockets = [socket(&app, ada), socket(&app, bob)];
    let mut stranger = socket(&app, eve);
    let message = app.tell(ada, bob, "hi");
    app.see(bob, message, true);
    app.as_user(ada)
        .delete(&format!("/messages/{message}"))
        .expect(204);
    for socket in &mut sockets {
        let (kind, data) = told(socket);
        assert_eq!(kind, "message.created");
        assert_eq!((&data["id"], &data["seq"]), (&json!(message), &json!(1)));
        assert_eq!(
            told(socket),
            (
                "message.seen".to_owned(),
                json!({"message_id": message, "user_id": bob, "seen_at": "[time]", "up_to": true})
            )
        );
        assert_eq!(
            told(socket),
            (
                "message.deleted".to_owned(),
                json!({
                    "id": message, "seq": 1, "sender_id": ada, "receiver_id": bob,
                    "deleted_by": ada,
                })
            )
        );
    }
    // Nobody else is.
    app.tell(ada, eve, "you too");
    assert_eq!(event(&mut stranger)["data"]["receiver_id"], eve);
}

#[test]
fn of_a_message_that_is_gone_its_words_are_told_to_nobody() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let start = super::cursor(app.as_user(bob));
    let message = app.tell(ada, bob, "a secret");
    app.as_user(ada)
        .delete(&format!("/messages/{message}"))
        .expect(204);
    let page = app
        .as_user(bob)
        .get(&format!("/events?after={start}"))
        .expect(200);
    assert_eq!(super::kinds(&page), ["message.created", "message.deleted"]);
    assert_eq!(
        redact(page["events"][0]["data"].clone()),
        json!({
            "id": message, "conversation_id": 1, "seq": 1, "sender_id": ada, "receiver_id": bob,
            "type": "text", "created_at": "[time]", "updated_at": "[time]", "deleted": true,
        })
    );
}

#[test]
fn of_a_user_those_are_told_who_share_a_conversation_with_it() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let start = super::cursor(app.as_user(bob));
    app.tell(ada, bob, "hi");
    let mut peer = socket(&app, bob);
    let mut stranger = socket(&app, eve);
    let new = json!({"display_name": "Countess"});
    app.as_user(ada)
        .patch(&format!("/users/{ada}"), &new)
        .expect(200);
    let (kind, data) = told(&mut peer);
    assert_eq!(
        (kind.as_str(), &data["display_name"]),
        ("user.updated", &json!("Countess"))
    );
    assert_eq!(data["email"], Value::Null);
    app.as_user(ada)
        .delete(&format!("/users/{ada}"))
        .expect(204);
    assert_eq!(
        told(&mut peer),
        (
            "user.deleted".to_owned(),
            json!({"id": ada, "username": format!("deleted-{ada}"), "deleted": true})
        )
    );
    // A poll of the same, which is held against the document of the API.
    let page = app
        .as_user(bob)
        .get(&format!("/events?after={start}"))
        .expect(200);
    assert_eq!(
        super::kinds(&page),
        ["message.created", "user.updated", "user.deleted"]
    );
    app.tell(bob, eve, "she is gone");
    assert_eq!(told(&mut stranger).0, "message.created");
}

#[test]
fn the_system_is_told_everything() {
    let app = App::start();
    let mut system = Socket::connect(app.address(), "/ws", &[]).expect("a socket");
    assert_eq!(system.next().expect("the first")["kind"], "ready");
    let [ada, bob] = app.users(["ada", "bob"]);
    app.tell(ada, bob, "hi");
    app.group("team", ada, &[]);
    for kind in ["message.created", "group.created", "member.added"] {
        assert_eq!(told(&mut system).0, kind);
    }
}
