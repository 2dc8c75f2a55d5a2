//! One's groups, and all of them for the system.

use serde_json::json;

use crate::support::App;

#[test]
fn everyone_lists_the_groups_that_one_is_in() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let both = app.group("both", ada, &[bob]);
    let hers = app.group("hers", ada, &[]);
    let his = app.group("his", bob, &[]);
    assert_eq!(app.as_user(ada).ids("/groups"), [both, hers]);
    assert_eq!(app.as_user(bob).ids("/groups"), [both, his]);
    assert_eq!(app.as_user(eve).ids("/groups"), [0; 0]);
    assert_eq!(app.as_system().ids("/groups"), [both, hers, his]);
    app.as_user(99).get("/groups").problem(401, "unknown_actor");
    // Each is what it is alone.
    let listed = app.as_user(ada).get("/groups").expect(200);
    let path = format!("/groups/{both}");
    assert_eq!(listed[0], app.as_user(ada).get(&path).expect(200));
    assert_eq!(listed[0]["member_count"], 2);
}

#[test]
fn a_group_is_gone_from_the_list_with_its_end_or_with_ones_own() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let (left, gone) = (
        app.group("left", ada, &[bob]),
        app.group("gone", ada, &[bob]),
    );
    let delete = |user: i64, path: String| app.as_user(user).delete(&path).expect(204);
    delete(ada, format!("/groups/{gone}"));
    assert_eq!(app.as_user(bob).ids("/groups"), [left]);
    delete(bob, format!("/groups/{left}/members/{bob}"));
    assert_eq!(app.as_user(bob).ids("/groups"), [0; 0]);
    assert_eq!(app.as_system().ids("/groups"), [left]);
}

#[test]
fn the_list_is_paged_by_id() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let groups: Vec<i64> = (0..5)
        .map(|n| {
            app.group(&format!("of bob {n}"), bob, &[]);
            app.group(&format!("group {n}"), ada, &[])
        })
        .collect();
    for (client, expected) in [
        (app.as_user(ada), groups.clone()),
        (app.as_system(), (1..=10).collect()),
    ] {
        let mut found = Vec::new();
        let mut next = Some("/groups?limit=2".to_owned());
        while let Some(page) = next {
            let answer = client.get(&page);
            let link = answer.header("link").map(str::to_owned);
            found.extend(client.ids(&page));
            let last = found[found.len() - 1];
            let more = found.len() < expected.len();
            let leads = format!("</groups?limit=2&after={last}>; rel=\"next\"");
            assert_eq!(link, more.then_some(leads));
            next = more.then(|| format!("/groups?limit=2&after={last}"));
        }
        assert_eq!(found, expected);
    }
    let after = app.as_user(ada).get("/groups?after=9007199254740991");
    assert_eq!(after.expect(200), json!([]));
}
