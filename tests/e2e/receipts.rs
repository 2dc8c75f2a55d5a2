//! Read receipts and unseen counts.

use serde_json::{Value, json};

use crate::support::{App, NOTHING};

fn readers(app: &App, who: i64, message: i64) -> Vec<i64> {
    let list = app
        .as_user(who)
        .get(&format!("/messages/{message}/seen"))
        .expect(200);
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(|r| r["user_id"].as_i64())
        .collect()
}

#[test]
fn the_first_time_stands() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let message = app.tell(ada, bob, "hi");
    let first = app.see(bob, message, false);
    assert_eq!(
        (&first["message_id"], &first["user_id"]),
        (&json!(message), &json!(bob))
    );
    std::thread::sleep(std::time::Duration::from_millis(2));
    assert_eq!(app.see(bob, message, false), first);
    assert_eq!(app.see(bob, message, true)["seen_at"], first["seen_at"]);
    let list = app
        .as_user(ada)
        .get(&format!("/messages/{message}/seen"))
        .expect(200);
    assert_eq!(list, json!([{"user_id": bob, "seen_at": first["seen_at"]}]));
}

#[test]
fn counts_follow_sends_marks_and_deletions() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", ada, &[bob]);
    let sent: Vec<i64> = (0..6).map(|_| app.tell_group(ada, group, "hi")).collect();
    app.tell_group(bob, group, "own");
    app.tell(cyd, bob, "hi");
    assert_eq!((app.unseen(ada), app.unseen(bob)), (1, 7));
    app.see(bob, sent[4], false);
    assert_eq!(app.unseen(bob), 6);
    app.see(bob, sent[2], true);
    assert_eq!(app.unseen(bob), 3, "0, 1 and 2 are seen now, 4 was");
    for (gone, left) in [(0, 3), (3, 2), (4, 2), (5, 1)] {
        app.as_user(ada)
            .delete(&format!("/messages/{}", sent[gone]))
            .expect(204);
        assert_eq!(app.unseen(bob), left, "after deleting {gone}");
    }
    assert_eq!(app.unseen(ada), 1);
}

#[test]
fn the_lists_name_who_and_where_latest_first() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let quiet = app.group("quiet", ada, &[bob]);
    let [one, two] = ["one", "two"].map(|name| app.group(name, ada, &[bob]));
    app.tell(cyd, bob, "1");
    app.tell_group(ada, two, "1");
    app.tell(ada, bob, "1");
    app.tell(ada, bob, "2");
    app.tell_group(ada, one, "1");
    let seen = app.tell_group(ada, quiet, "1");
    app.see(bob, seen, true);
    let unseen = app
        .as_user(bob)
        .get(&format!("/messages/unseen/{bob}"))
        .expect(200);
    assert_eq!(
        unseen,
        json!({
            "direct_messages": [
                {"user_id": ada, "username": "ada", "unseen_count": 2},
                {"user_id": cyd, "username": "cyd", "unseen_count": 1},
            ],
            "group_messages": [
                {"group_id": one, "group_name": "one", "unseen_count": 1},
                {"group_id": two, "group_name": "two", "unseen_count": 1},
            ],
            "total": 5,
        })
    );
    let nothing = json!({"direct_messages": [], "group_messages": [], "total": 0});
    assert_eq!(
        app.as_user(cyd)
            .get(&format!("/messages/unseen/{cyd}"))
            .expect(200),
        nothing
    );
}

#[test]
fn counts_are_for_the_user_itself() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let path = format!("/messages/unseen/{bob}");
    app.as_user(ada).get(&path).problem(403, "actor_mismatch");
    app.as_system().get(&path).expect(200);
    app.as_system()
        .get("/messages/unseen/99")
        .problem(404, "user_not_found");
}

#[test]
fn readers_are_recipients() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let message = app.tell(ada, bob, "hi");
    let path = format!("/messages/{message}/seen");
    let mark = |body: Value| app.as_system().post(&path, &body);
    mark(json!({"user_id": ada})).problem(403, "not_a_recipient");
    mark(json!({"user_id": eve})).problem(404, "message_not_found");
    mark(json!({"user_id": 99})).problem(404, "user_not_found");
    let other = app.as_user(eve).post(&path, &json!({"user_id": bob}));
    other.problem(403, "actor_mismatch");
    app.as_user(bob).post(&path, &json!({})).expect(200);
    app.as_user(ada)
        .delete(&format!("/messages/{message}"))
        .expect(204);
    mark(json!({"user_id": bob})).problem(404, "message_not_found");
    app.as_user(bob)
        .get(&path)
        .problem(404, "message_not_found");
}

#[test]
fn up_to_shows_in_the_receipts_of_every_message_before() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", ada, &[bob]);
    let early = app.tell_group(ada, group, "before cyd");
    app.as_user(ada)
        .post(
            &format!("/groups/{group}/members"),
            &json!({"user_id": cyd}),
        )
        .expect(201);
    let sent: Vec<i64> = (0..4).map(|_| app.tell_group(ada, group, "hi")).collect();
    let own = app.tell_group(bob, group, "own");
    let last = app.tell_group(ada, group, "hi");
    app.see(bob, last, true);
    app.see(cyd, sent[1], false);
    app.see(cyd, sent[2], true);
    assert_eq!(readers(&app, ada, early), [bob], "cyd joined later");
    assert_eq!(readers(&app, ada, sent[0]), [bob, cyd]);
    assert_eq!(readers(&app, ada, sent[1]), [bob, cyd]);
    assert_eq!(readers(&app, ada, sent[3]), [bob]);
    assert_eq!(readers(&app, ada, own), NOTHING, "never the sender");
    assert_eq!((app.unseen(bob), app.unseen(cyd)), (0, 3));
    // A message from before one joined is marked alone.
    app.see(cyd, early, true);
    assert_eq!(readers(&app, ada, early), [bob, cyd]);
    assert_eq!(app.unseen(cyd), 3);
}

#[test]
fn receipts_stay_when_the_reader_leaves() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    let [one, two] = [0; 2].map(|_| app.tell_group(ada, group, "hi"));
    app.see(bob, two, true);
    app.as_user(bob)
        .delete(&format!("/groups/{group}/members/{bob}"))
        .expect(204);
    assert_eq!(readers(&app, ada, one), [bob]);
    assert_eq!(readers(&app, ada, two), [bob]);
}

#[test]
fn receipts_are_paged_by_user_id() {
    let app = App::start();
    let [ada, bob, cyd, dan] = app.users(["ada", "bob", "cyd", "dan"]);
    let group = app.group("team", ada, &[bob, cyd, dan]);
    let message = app.tell_group(ada, group, "hi");
    app.see(dan, message, true);
    app.see(bob, message, false);
    app.see(cyd, message, true);
    let first = app
        .as_user(ada)
        .get(&format!("/messages/{message}/seen?limit=2"));
    assert_eq!(first.expect(200)[1]["user_id"], cyd);
    let rest = app.as_user(ada).get(&first.link("next").expect("more"));
    assert_eq!(rest.expect(200)[0]["user_id"], dan);
    assert_eq!(rest.link("next"), None);
}
