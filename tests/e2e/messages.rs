//! Messages: sending, order, who may read and delete them.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{App, NOTHING, digest};

#[test]
fn a_text_is_kept_byte_for_byte() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    for text in [
        " hi \n",
        "\u{202e}עברית\u{200f}",
        "👩‍💻 e\u{301}",
        "\u{7}\u{1b}[0m",
        "<b>&amp;",
    ] {
        let body = json!({"sender_id": ada, "receiver_id": bob, "type": "text", "content": text});
        let answer = app.as_system().post("/messages", &body);
        let message = answer.expect(201);
        assert_eq!(message["content"], text);
        let location = answer.header("location").expect("a location");
        assert_eq!(location, format!("/messages/{}", message["id"]));
        assert_eq!(app.as_user(bob).get(location).expect(200), message);
    }
}

#[test]
fn seq_counts_without_gaps_in_each_conversation() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", ada, &[bob]);
    let places = |message: i64| {
        let message = app
            .as_system()
            .get(&format!("/messages/{message}"))
            .expect(200);
        (message["conversation_id"].clone(), message["seq"].as_i64())
    };
    let (ada_bob, one) = places(app.tell(ada, bob, "1"));
    assert_eq!(one, Some(1));
    assert_eq!(places(app.tell(bob, ada, "2")), (ada_bob.clone(), Some(2)));
    assert_eq!(places(app.tell(ada, cyd, "1")).1, Some(1));
    assert_eq!(places(app.tell_group(ada, group, "1")).1, Some(1));
    assert_eq!(places(app.tell(ada, bob, "3")), (ada_bob, Some(3)));
}

#[test]
fn concurrent_sends_leave_no_gap_and_no_double() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let app = &app;
            let sender = if n % 2 == 0 { ada } else { bob };
            scope.spawn(move || {
                for _ in 0..25 {
                    app.tell_group(sender, group, "hi");
                }
            });
        }
    });
    let list = app
        .as_user(ada)
        .get(&format!("/messages?group_id={group}&limit=200"))
        .expect(200);
    let seqs: Vec<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["seq"].as_i64())
        .collect();
    assert_eq!(seqs, (1..=200).map(Some).collect::<Vec<_>>());
    let ids: HashSet<_> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["id"].as_i64())
        .collect();
    assert_eq!(ids.len(), 200);
    assert_eq!((app.unseen(ada), app.unseen(bob)), (100, 100));
}

#[test]
fn a_direct_conversation_is_the_same_from_both_sides() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let sent = [
        app.tell(ada, bob, "1"),
        app.tell(bob, ada, "2"),
        app.tell(ada, bob, "3"),
    ];
    let other = app.tell(cyd, bob, "4");
    assert_eq!(
        app.as_user(ada)
            .ids(&format!("/messages?receiver_id={bob}")),
        sent
    );
    assert_eq!(
        app.as_user(bob)
            .ids(&format!("/messages?receiver_id={ada}")),
        sent
    );
    let named = format!("/messages?receiver_id={bob}&sender_id={ada}");
    assert_eq!(app.as_system().ids(&named), sent);
    assert_eq!(app.as_user(ada).ids(&named), sent);
    app.as_user(bob).get(&named).problem(403, "actor_mismatch");
    // The system alone: what was sent to bob, by id.
    let inbox = app.as_system().ids(&format!("/messages?receiver_id={bob}"));
    assert_eq!(inbox, [sent[0], sent[2], other]);
    assert_eq!(
        app.as_user(ada)
            .ids(&format!("/messages?receiver_id={cyd}")),
        NOTHING
    );
    app.as_user(ada)
        .get("/messages?receiver_id=99")
        .problem(404, "user_not_found");
    app.as_system()
        .get("/messages?receiver_id=99")
        .problem(404, "user_not_found");
}

#[test]
fn a_direct_message_is_known_to_its_two_users() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let message = app.tell(ada, bob, "hi");
    let path = format!("/messages/{message}");
    app.as_user(ada).get(&path).expect(200);
    app.as_user(bob).get(&path).expect(200);
    let problem = app
        .as_user(eve)
        .get(&path)
        .problem(404, "message_not_found");
    let detail =
        format!("message {message} does not exist, or user {eve} is not in its conversation");
    assert_eq!(problem["detail"], detail);
    app.as_user(eve)
        .delete(&path)
        .problem(404, "message_not_found");
    app.as_user(bob).delete(&path).problem(403, "forbidden");
    app.as_user(ada).delete(&path).expect(204);
    app.as_user(ada)
        .get(&path)
        .problem(404, "message_not_found");
}

#[test]
fn who_sends_must_be_there_and_so_must_who_receives() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[]);
    let send = |sender: i64, to: &str, id: i64| {
        let body = json!({"sender_id": sender, to: id, "type": "text", "content": "hi"});
        app.as_system().post("/messages", &body)
    };
    send(ada, "receiver_id", 99).problem(404, "user_not_found");
    send(99, "receiver_id", ada).problem(404, "user_not_found");
    send(99, "group_id", group).problem(404, "user_not_found");
    send(bob, "group_id", group).problem(404, "group_not_found");
    send(ada, "group_id", 99).problem(404, "group_not_found");
    assert_eq!(
        send(ada, "receiver_id", ada).faults(),
        [("receiver_id".into(), "conflict".into())]
    );
    assert_eq!(
        app.as_user(ada)
            .ids(&format!("/messages?receiver_id={bob}")),
        NOTHING
    );
}

#[test]
fn a_send_that_fails_late_leaves_nothing_behind() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let before = digest(&app.database());
    // The conversation of the two is opened before the file is found to be missing.
    let body = json!({"sender_id": ada, "receiver_id": bob, "type": "file", "file_id": 99});
    app.as_system()
        .post("/messages", &body)
        .problem(404, "file_not_found");
    assert_eq!(digest(&app.database()), before);
}

#[test]
fn an_admin_deletes_any_message_of_its_group_and_a_member_its_own() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", ada, &[bob, cyd]);
    app.promote(group, ada, bob);
    let messages = [0; 3].map(|_| app.tell_group(cyd, group, "hi"));
    let own = app.tell_group(bob, group, "mine");
    let delete = |who: i64, message: i64| app.as_user(who).delete(&format!("/messages/{message}"));
    delete(cyd, own).problem(403, "forbidden");
    delete(bob, messages[0]).expect(204);
    delete(ada, messages[1]).expect(204);
    delete(cyd, messages[2]).expect(204);
    delete(cyd, messages[2]).problem(404, "message_not_found");
    app.as_system()
        .delete(&format!("/messages/{own}"))
        .expect(204);
    assert_eq!(
        app.as_user(ada).ids(&format!("/messages?group_id={group}")),
        NOTHING
    );
    let next = app.tell_group(ada, group, "after");
    let next = app
        .as_user(ada)
        .get(&format!("/messages/{next}"))
        .expect(200);
    assert_eq!(next["seq"], 5, "the places of deleted messages stay used");
}

#[test]
fn an_image_needs_an_image_and_carries_its_file() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let file =
        |body: serde_json::Value| app.as_user(ada).post("/files", &body).expect(201)["id"].clone();
    let image =
        file(json!({"url": "https://example.org/a.png", "type": "image/png", "size": 5120}));
    let other = file(json!({"url": "https://example.org/a.pdf", "type": "application/pdf"}));
    let unknown = file(json!({"url": "https://example.org/a"}));
    let send = |kind: &str, file: &serde_json::Value, caption: Option<&str>| {
        let body = json!({"receiver_id": bob, "type": kind, "file_id": file, "content": caption});
        app.as_user(ada).post("/messages", &body)
    };
    let message = send("image", &image, Some("look")).expect(201);
    assert_eq!(
        (&message["file_id"], &message["file"]["id"]),
        (&image, &image)
    );
    assert_eq!(message["file"]["type"], "image/png");
    assert_eq!(message["content"], "look");
    for file in [&other, &unknown] {
        assert_eq!(
            send("image", file, None).faults(),
            [("file_id".into(), "conflict".into())]
        );
        assert_eq!(
            send("file", file, Some("")).expect(201).get("content"),
            None
        );
    }
    send("file", &json!(99), None).problem(404, "file_not_found");
    let read = app
        .as_user(bob)
        .get(&format!("/messages?receiver_id={ada}&limit=1"))
        .expect(200);
    assert_eq!(read[0]["file"]["url"], "https://example.org/a");
}
