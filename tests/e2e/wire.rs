//! The wire format, as snapshots: a change here is a change for every client.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{App, Part, redact};

macro_rules! snapshot {
    ($name:literal, $value:expr) => {
        assert_json_snapshot!($name, redact($value))
    };
}

#[test]
fn answers_keep_their_form() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let system = app.as_system();
    snapshot!("user", system.get("/users/1").expect(200));
    snapshot!(
        "user_seen_by_another",
        app.as_user(bob).get("/users/1").expect(200)
    );
    let group = app
        .as_user(ada)
        .post("/groups", &json!({"name": "Project Team"}))
        .expect(201);
    snapshot!("group_created", group);
    snapshot!("group", app.as_user(ada).get("/groups/1").expect(200));
    let member = app
        .as_user(ada)
        .post("/groups/1/members", &json!({"user_id": bob}))
        .expect(201);
    snapshot!("group_member", member);
    let body = json!({"url": "https://example.org/a.png", "name": "a.png", "size": 5120, "type": "image/png"});
    snapshot!("file", app.as_user(ada).post("/files", &body).expect(201));
    app.tell(ada, bob, "hi");
    snapshot!("message_direct", system.get("/messages/1").expect(200));
    let image = json!({"group_id": 1, "type": "image", "file_id": 1, "content": "look"});
    snapshot!(
        "message_image",
        app.as_user(ada).post("/messages", &image).expect(201)
    );
    snapshot!(
        "unseen",
        app.as_user(bob).get("/messages/unseen/2").expect(200)
    );
    snapshot!("seen", app.see(bob, 1, false));
    snapshot!(
        "receipts",
        app.as_user(ada).get("/messages/1/seen").expect(200)
    );
    let pixel = include_bytes!("answers/pixel.png");
    let form = [Part::File("p.png", pixel)];
    let stored = app.as_user(ada).post_form("/files", &form).expect(201);
    snapshot!("file_stored", stored);
    let form = [
        Part::Text("receiver_id", "2"),
        Part::Text("type", "image"),
        Part::File("p.png", pixel),
    ];
    let sent = app.as_user(ada).post_form("/messages", &form).expect(201);
    snapshot!("message_with_its_file", sent);
    system.delete("/files/3").expect(204);
    snapshot!(
        "message_whose_file_is_deleted",
        system.get("/messages/3").expect(200)
    );
    snapshot!("problem", system.get("/users/99").expect(404));
    let bad = json!({"username": "", "email": "x", "admin": true});
    snapshot!(
        "problem_validation",
        system.post("/users", &bad).expect(400)
    );
}

#[test]
fn times_are_rfc_3339_in_utc_with_milliseconds() {
    let app = App::start();
    app.user("ada");
    let user = app.as_system().get("/users/1").expect(200);
    let time = user["created_at"].as_str().expect("a time");
    let form: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "0000-00-00T00:00:00.000Z");
}
