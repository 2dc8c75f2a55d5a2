//! Membership: adding, roles, handing over, leaving.

use serde_json::json;

use crate::support::App;

fn roles(app: &App, group: i64) -> Vec<(i64, String)> {
    let list = app
        .as_system()
        .get(&format!("/groups/{group}/members"))
        .expect(200);
    let member = |m: &serde_json::Value| {
        (
            m["user_id"].as_i64().unwrap_or_default(),
            m["role"].as_str().unwrap_or("?").to_owned(),
        )
    };
    list.as_array()
        .expect("a list")
        .iter()
        .map(member)
        .collect()
}

fn pairs(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected
        .iter()
        .map(|(user, role)| (*user, (*role).to_owned()))
        .collect()
}

#[test]
fn a_new_member_is_201_and_an_existing_one_200_as_it_is() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[]);
    let path = format!("/groups/{group}/members");
    let added = app
        .as_user(ada)
        .post(&path, &json!({"user_id": bob}))
        .expect(201);
    assert_eq!(
        (&added["group_id"], &added["role"]),
        (&json!(group), &json!("member"))
    );
    app.promote(group, ada, bob);
    let kept = app
        .as_user(ada)
        .post(&path, &json!({"user_id": bob, "role": null}))
        .expect(200);
    assert_eq!(kept["role"], "admin");
    assert_eq!(
        app.as_user(ada)
            .get(&format!("/groups/{group}"))
            .expect(200)["member_count"],
        2
    );
}

#[test]
fn admins_add_members_and_only_the_owner_grants_roles() {
    let app = App::start();
    let [ada, bob, cyd, dan] = app.users(["ada", "bob", "cyd", "dan"]);
    let group = app.group("team", ada, &[bob, cyd]);
    app.promote(group, ada, bob);
    let path = format!("/groups/{group}/members");
    let put = |who: i64, user: i64, role: &str| {
        app.as_user(who)
            .post(&path, &json!({"user_id": user, "role": role}))
    };
    put(cyd, dan, "member").problem(403, "forbidden");
    put(bob, dan, "admin").problem(403, "forbidden");
    put(bob, dan, "owner").problem(403, "forbidden");
    put(bob, cyd, "admin").problem(403, "forbidden");
    put(bob, ada, "member").problem(403, "forbidden");
    put(bob, dan, "member").expect(201);
    put(ada, dan, "admin").expect(200);
    put(ada, dan, "member").expect(200);
    put(ada, ada, "member").problem(409, "owner_must_transfer");
    put(bob, 99, "member").problem(404, "user_not_found");
    put(cyd, 99, "member").problem(404, "user_not_found");
    assert_eq!(
        roles(&app, group),
        pairs(&[
            (ada, "owner"),
            (bob, "admin"),
            (cyd, "member"),
            (dan, "member")
        ])
    );
}

#[test]
fn granting_owner_hands_over() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", ada, &[bob]);
    let path = format!("/groups/{group}/members");
    app.as_user(ada)
        .post(&path, &json!({"user_id": bob, "role": "owner"}))
        .expect(200);
    assert_eq!(roles(&app, group), pairs(&[(ada, "admin"), (bob, "owner")]));
    // To somebody who was no member yet, by the system.
    app.as_system()
        .post(&path, &json!({"user_id": cyd, "role": "owner"}))
        .expect(201);
    assert_eq!(
        roles(&app, group),
        pairs(&[(ada, "admin"), (bob, "admin"), (cyd, "owner")])
    );
    let own = app
        .as_system()
        .post(&path, &json!({"user_id": cyd, "role": "admin"}));
    own.problem(409, "owner_must_transfer");
}

#[test]
fn a_role_changes_updated_at_and_nothing_else_does() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    let path = format!("/groups/{group}/members");
    let put = |role: &str| {
        app.as_user(ada)
            .post(&path, &json!({"user_id": bob, "role": role}))
            .expect(200)
    };
    let same = put("member");
    assert_eq!(same["created_at"], same["updated_at"]);
    std::thread::sleep(std::time::Duration::from_millis(2));
    let changed = put("admin");
    assert_eq!(changed["created_at"], same["created_at"]);
    assert_ne!(changed["updated_at"], same["updated_at"]);
    let whole = app
        .as_user(ada)
        .get(&format!("/groups/{group}"))
        .expect(200);
    assert_eq!(whole["created_at"], whole["updated_at"]);
}

#[test]
fn oneself_leaves_admins_remove_members_the_owner_anyone() {
    let app = App::start();
    let [ada, bob, cyd, dan] = app.users(["ada", "bob", "cyd", "dan"]);
    let group = app.group("team", ada, &[bob, cyd, dan]);
    app.promote(group, ada, bob);
    app.promote(group, ada, cyd);
    let remove = |who: i64, user: i64| {
        app.as_user(who)
            .delete(&format!("/groups/{group}/members/{user}"))
    };
    remove(dan, bob).problem(403, "forbidden");
    remove(bob, cyd).problem(403, "forbidden");
    remove(bob, ada).problem(403, "forbidden");
    remove(ada, ada).problem(409, "owner_must_transfer");
    app.as_system()
        .delete(&format!("/groups/{group}/members/{ada}"))
        .problem(409, "owner_must_transfer");
    remove(bob, dan).expect(204);
    remove(bob, dan).problem(404, "member_not_found");
    remove(ada, cyd).expect(204);
    remove(bob, bob).expect(204);
    remove(bob, bob).problem(404, "group_not_found");
    assert_eq!(roles(&app, group), pairs(&[(ada, "owner")]));
}

#[test]
fn the_last_to_leave_deletes_the_group() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    app.as_user(bob)
        .delete(&format!("/groups/{group}/members/{bob}"))
        .expect(204);
    app.as_user(ada)
        .delete(&format!("/groups/{group}/members/{ada}"))
        .expect(204);
    app.as_system()
        .get(&format!("/groups/{group}"))
        .problem(404, "group_not_found");
    app.group("team", bob, &[]);
}

#[test]
fn who_left_knows_nothing_more_and_who_returns_reads_all() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    let first = app.tell_group(bob, group, "mine");
    app.as_user(bob)
        .delete(&format!("/groups/{group}/members/{bob}"))
        .expect(204);
    let second = app.tell_group(ada, group, "while away");
    app.as_user(bob)
        .get(&format!("/messages/{first}"))
        .problem(404, "message_not_found");
    app.as_user(bob)
        .delete(&format!("/messages/{first}"))
        .problem(404, "message_not_found");
    assert_eq!(app.unseen(bob), 0);
    let member = json!({"user_id": bob});
    app.as_user(ada)
        .post(&format!("/groups/{group}/members"), &member)
        .expect(201);
    assert_eq!(
        app.as_user(bob).ids(&format!("/messages?group_id={group}")),
        [first, second]
    );
    assert_eq!(
        app.unseen(bob),
        0,
        "what was sent before it joined is not unseen"
    );
}

#[test]
fn members_are_paged_by_user_id() {
    let app = App::start();
    let [ada, bob, cyd] = app.users(["ada", "bob", "cyd"]);
    let group = app.group("team", cyd, &[bob, ada]);
    let first = app
        .as_user(ada)
        .get(&format!("/groups/{group}/members?limit=2"));
    let page = first.expect(200);
    assert_eq!(page[0]["user_id"], ada);
    assert_eq!(page[1]["user_id"], bob);
    let rest = app.as_user(ada).get(&first.link("next").expect("more"));
    assert_eq!(rest.expect(200)[0]["user_id"], cyd);
    assert_eq!(rest.link("next"), None);
}
