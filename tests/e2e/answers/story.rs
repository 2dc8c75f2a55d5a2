//! What goes well, and what is refused for the sake of the things themselves, in one story.

use serde_json::{Value, json};

use super::Reached;
use crate::support::{App, Request};

/// Who asks; none is the system, or whom the request names.
pub(super) type Who = Option<i64>;

pub(super) const SYSTEM: Who = None;
pub(super) const ADA: Who = Some(1);
pub(super) const BOB: Who = Some(2);
const CYD: Who = Some(3);
pub(super) const EVE: Who = Some(4);

/// A request of somebody.
pub(super) fn of(who: Who, method: &str, path: &str) -> Request {
    let request = Request::new(method, path);
    match who {
        Some(id) => request.header("X-User-Id", &id.to_string()),
        None => request,
    }
}

/// Tells it on a server of its own.
pub(super) fn tell(reached: &mut Reached) {
    let app = App::start();
    let send = |reached: &mut Reached, who: Who, method: &str, path: &str, body: Value| {
        let mut request = of(who, method, path);
        if body != Value::Null {
            request = request.json(&body);
        }
        reached.send(app.address(), &request);
    };
    let mut ask = |who, method: &str, path: &str, body| send(reached, who, method, path, body);
    let mut get = |who, path: &str| ask(who, "GET", path, Value::Null);
    get(SYSTEM, "/users/1");
    get(SYSTEM, "/groups/1");
    get(SYSTEM, "/groups/1/members");
    get(SYSTEM, "/messages/1");
    get(SYSTEM, "/messages/1/seen");
    get(SYSTEM, "/messages/unseen/1");
    get(SYSTEM, "/messages?group_id=1");
    get(SYSTEM, "/messages?receiver_id=1");
    get(SYSTEM, "/files/1");
    get(SYSTEM, "/docs/nothing");

    let mut post = |who, path: &str, body| ask(who, "POST", path, body);
    let user = |name: &str| json!({"username": name, "email": format!("{name}@example.org")});
    for name in ["ada", "bob", "cyd", "eve"] {
        post(SYSTEM, "/users", user(name));
    }
    post(ADA, "/users", user("fay"));
    post(
        SYSTEM,
        "/users",
        json!({"username": "ADA", "email": "x@example.org"}),
    );
    for name in ["gil", "hal"] {
        let mut user = user(name);
        user["external_id"] = "auth|1".into();
        post(SYSTEM, "/users", user);
    }
    post(
        SYSTEM,
        "/users",
        json!({"username": "fay", "email": "ADA@example.org"}),
    );

    post(ADA, "/groups", json!({"name": "team"}));
    post(BOB, "/groups", json!({"name": "Team"}));
    post(ADA, "/groups", json!({"name": "mine", "owner_id": 2}));
    post(SYSTEM, "/groups", json!({"name": "theirs", "owner_id": 99}));
    post(ADA, "/groups/1/members", json!({"user_id": 2}));
    post(ADA, "/groups/1/members", json!({"user_id": 2}));
    post(ADA, "/groups/1/members", json!({"user_id": 99}));
    post(
        ADA,
        "/groups/1/members",
        json!({"user_id": 1, "role": "member"}),
    );
    post(BOB, "/groups/1/members", json!({"user_id": 3}));
    post(EVE, "/groups/1/members", json!({"user_id": 4}));

    post(ADA, "/files", json!({"url": "https://example.org/a"}));
    let text = |to: &str, id: i64| json!({to: id, "type": "text", "content": "hi"});
    post(ADA, "/messages", text("group_id", 1));
    post(ADA, "/messages", text("receiver_id", 2));
    post(ADA, "/messages", text("receiver_id", 99));
    post(EVE, "/messages", text("group_id", 1));
    let file = json!({"receiver_id": 2, "type": "file", "file_id": 99});
    post(ADA, "/messages", file);
    let named = json!({"sender_id": 2, "receiver_id": 3, "type": "text", "content": "hi"});
    post(ADA, "/messages", named);
    post(BOB, "/messages/1/seen", json!({"up_to": true}));
    post(ADA, "/messages/1/seen", json!({}));
    post(EVE, "/messages/1/seen", json!({}));
    post(BOB, "/messages/1/seen", json!({"user_id": 1}));
    post(SYSTEM, "/messages/1/seen", json!({"user_id": 99}));

    let mut get = |who, path: &str| ask(who, "GET", path, Value::Null);
    get(ADA, "/users");
    get(ADA, "/users/1");
    get(ADA, "/groups/1");
    get(ADA, "/groups/1/members?limit=1");
    get(ADA, "/messages/1");
    get(ADA, "/messages/1/seen");
    get(ADA, "/messages/unseen/1");
    get(ADA, "/messages/unseen/2");
    get(SYSTEM, "/messages/unseen/99");
    get(ADA, "/messages?group_id=1");
    get(ADA, "/messages?group_id=1&around=99");
    get(ADA, "/messages?receiver_id=99");
    get(ADA, "/messages?receiver_id=2&sender_id=3");
    get(EVE, "/messages?group_id=1");
    get(ADA, "/files/1");

    get(ADA, "/groups");

    let mut patch = |who, name: &str| ask(who, "PATCH", "/groups/1", json!({"name": name}));
    patch(ADA, "the team");
    patch(BOB, "his team");
    patch(EVE, "her team");
    ask(EVE, "POST", "/groups", json!({"name": "taken"}));
    ask(ADA, "PATCH", "/groups/1", json!({"name": "TAKEN"}));

    for thing in ["/users/1", "/groups/1", "/messages/1", "/files/1"] {
        let had = of(ADA, "GET", thing).header("If-None-Match", "*");
        reached.send(app.address(), &had);
    }
    let other = |method: &str, path: &str| of(ADA, method, path).header("If-Match", "\"other\"");
    for thing in [
        "/groups/1",
        "/groups/1/members/2",
        "/messages/1",
        "/files/1",
    ] {
        reached.send(app.address(), &other("DELETE", thing));
    }
    reached.send(app.address(), &other("PATCH", "/groups/1").json(&json!({})));

    let mut ask = |who, method: &str, path: &str, body| send(reached, who, method, path, body);
    let mut delete = |who, path: &str| ask(who, "DELETE", path, Value::Null);
    delete(BOB, "/messages/1");
    delete(EVE, "/messages/1");
    delete(ADA, "/messages/1");
    delete(BOB, "/groups/1/members/1");
    delete(EVE, "/groups/1/members/2");
    delete(ADA, "/groups/1/members/3");
    delete(ADA, "/groups/1/members/1");
    delete(ADA, "/groups/1/members/2");
    delete(CYD, "/groups/1");
    ask(ADA, "POST", "/groups/1/members", json!({"user_id": 2}));
    let mut patch = |who, body| ask(who, "PATCH", "/users/1", body);
    patch(ADA, json!({"display_name": "Ada"}));
    patch(BOB, json!({"display_name": "Ada"}));
    patch(ADA, json!({"username": "bob"}));
    patch(ADA, json!({"email": "bob@example.org"}));
    patch(SYSTEM, json!({"external_id": "auth|1"}));
    patch(ADA, json!({"avatar_file_id": 99}));
    ask(SYSTEM, "PATCH", "/users/99", json!({}));
    let mut delete = |who, path: &str| ask(who, "DELETE", path, Value::Null);
    delete(ADA, "/users/1");
    delete(BOB, "/groups/1");
    delete(ADA, "/groups/1");
    delete(BOB, "/users/1");
    delete(SYSTEM, "/users/99");
    delete(SYSTEM, "/users/2");
    for method in ["PATCH", "DELETE"] {
        let stale = of(ADA, method, "/users/1").header("If-Match", "\"x\"");
        let stale = match method {
            "PATCH" => stale.json(&json!({})),
            _ => stale,
        };
        reached.send(app.address(), &stale);
    }
}
