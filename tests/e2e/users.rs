//! Users: created by the system, known to everyone, their addresses to themselves alone.

use serde_json::json;

use crate::support::{App, NOTHING};

mod changes;
mod deletion;

#[test]
fn the_system_creates_a_user_who_can_be_fetched_where_it_says() {
    let app = App::start();
    let body = json!({"username": "ada", "email": "ada@example.org"});
    let answer = app.as_system().post("/users", &body);
    let user = answer.expect(201);
    let location = answer.header("location").expect("a location");
    assert_eq!(location, format!("/users/{}", user["id"]));
    assert_eq!(app.as_system().get(location).expect(200), user);
    assert_eq!(user["created_at"], user["updated_at"]);
}

#[test]
fn a_user_can_be_created_with_all_that_is_said_of_it() {
    let app = App::start();
    let create = |name: &str, external: &str| {
        let email = format!("{name}@example.org");
        let body = json!({
            "username": name, "email": email, "display_name": "Ada Lovelace", "external_id": external,
        });
        app.as_system().post("/users", &body)
    };
    let ada = create("ada", "auth|1").expect(201);
    assert_eq!(ada["display_name"], "Ada Lovelace");
    assert_eq!(ada["external_id"], "auth|1");
    create("bob", "auth|1").problem(409, "external_id_taken");
    let bob = create("bob", "AUTH|1").expect(201);
    // What others see of it.
    let seen = app.as_user(bob["id"].as_i64().unwrap());
    let seen = seen.get(&format!("/users/{}", ada["id"])).expect(200);
    assert_eq!(seen["display_name"], "Ada Lovelace");
    assert_eq!(seen.get("external_id"), None);
    let list = app.as_system().get("/users").expect(200);
    assert_eq!(list[0], ada);
}

#[test]
fn a_user_creates_no_users() {
    let app = App::start();
    let ada = app.user("ada");
    let body = json!({"username": "bob", "email": "bob@example.org"});
    app.as_user(ada)
        .post("/users", &body)
        .problem(403, "forbidden");
    assert_eq!(app.as_system().ids("/users"), [ada]);
}

#[test]
fn names_and_addresses_are_unique_however_they_are_written() {
    let app = App::start();
    let create = |username: &str, email: &str| {
        app.as_system()
            .post("/users", &json!({"username": username, "email": email}))
    };
    create("Straße", "ada@example.org").expect(201);
    create("STRASSE", "b@example.org").problem(409, "username_taken");
    create("ｓｔｒａßｅ", "b@example.org").problem(409, "username_taken");
    create("bob", "ADA@example.ORG").problem(409, "email_taken");
    create("bob", "b@example.org").expect(201);
}

#[test]
fn an_address_is_for_its_user_and_the_system() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let path = format!("/users/{ada}");
    assert_eq!(
        app.as_system().get(&path).expect(200)["email"],
        "ada@example.org"
    );
    assert_eq!(
        app.as_user(ada).get(&path).expect(200)["email"],
        "ada@example.org"
    );
    assert_eq!(app.as_user(bob).get(&path).expect(200).get("email"), None);
    let list = app.as_user(bob).get("/users").expect(200);
    assert_eq!(list[0].get("email"), None);
    assert_eq!(list[1]["email"], "bob@example.org");
}

#[test]
fn a_missing_user_is_404() {
    let app = App::start();
    let problem = app
        .as_system()
        .get("/users/99")
        .problem(404, "user_not_found");
    assert_eq!(problem["detail"], "user 99 does not exist");
}

#[test]
fn users_are_paged_by_id_through_links() {
    let app = App::start();
    let all = app.users(["a", "b", "c", "d", "e"]);
    let (mut seen, mut next) = (Vec::new(), Some("/users?limit=2".to_owned()));
    while let Some(target) = next {
        let answer = app.as_system().get(&target);
        let page = answer.expect(200);
        seen.extend(
            page.as_array()
                .expect("a list")
                .iter()
                .map(|user| user["id"].clone()),
        );
        next = answer.link("next");
    }
    assert_eq!(json!(seen), json!(all));
    assert_eq!(
        app.as_system().ids(&format!("/users?after={}", all[4])),
        NOTHING
    );
}

#[test]
fn a_page_has_fifty_entries_when_nothing_is_said() {
    let app = App::start();
    for n in 0..51 {
        app.user(&format!("user{n}"));
    }
    let answer = app.as_system().get("/users");
    assert_eq!(answer.expect(200).as_array().map(Vec::len), Some(50));
    assert!(answer.link("next").is_some());
    assert_eq!(app.as_system().get("/users?limit=200").link("next"), None);
}
