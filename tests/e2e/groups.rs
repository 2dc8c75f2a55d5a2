//! Groups: their owner, their name, who may know them, and their end.

use serde_json::json;

use crate::support::App;

mod changes;
mod lists;

#[test]
fn who_creates_a_group_owns_it() {
    let app = App::start();
    let ada = app.user("ada");
    let answer = app.as_user(ada).post("/groups", &json!({"name": "team"}));
    let group = answer.expect(201);
    assert_eq!(
        answer.header("location"),
        Some(format!("/groups/{}", group["id"]).as_str())
    );
    assert_eq!(group["member_count"], 1);
    assert_eq!(group["members"][0]["user_id"], ada);
    assert_eq!(group["members"][0]["role"], "owner");
    let fetched = app
        .as_user(ada)
        .get(&format!("/groups/{}", group["id"]))
        .expect(200);
    assert_eq!(fetched.get("members"), None);
    assert_eq!(fetched["name"], "team");
}

#[test]
fn the_system_names_an_owner_or_none() {
    let app = App::start();
    let ada = app.user("ada");
    let system = app.as_system();
    let owned = system
        .post("/groups", &json!({"name": "a", "owner_id": ada}))
        .expect(201);
    assert_eq!(owned["members"][0]["user_id"], ada);
    let free = system.post("/groups", &json!({"name": "b"})).expect(201);
    assert_eq!(
        (&free["members"], &free["member_count"]),
        (&json!([]), &json!(0))
    );
    system
        .post("/groups", &json!({"name": "c", "owner_id": 99}))
        .problem(404, "user_not_found");
}

#[test]
fn a_group_without_owner_gets_one_by_grant() {
    let app = App::start();
    let ada = app.user("ada");
    let system = app.as_system();
    let group = system.post("/groups", &json!({"name": "free"})).expect(201)["id"].clone();
    let members = format!("/groups/{group}/members");
    system
        .post(&members, &json!({"user_id": ada, "role": "owner"}))
        .expect(201);
    app.as_user(ada)
        .delete(&format!("/groups/{group}"))
        .expect(204);
}

#[test]
fn a_user_makes_groups_of_its_own_only() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let body = json!({"name": "team", "owner_id": bob});
    app.as_user(ada)
        .post("/groups", &body)
        .problem(403, "forbidden");
    let body = json!({"name": "team", "owner_id": 99});
    app.as_user(ada)
        .post("/groups", &body)
        .problem(404, "user_not_found");
    app.as_user(bob)
        .post("/groups", &json!({"name": "team", "owner_id": bob}))
        .expect(201);
}

#[test]
fn a_name_is_taken_until_its_group_is_gone() {
    let app = App::start();
    let ada = app.user("ada");
    let group = app.group("Project Team", ada, &[]);
    let again = json!({"name": "PROJECT team"});
    app.as_user(ada)
        .post("/groups", &again)
        .problem(409, "group_name_taken");
    app.as_user(ada)
        .delete(&format!("/groups/{group}"))
        .expect(204);
    app.as_user(ada).post("/groups", &again).expect(201);
}

#[test]
fn a_stranger_is_told_what_is_told_of_a_missing_group() {
    let app = App::start();
    let [ada, eve] = app.users(["ada", "eve"]);
    let group = app.group("team", ada, &[]);
    let message = app.tell_group(ada, group, "hi");
    let eve_client = app.as_user(eve);
    let told = |group: i64| {
        let member = json!({"user_id": eve});
        let text = json!({"group_id": group, "type": "text", "content": "hi"});
        [
            eve_client.get(&format!("/groups/{group}")),
            eve_client.delete(&format!("/groups/{group}")),
            eve_client.get(&format!("/groups/{group}/members")),
            eve_client.post(&format!("/groups/{group}/members"), &member),
            eve_client.delete(&format!("/groups/{group}/members/{ada}")),
            eve_client.get(&format!("/messages?group_id={group}")),
            eve_client.post("/messages", &text),
        ]
        .map(|answer| {
            let mut problem = answer.problem(404, "group_not_found");
            problem
                .as_object_mut()
                .expect("an object")
                .remove("request_id");
            problem
                .to_string()
                .replace(&format!("group {group} "), "group G ")
        })
    };
    assert_eq!(told(group), told(999));
    let detail = eve_client.get(&format!("/groups/{group}")).expect(404)["detail"].clone();
    assert_eq!(
        detail,
        format!("group {group} does not exist, or user {eve} is not in it")
    );

    let told = |message: i64| {
        [
            eve_client.get(&format!("/messages/{message}")),
            eve_client.delete(&format!("/messages/{message}")),
            eve_client.get(&format!("/messages/{message}/seen")),
            eve_client.post(
                &format!("/messages/{message}/seen"),
                &json!({"user_id": eve}),
            ),
        ]
        .map(|answer| {
            let detail = answer.problem(404, "message_not_found")["detail"].to_string();
            detail.replace(&format!("message {message} "), "message M ")
        })
    };
    assert_eq!(told(message), told(999));
}

#[test]
fn only_the_owner_deletes_a_group() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", ada, &[bob, cyd]);
    app.promote(group, ada, bob);
    let path = format!("/groups/{group}");
    app.as_user(cyd).delete(&path).problem(403, "forbidden");
    app.as_user(bob).delete(&path).problem(403, "forbidden");
    app.as_user(ada).delete(&path).expect(204);
    app.as_user(ada)
        .delete(&path)
        .problem(404, "group_not_found");
}

#[test]
fn with_a_group_go_its_messages_and_counts_for_everyone() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    let message = app.tell_group(ada, group, "hi");
    app.tell(ada, bob, "stays");
    assert_eq!(app.unseen(bob), 2);
    app.as_user(ada)
        .delete(&format!("/groups/{group}"))
        .expect(204);
    assert_eq!(app.unseen(bob), 1);
    for client in [app.as_user(ada), app.as_user(bob), app.as_system()] {
        client
            .get(&format!("/groups/{group}"))
            .problem(404, "group_not_found");
        client
            .get(&format!("/groups/{group}/members"))
            .problem(404, "group_not_found");
        client
            .get(&format!("/messages?group_id={group}"))
            .problem(404, "group_not_found");
        client
            .get(&format!("/messages/{message}"))
            .problem(404, "message_not_found");
        client
            .delete(&format!("/messages/{message}"))
            .problem(404, "message_not_found");
    }
    let system = app.as_system();
    system
        .post(
            &format!("/groups/{group}/members"),
            &json!({"user_id": bob}),
        )
        .problem(404, "group_not_found");
}
