//! Files in their JSON form: made known by a user, private until they are sent.

use serde_json::json;

use crate::support::App;

#[test]
fn a_file_is_what_was_said_of_it() {
    let app = App::start();
    let ada = app.user("ada");
    let body = json!({"url": "https://example.org/a.png", "name": "a.png", "size": 5120, "type": "image/png"});
    let answer = app.as_user(ada).post("/files", &body);
    let file = answer.expect(201);
    let location = answer.header("location").expect("a location");
    assert_eq!(location, format!("/files/{}", file["id"]));
    for key in ["url", "name", "size", "type"] {
        assert_eq!(file[key], body[key]);
    }
    assert_eq!(app.as_user(ada).get(location).expect(200), file);
    let bare = app
        .as_user(ada)
        .post("/files", &json!({"url": "http://example.org"}))
        .expect(201);
    assert_eq!(bare["url"], "http://example.org");
    for key in ["name", "size", "type"] {
        assert_eq!(bare.get(key), None);
    }
}

#[test]
fn a_file_is_private_to_its_uploader_until_it_is_sent() {
    let app = App::start();
    let [ada, bob, eve] = app.users(["ada", "bob", "eve"]);
    let group = app.group("team", ada, &[bob]);
    let body = json!({"url": "https://example.org/a"});
    let file = app.as_user(ada).post("/files", &body).expect(201)["id"].clone();
    let path = format!("/files/{file}");
    let read = |who: i64| app.as_user(who).get(&path);
    let send = |who: i64, to: &str, id: i64| {
        app.as_user(who).post(
            "/messages",
            &json!({to: id, "type": "file", "file_id": file}),
        )
    };
    read(ada).expect(200);
    app.as_system().get(&path).expect(200);
    let problem = read(bob).problem(404, "file_not_found");
    let detail = format!("file {file} does not exist, or it was not shared with user {bob}");
    assert_eq!(problem["detail"], detail);
    send(bob, "receiver_id", eve).problem(404, "file_not_found");

    let message = send(ada, "group_id", group).expect(201)["id"].clone();
    read(bob).expect(200);
    read(eve).problem(404, "file_not_found");
    let passed_on = send(bob, "receiver_id", eve).expect(201)["id"].clone();
    read(eve).expect(200);

    app.as_user(ada)
        .delete(&format!("/messages/{message}"))
        .expect(204);
    read(bob).expect(200);
    app.as_user(bob)
        .delete(&format!("/messages/{passed_on}"))
        .expect(204);
    read(bob).problem(404, "file_not_found");
    read(eve).problem(404, "file_not_found");
    read(ada).expect(200);
}

#[test]
fn who_leaves_a_group_loses_its_files() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let group = app.group("team", ada, &[bob]);
    let body = json!({"url": "https://example.org/a"});
    let file = app.as_user(ada).post("/files", &body).expect(201)["id"].clone();
    let message = json!({"group_id": group, "type": "file", "file_id": file});
    app.as_user(ada).post("/messages", &message).expect(201);
    app.as_user(bob).get(&format!("/files/{file}")).expect(200);
    app.as_user(bob)
        .delete(&format!("/groups/{group}/members/{bob}"))
        .expect(204);
    app.as_user(bob)
        .get(&format!("/files/{file}"))
        .problem(404, "file_not_found");
}

#[test]
fn a_file_of_the_system_is_the_systems_to_send() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let body = json!({"url": "https://example.org/a"});
    let file = app.as_system().post("/files", &body).expect(201)["id"].clone();
    let message = json!({"sender_id": ada, "receiver_id": bob, "type": "file", "file_id": file});
    // Naming a sender makes it the actor in open mode, and the file is not hers.
    app.as_system()
        .post("/messages", &message)
        .problem(404, "file_not_found");
    app.as_user(ada)
        .get(&format!("/files/{file}"))
        .problem(404, "file_not_found");
}

#[test]
fn a_missing_file_is_404() {
    let app = App::start();
    let problem = app
        .as_system()
        .get("/files/9")
        .problem(404, "file_not_found");
    assert_eq!(problem["detail"], "file 9 does not exist");
}
