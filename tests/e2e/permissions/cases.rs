//! What is asked: every route, of some of them more than one thing.

use serde_json::{Value, json};

use super::World;
use crate::support::{Part, Request};

/// One thing to ask.
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Which of several things to ask of the route.
    pub(super) about: &'static str,
    /// The request, with everything right but who sends it.
    pub(super) request: fn(&World) -> Request,
}

fn get(target: &str) -> Request {
    Request::new("GET", target)
}

fn post(target: &str, body: &Value) -> Request {
    Request::new("POST", target).json(body)
}

fn patch(target: &str, body: &Value) -> Request {
    Request::new("PATCH", target).json(body)
}

fn delete(target: &str) -> Request {
    Request::new("DELETE", target)
}

fn case(
    method: &'static str,
    path: &'static str,
    about: &'static str,
    request: fn(&World) -> Request,
) -> Case {
    Case {
        method,
        path,
        about,
        request,
    }
}

fn put_member(world: &World, role: Option<&str>) -> Request {
    let mut body = json!({"user_id": world.target});
    if let Some(role) = role {
        body["role"] = role.into();
    }
    post(&format!("/groups/{}/members", world.group), &body)
}

#[rustfmt::skip]
pub(super) fn cases() -> Vec<Case> {
    vec![
        case("GET", "/health", "", |_| get("/health")),
        case("GET", "/health/live", "", |_| get("/health/live")),
        case("GET", "/health/ready", "", |_| get("/health/ready")),
        case("GET", "/metrics", "", |_| get("/metrics")),
        case("GET", "/openapi.json", "", |_| get("/openapi.json")),
        case("GET", "/docs", "", |_| get("/docs")),
        case("GET", "/docs/", "", |_| get("/docs/")),
        case("GET", "/docs/{file}", "", |_| get("/docs/index.html")),

        case("GET", "/sync", "", |_| get("/sync")),
        case("GET", "/events", "", |_| get("/events")),
        case("GET", "/events", "as the user itself", |w| get(&format!("/events?user_id={}", w.itself))),
        case("GET", "/ws", "without an upgrade", |_| get("/ws")),
        case("GET", "/ws", "as the stranger", |w| get(&format!("/ws?user_id={}", w.stranger))),
        case("POST", "/tickets", "", |_| post("/tickets", &json!({}))),

        case("GET", "/users", "", |_| get("/users")),
        case("POST", "/users", "", |w| post("/users", &json!({"username": format!("new-{}", w.name), "email": format!("new-{}@example.org", w.name)}))),
        case("GET", "/users/{id}", "", |w| get(&format!("/users/{}", w.itself))),

        case("PATCH", "/users/{id}", "", |w| patch(&format!("/users/{}", w.itself), &json!({"username": format!("new-{}", w.name), "display_name": "New"}))),
        case("PATCH", "/users/{id}", "a picture that was shared", |w| patch(&format!("/users/{}", w.itself), &json!({"avatar_file_id": w.shared}))),
        case("PATCH", "/users/{id}", "a picture that was not", |w| patch(&format!("/users/{}", w.itself), &json!({"avatar_file_id": w.private}))),
        case("PATCH", "/users/{id}", "the external id", |w| patch(&format!("/users/{}", w.itself), &json!({"external_id": w.name}))),
        case("DELETE", "/users/{id}", "", |w| delete(&format!("/users/{}", w.itself))),
        case("DELETE", "/users/{id}", "who owns a group", |w| delete(&format!("/users/{}", w.owner))),

        case("POST", "/groups", "", |w| post("/groups", &json!({"name": format!("new-{}", w.name)}))),
        case("POST", "/groups", "for the user itself", |w| post("/groups", &json!({"name": format!("new-{}", w.name), "owner_id": w.itself}))),
        case("GET", "/groups", "", |_| get("/groups")),
        case("PATCH", "/groups/{id}", "", |w| patch(&format!("/groups/{}", w.group), &json!({"name": format!("new-{}", w.name)}))),
        case("GET", "/groups/{id}", "", |w| get(&format!("/groups/{}", w.group))),
        case("DELETE", "/groups/{id}", "", |w| delete(&format!("/groups/{}", w.group))),
        case("GET", "/groups/{id}/members", "", |w| get(&format!("/groups/{}/members", w.group))),
        case("POST", "/groups/{id}/members", "a new member", |w| post(&format!("/groups/{}/members", w.group), &json!({"user_id": w.another}))),
        case("POST", "/groups/{id}/members", "a new admin", |w| post(&format!("/groups/{}/members", w.group), &json!({"user_id": w.another, "role": "admin"}))),
        case("POST", "/groups/{id}/members", "there already", |w| put_member(w, None)),
        case("POST", "/groups/{id}/members", "to be admin", |w| put_member(w, Some("admin"))),
        case("POST", "/groups/{id}/members", "to be owner", |w| put_member(w, Some("owner"))),
        case("DELETE", "/groups/{id}/members/{user_id}", "a member", |w| delete(&format!("/groups/{}/members/{}", w.group, w.target))),
        case("DELETE", "/groups/{id}/members/{user_id}", "the user itself", |w| delete(&format!("/groups/{}/members/{}", w.group, w.itself))),
        case("DELETE", "/groups/{id}/members/{user_id}", "an admin", |w| delete(&format!("/groups/{}/members/{}", w.group, w.admin))),
        case("DELETE", "/groups/{id}/members/{user_id}", "the owner", |w| delete(&format!("/groups/{}/members/{}", w.group, w.owner))),

        case("POST", "/messages", "to the group", |w| post("/messages", &json!({"group_id": w.group, "type": "text", "content": "hi", "sender_id": w.itself}))),
        case("POST", "/messages", "to the group, from whom it is", |w| post("/messages", &json!({"group_id": w.group, "type": "text", "content": "hi"}))),
        case("POST", "/messages", "to the group, from the stranger", |w| post("/messages", &json!({"group_id": w.group, "type": "text", "content": "hi", "sender_id": w.stranger}))),
        case("POST", "/messages", "to the group, with a file", |w| Request::new("POST", "/messages").form(&[Part::Text("group_id", &w.group.to_string()), Part::Text("type", "file"), Part::File("a.txt", b"hi")])),
        case("POST", "/messages", "to the stranger", |w| post("/messages", &json!({"receiver_id": w.stranger, "type": "text", "content": "hi"}))),
        case("POST", "/messages", "a file that was shared", |w| post("/messages", &json!({"receiver_id": w.target, "type": "file", "file_id": w.shared}))),
        case("POST", "/messages", "a file that was not", |w| post("/messages", &json!({"receiver_id": w.target, "type": "file", "file_id": w.private}))),
        case("GET", "/messages", "of the group", |w| get(&format!("/messages?group_id={}", w.group))),
        case("GET", "/messages", "with another user", |w| get(&format!("/messages?receiver_id={}", w.another))),
        case("GET", "/messages", "of the user itself with another", |w| get(&format!("/messages?receiver_id={}&sender_id={}", w.another, w.itself))),
        case("GET", "/messages/{id}", "in the group", |w| get(&format!("/messages/{}", w.message))),
        case("GET", "/messages/{id}", "direct", |w| get(&format!("/messages/{}", w.direct))),
        case("DELETE", "/messages/{id}", "in the group", |w| delete(&format!("/messages/{}", w.message))),
        case("DELETE", "/messages/{id}", "direct", |w| delete(&format!("/messages/{}", w.direct))),
        case("GET", "/messages/{id}/seen", "in the group", |w| get(&format!("/messages/{}/seen", w.message))),
        case("GET", "/messages/{id}/seen", "direct", |w| get(&format!("/messages/{}/seen", w.direct))),
        case("POST", "/messages/{id}/seen", "in the group, by whom it is", |w| post(&format!("/messages/{}/seen", w.message), &json!({}))),
        case("POST", "/messages/{id}/seen", "in the group, by the member", |w| post(&format!("/messages/{}/seen", w.message), &json!({"user_id": w.member}))),
        case("POST", "/messages/{id}/seen", "in the group, by the stranger", |w| post(&format!("/messages/{}/seen", w.message), &json!({"user_id": w.stranger}))),
        case("POST", "/messages/{id}/seen", "to the user itself, by it", |w| post(&format!("/messages/{}/seen", w.answer), &json!({"user_id": w.itself}))),
        case("GET", "/messages/unseen/{user_id}", "", |w| get(&format!("/messages/unseen/{}", w.itself))),

        case("POST", "/files", "", |_| post("/files", &json!({"url": "https://example.org/a"}))),
        case("GET", "/files/{id}", "shared with the group", |w| get(&format!("/files/{}", w.shared))),
        case("GET", "/files/{id}", "private", |w| get(&format!("/files/{}", w.private))),
        case("GET", "/files/{id}/content", "shared with the group", |w| get(&format!("/files/{}/content", w.shared))),
        case("GET", "/files/{id}/content", "private", |w| get(&format!("/files/{}/content", w.private))),
        case("GET", "/files/{id}/thumbnail", "shared with the group", |w| get(&format!("/files/{}/thumbnail", w.shared))),
        case("GET", "/files/{id}/thumbnail", "private", |w| get(&format!("/files/{}/thumbnail", w.private))),
        case("GET", "/files/{id}", "the avatar of the member", |w| get(&format!("/files/{}", w.avatar))),
        case("GET", "/files/{id}/content", "the avatar of the member", |w| get(&format!("/files/{}/content", w.avatar))),
        case("GET", "/files/{id}/thumbnail", "the avatar of the member", |w| get(&format!("/files/{}/thumbnail", w.avatar))),
        case("DELETE", "/files/{id}", "the avatar of the member", |w| delete(&format!("/files/{}", w.avatar))),
        case("DELETE", "/files/{id}", "shared with the group", |w| delete(&format!("/files/{}", w.shared))),
        case("DELETE", "/files/{id}", "private", |w| delete(&format!("/files/{}", w.private))),

        case("POST", "/uploads", "", |_| Request::new("POST", "/uploads").fit_for("POST", "/uploads")),
        case("HEAD", "/uploads/{id}", "", |w| Request::new("HEAD", &w.upload).tus()),
        case("PATCH", "/uploads/{id}", "", |w| Request::new("PATCH", &w.upload).part(0, "01234")),
        case("DELETE", "/uploads/{id}", "", |w| delete(&w.upload).tus()),
    ]
}
