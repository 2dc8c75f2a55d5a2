//! PATCH of users: who may change what, what is refused, what an avatar is.

use serde_json::{Value, json};

use crate::support::{Answer, App, id, pairs};

/// An image that lies elsewhere, made known by this user.
fn image(app: &App, user: i64) -> i64 {
    let body = json!({"url": "https://example.org/a.png", "type": "image/png"});
    id(&app.as_user(user).post("/files", &body).expect(201))
}

#[test]
fn what_is_absent_stays_and_null_clears() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/users/{ada}");
    let patch = |body: Value| app.as_user(ada).patch(&path, &body).expect(200);
    let before = app.as_user(ada).get(&path).expect(200);
    assert_eq!(patch(json!({})), before);
    let file = image(&app, ada);
    let changed = patch(json!({"display_name": "Ada", "avatar_file_id": file}));
    assert_eq!(changed["display_name"], "Ada");
    assert_eq!(changed["avatar_file_id"], file);
    assert_eq!(changed["username"], "ada");
    let changed = patch(json!({"username": "ADA"}));
    assert_eq!(
        (&changed["username"], &changed["display_name"]),
        (&json!("ADA"), &json!("Ada"))
    );
    let cleared = patch(json!({"display_name": null, "avatar_file_id": null}));
    assert_eq!(cleared.get("display_name"), None);
    assert_eq!(cleared.get("avatar_file_id"), None);
    assert_eq!(app.as_user(ada).get(&path).expect(200), cleared);
}

#[test]
fn a_user_is_changed_by_itself_and_the_system() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let path = format!("/users/{ada}");
    let external = json!({"external_id": "auth|1"});
    app.as_user(bob)
        .patch(&path, &json!({}))
        .problem(403, "forbidden");
    app.as_user(ada)
        .patch(&path, &external)
        .problem(403, "forbidden");
    app.as_user(ada)
        .patch(&path, &json!({"external_id": null}))
        .problem(403, "forbidden");
    let changed = app.as_system().patch(&path, &external).expect(200);
    assert_eq!(changed["external_id"], "auth|1");
    app.as_system()
        .patch(&format!("/users/{bob}"), &external)
        .problem(409, "external_id_taken");
    app.as_system()
        .patch("/users/99", &json!({}))
        .problem(404, "user_not_found");
    for (body, code) in [
        (json!({"username": "BOB"}), "username_taken"),
        (json!({"email": "BOB@example.org"}), "email_taken"),
    ] {
        app.as_user(ada).patch(&path, &body).problem(409, code);
    }
}

#[test]
fn what_can_not_be_is_named() {
    let app = App::start();
    let ada = app.user("ada");
    let patch = |body: Value| app.as_user(ada).patch(&format!("/users/{ada}"), &body);
    let all = json!({
        "username": null, "email": null, "display_name": "", "avatar_file_id": 0, "external_id": " a",
    });
    assert_eq!(
        patch(all).faults(),
        pairs(&[
            ("avatar_file_id", "range"),
            ("display_name", "length"),
            ("email", "required"),
            ("external_id", "format"),
            ("username", "required"),
        ])
    );
    let all =
        json!({"username": 5, "avatar_file_id": "1", "nope": 1, "display_name": "x".repeat(101)});
    assert_eq!(
        patch(all).faults(),
        pairs(&[
            ("avatar_file_id", "type"),
            ("nope", "unknown"),
            ("username", "type"),
            ("display_name", "length"),
        ])
    );
    patch(json!({"avatar_file_id": 99})).problem(404, "file_not_found");
    let body = json!({"url": "https://example.org/a.bin"});
    let file = id(&app.as_user(ada).post("/files", &body).expect(201));
    assert_eq!(
        patch(json!({"avatar_file_id": file})).faults(),
        pairs(&[("avatar_file_id", "conflict")])
    );
}

#[test]
fn an_avatar_is_for_everyone_and_in_use() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let file = image(&app, ada);
    let at = format!("/files/{file}");
    app.as_user(bob).get(&at).problem(404, "file_not_found");
    app.as_user(bob)
        .patch(&format!("/users/{bob}"), &json!({"avatar_file_id": file}))
        .problem(404, "file_not_found");
    let show = json!({"avatar_file_id": file});
    app.as_user(ada)
        .patch(&format!("/users/{ada}"), &show)
        .expect(200);
    app.as_user(bob).get(&at).expect(200);
    app.as_user(ada).delete(&at).problem(409, "file_in_use");
    app.as_user(bob).delete(&at).problem(403, "forbidden");
    app.as_system().delete(&at).expect(204);
    let shown = app.as_user(bob).get(&format!("/users/{ada}")).expect(200);
    assert_eq!(shown.get("avatar_file_id"), None);
}

#[test]
fn a_change_can_depend_on_what_the_user_is() {
    let app = App::start();
    let ada = app.user("ada");
    let path = format!("/users/{ada}");
    let client = app.as_user(ada);
    let etag = |answer: &Answer| answer.header("etag").expect("a validator").to_owned();
    let first = etag(&client.get(&path));
    let change = |validator: &str, name: &str| {
        client
            .request("PATCH", &path)
            .header("If-Match", validator)
            .json(&json!({"display_name": name}))
            .send(app.address())
    };
    let changed = change(&first, "Ada");
    changed.expect(200);
    let second = etag(&changed);
    assert_eq!(second, etag(&client.get(&path)));
    assert_ne!(first, second);
    change(&first, "Ida").problem(412, "precondition_failed");
    // What others see is another thing.
    let bob = app.user("bob");
    assert_ne!(etag(&app.as_user(bob).get(&path)), second);
    let delete = |validator: &str| {
        client
            .request("DELETE", &path)
            .header("If-Match", validator)
            .send(app.address())
    };
    delete(&first).problem(412, "precondition_failed");
    delete(&second).expect(204);
}
