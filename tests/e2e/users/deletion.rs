//! DELETE of users: what goes, what stays, and what is answered of them from then on.

use serde_json::json;

use crate::support::{App, Client, id};

#[test]
fn of_a_deleted_user_its_messages_stay() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let path = format!("/users/{ada}");
    let text = |to: i64| json!({"receiver_id": to, "type": "text", "content": "hi"});
    let message = app.as_user(ada).post("/messages", &text(bob)).expect(201);
    app.as_user(bob).delete(&path).problem(403, "forbidden");
    app.as_user(ada).delete(&path).expect(204);

    let left = json!({"id": ada, "username": format!("deleted-{ada}"), "deleted": true});
    assert_eq!(app.as_user(bob).get(&path).expect(200), left);
    assert_eq!(app.as_system().get(&path).expect(200), left);
    assert_eq!(app.as_system().ids("/users"), [bob]);
    let at = format!("/messages/{}", id(&message));
    assert_eq!(app.as_user(bob).get(&at).expect(200), message);
    let history = app
        .as_user(bob)
        .get(&format!("/messages?receiver_id={ada}"));
    let counts = app
        .as_user(bob)
        .get(&format!("/messages/unseen/{bob}"))
        .expect(200);
    assert_eq!(counts["direct_messages"][0]["username"], left["username"]);
    assert_eq!(counts["total"], 1);
    assert_eq!(history.expect(200), json!([message]));

    app.as_user(ada).get("/users").problem(401, "unknown_actor");
    app.as_user(ada).delete(&path).problem(401, "unknown_actor");
    app.as_user(bob)
        .post("/messages", &text(ada))
        .problem(404, "user_not_found");
    app.as_system()
        .patch(&path, &json!({}))
        .problem(404, "user_not_found");
    app.as_system().delete(&path).problem(404, "user_not_found");
    app.as_user(bob)
        .post("/groups", &json!({"name": "team"}))
        .expect(201);
    app.as_user(bob)
        .post("/groups/1/members", &json!({"user_id": ada}))
        .problem(404, "user_not_found");
    // Its name and its address are free.
    assert_ne!(app.user("ada"), ada);
}

#[test]
fn a_user_leaves_its_groups_and_hands_its_own_over_first() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let make = |name: &str| {
        id(&app
            .as_user(ada)
            .post("/groups", &json!({"name": name}))
            .expect(201))
    };
    let (alone, team) = (make("alone"), make("team"));
    let members = format!("/groups/{team}/members");
    app.as_user(ada)
        .post(&members, &json!({"user_id": bob}))
        .expect(201);
    let path = format!("/users/{ada}");
    let refused = app.as_user(ada).delete(&path);
    refused.problem(409, "owner_must_transfer");
    app.as_user(ada)
        .get(&format!("/groups/{alone}"))
        .expect(200);
    let owner = json!({"user_id": bob, "role": "owner"});
    app.as_user(ada).post(&members, &owner).expect(200);
    app.as_user(ada).delete(&path).expect(204);
    app.as_system()
        .get(&format!("/groups/{alone}"))
        .problem(404, "group_not_found");
    let left = app.as_user(bob).get(&members).expect(200);
    assert_eq!(left.as_array().map(Vec::len), Some(1));
}

#[test]
fn the_system_s_deletion_is_answered_again_and_a_user_s_own_is_not() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let delete = |client: Client, user: i64| {
        let request = client.request("DELETE", &format!("/users/{user}"));
        request.header("Idempotency-Key", "k").send(app.address())
    };
    delete(app.as_system(), bob).expect(204);
    let again = delete(app.as_system(), bob);
    again.expect(204);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    delete(app.as_user(ada), ada).expect(204);
    delete(app.as_user(ada), ada).problem(401, "unknown_actor");
}

#[test]
fn whoever_is_deleted_reads_and_changes_nothing_any_more() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let sent = app.tell(ada, bob, "hi");
    let seen = app.tell(bob, ada, "hi");
    let unseen = app.tell(bob, ada, "are you there?");
    app.see(ada, seen, false);
    app.as_user(ada)
        .delete(&format!("/users/{ada}"))
        .expect(204);
    let as_ada = app.as_user(ada);
    for target in [
        format!("/messages/{sent}"),
        format!("/messages/{sent}/seen"),
        format!("/messages/{unseen}"),
        format!("/messages?receiver_id={bob}"),
        format!("/messages/unseen/{ada}"),
    ] {
        as_ada.get(&target).problem(401, "unknown_actor");
    }
    let mark = format!("/messages/{unseen}/seen");
    as_ada.post(&mark, &json!({})).problem(401, "unknown_actor");
    as_ada
        .delete(&format!("/messages/{sent}"))
        .problem(401, "unknown_actor");
    // Nor does anybody in its name, and the other one has all that there was.
    let named = json!({"user_id": ada});
    app.as_system()
        .post(&mark, &named)
        .problem(404, "user_not_found");
    let bobs = app
        .as_user(bob)
        .ids(&format!("/messages?receiver_id={ada}"));
    assert_eq!(bobs, [sent, seen, unseen]);
}
