//! Going on from a cursor: whatever happened meanwhile, and to whomever.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{cursor, kinds};
use crate::support::{App, Client, Data, Process, Request, output, server_command};

#[test]
fn a_member_sees_from_where_it_came_to_where_it_went() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let team = app.group("team", ada, &[]);
    let start = cursor(app.as_user(bob));
    app.tell_group(ada, team, "before");
    let members = format!("/groups/{team}/members");
    app.as_user(ada)
        .post(&members, &json!({"user_id": bob}))
        .expect(201);
    app.tell_group(ada, team, "with bob");
    app.as_user(ada)
        .delete(&format!("{members}/{bob}"))
        .expect(204);
    app.tell_group(ada, team, "without");
    let seen = |user: i64| {
        let page = app
            .as_user(user)
            .get(&format!("/events?after={start}"))
            .expect(200);
        kinds(&page).join(" ")
    };
    assert_eq!(seen(bob), "member.added message.created member.removed");
    let all = "message.created member.added message.created member.removed message.created";
    assert_eq!(seen(ada), all);
    app.as_user(ada)
        .delete(&format!("/groups/{team}"))
        .expect(204);
    assert_eq!(seen(ada), format!("{all} group.deleted"));
    assert_eq!(seen(bob), "member.added message.created member.removed");
}

#[test]
fn what_one_was_told_is_not_told_to_the_next_once_it_is_deleted() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let team = app.group("team", ada, &[bob, eve]);
    let mut follows = None;
    for round in 0..12 {
        if round == 6 {
            // From here on somebody follows; what comes is known to the node before anyone asks.
            follows = Some(super::socket(&app, eve));
        }
        let start = cursor(app.as_user(bob));
        let message = app.tell_group(ada, team, "a secret");
        let target = format!("/events?after={start}");
        let hers = app.as_user(ada).get(&target).expect(200);
        assert_eq!(hers["events"][0]["data"]["content"], "a secret");
        let path = format!("/messages/{message}");
        app.as_user(ada).delete(&path).expect(204);
        let his = app.as_user(bob).get(&target).expect(200);
        assert_eq!(kinds(&his), ["message.created", "message.deleted"]);
        assert_eq!(his["events"][0]["data"]["deleted"], true, "round {round}");
        assert!(!his.to_string().contains("secret"), "round {round}");
    }
    // So it is when the whole group goes.
    let start = cursor(app.as_user(bob));
    app.tell_group(ada, team, "a secret");
    let target = format!("/events?after={start}");
    app.as_user(bob).get(&target).expect(200);
    app.as_user(ada)
        .delete(&format!("/groups/{team}"))
        .expect(204);
    let his = app.as_user(bob).get(&target).expect(200);
    assert_eq!(kinds(&his), ["message.created", "group.deleted"]);
    assert!(!his.to_string().contains("secret"));
    drop(follows);
}

#[test]
fn a_cursor_outlives_a_kill_and_is_of_its_own_database() {
    let data = Data::new();
    let process = Process::start(&data);
    let system = Client::system_at(process.address());
    for name in ["ada", "bob"] {
        let user = json!({"username": name, "email": format!("{name}@example.org")});
        system.post("/users", &user).expect(201);
    }
    let start = cursor(system);
    let hi = json!({"sender_id": 1, "receiver_id": 2, "type": "text", "content": "hi"});
    system.post("/messages", &hi).expect(201);
    process.kill();
    let process = Process::start(&data);
    let system = Client::system_at(process.address());
    system.post("/messages", &hi).expect(201);
    let target = format!("/events?after={start}");
    let page = system.get(&target).expect(200);
    assert_eq!(kinds(&page), ["message.created", "message.created"]);
    let elsewhere = Data::new();
    let other = Process::start(&elsewhere);
    Client::system_at(other.address())
        .get(&target)
        .problem(410, "cursor_expired");
}

#[test]
fn what_is_not_kept_any_more_is_told_and_counted_as_that() {
    let data = Data::new();
    let mut command = server_command();
    let process = Process::spawn(data.of(command.args([
        "--listen",
        "127.0.0.1:0",
        "--event-retention",
        "1s",
    ])));
    let system = Client::system_at(process.address());
    for name in ["ada", "bob"] {
        let user = json!({"username": name, "email": format!("{name}@example.org")});
        system.post("/users", &user).expect(201);
    }
    let ada = |method: &str, path: &str| Request::new(method, path).header("X-User-Id", "1");
    let start = cursor(system);
    let group = json!({"name": "team"});
    ada("POST", "/groups")
        .json(&group)
        .send(process.address())
        .expect(201);
    for text in ["one", "two"] {
        let message = json!({"group_id": 1, "type": "text", "content": text});
        ada("POST", "/messages")
            .json(&message)
            .send(process.address())
            .expect(201);
    }
    let target = format!("/events?after={start}");
    let begun = Instant::now();
    loop {
        let answer = system.get(&target);
        if answer.status == 410 {
            answer.problem(410, "cursor_expired");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it is kept");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A new beginning has all that there is, and goes on.
    let sync = ada("GET", "/sync").send(process.address()).expect(200);
    assert_eq!(sync["conversations"][0]["last_seq"], 2);
    let after = sync["cursor"].as_str().expect("a cursor");
    let message = json!({"group_id": 1, "type": "text", "content": "three"});
    ada("POST", "/messages")
        .json(&message)
        .send(process.address())
        .expect(201);
    let page = ada("GET", &format!("/events?after={after}"))
        .send(process.address())
        .expect(200);
    assert_eq!(kinds(&page), ["message.created"]);
    process.terminate();
    // What is forgotten as it should be is nothing that a recount would find.
    let mut recount = server_command();
    let counted = output(data.of(recount.arg("recount")));
    assert!(
        counted.status.success(),
        "{}",
        String::from_utf8_lossy(&counted.stderr)
    );
}
