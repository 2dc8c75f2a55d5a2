//! `GET /sync`: where a client begins.

use serde_json::json;

use super::{FOREIGN, cursor};
use crate::support::{App, redact};

#[test]
fn a_user_is_shown_its_conversations_as_they_are() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let team = app.group("team", bob, &[ada]);
    app.tell(ada, bob, "hello");
    app.tell_group(bob, team, "one");
    let sync = redact(app.as_user(ada).get("/sync").expect(200));
    let message = |id: i64, place: i64, from: i64, to: &str, whom: i64, words: &str| {
        json!({
            "id": id, "conversation_id": place, "seq": 1, "sender_id": from, to: whom,
            "type": "text", "content": words, "created_at": "[time]", "updated_at": "[time]",
        })
    };
    assert_eq!(
        sync["conversations"],
        json!([
            {
                "conversation_id": 1, "kind": "group",
                "group": {
                    "id": team, "name": "team", "member_count": 2,
                    "created_at": "[time]", "updated_at": "[time]",
                },
                "role": "member", "last_seq": 1,
                "last_message": message(2, 1, bob, "group_id", team, "one"),
                "unseen_count": 1,
            },
            {
                // Another's address is not shown.
                "conversation_id": 2, "kind": "direct",
                "peer": {
                    "id": bob, "username": "bob", "created_at": "[time]", "updated_at": "[time]",
                },
                "last_seq": 1,
                "last_message": message(1, 2, ada, "receiver_id", bob, "hello"),
                "unseen_count": 0,
            },
        ])
    );
}

#[test]
fn pages_go_on_with_the_first_ones_cursor() {
    let app = App::start();
    let [ada, bob, eve, mia] = app.users(["ada", "bob", "eve", "mia"]);
    for peer in [bob, eve, mia] {
        app.tell(peer, ada, "hi");
    }
    let client = app.as_user(ada);
    let first = client.get("/sync?limit=2");
    let next = first.link("next").expect("there is more");
    let first = first.expect(200);
    // What happens meanwhile is read from the first page's cursor on.
    app.tell(bob, ada, "again");
    let second = client.get(&next);
    assert_eq!(second.link("next"), None);
    let second = second.expect(200);
    assert_eq!(second["cursor"], first["cursor"]);
    let ids = |page: &serde_json::Value| -> Vec<i64> {
        let list = page["conversations"].as_array().expect("a list").iter();
        list.map(|one| one["conversation_id"].as_i64().expect("an id"))
            .collect()
    };
    assert_eq!((ids(&first), ids(&second)), (vec![1, 2], vec![3]));
    let after = first["cursor"].as_str().expect("a cursor");
    let events = client.get(&format!("/events?after={after}")).expect(200);
    assert_eq!(events["events"].as_array().expect("events").len(), 1);
    // A link is followed to its end, however many pages there are.
    let mut link = client.get("/sync?limit=1").link("next");
    let mut pages = 1;
    while let Some(next) = link {
        link = client.get(&next).link("next");
        pages += 1;
    }
    assert_eq!(pages, 3);
}

#[test]
fn the_system_has_a_cursor_alone_and_strangers_cursors_are_none() {
    let app = App::populated();
    let system = app.as_system();
    let sync = system.get("/sync").expect(200);
    assert_eq!(sync["conversations"], json!([]));
    let here = cursor(system);
    assert_eq!(sync["cursor"], here.as_str());
    system.get(&format!("/sync?cursor={here}")).expect(200);
    system.get("/sync?cursor=x").problem(400, "cursor_invalid");
    system
        .get(&format!("/sync?cursor={FOREIGN}"))
        .problem(410, "cursor_expired");
}

#[test]
fn a_deleted_peer_is_shown_as_that() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    app.tell(bob, ada, "bye");
    app.as_user(bob)
        .delete(&format!("/users/{bob}"))
        .expect(204);
    let sync = app.as_user(ada).get("/sync").expect(200);
    assert_eq!(
        sync["conversations"][0]["peer"],
        json!({"id": bob, "username": format!("deleted-{bob}"), "deleted": true})
    );
}
