//! What things look like, in examples.

use serde_json::{Value, json};

pub(super) const AT: &str = "2026-11-22T10:21:00.123Z";

/// A place in a log.
pub(super) const CURSOR: &str = "fF4sWLJlkr1A1unE-5EbCwAAAAAAAAAB";

pub(super) fn event() -> Value {
    json!({
        "cursor": CURSOR, "kind": "message.created", "at": AT, "conversation_id": 3, "data": message()
    })
}

pub(super) fn overview() -> Value {
    json!({
        "conversation_id": 3, "kind": "direct",
        "peer": {"id": 2, "username": "bob", "created_at": AT, "updated_at": AT},
        "last_seq": 4, "last_message": message(), "unseen_count": 1
    })
}

pub(super) fn user() -> Value {
    json!({"id": 1, "username": "ada", "email": "ada@example.org", "created_at": AT, "updated_at": AT})
}

pub(super) fn member() -> Value {
    json!({"group_id": 1, "user_id": 1, "role": "owner", "created_at": AT, "updated_at": AT})
}

pub(super) fn group() -> Value {
    json!({"id": 1, "name": "Project Team", "member_count": 1, "created_at": AT, "updated_at": AT})
}

pub(super) fn file() -> Value {
    json!({
        "id": 1, "url": "https://example.org/a.png", "name": "a.png", "size": 5120,
        "type": "image/png", "created_at": AT, "updated_at": AT
    })
}

pub(super) fn message() -> Value {
    json!({
        "id": 9, "conversation_id": 3, "seq": 4, "sender_id": 1, "receiver_id": 2,
        "type": "text", "content": "hello bob", "created_at": AT, "updated_at": AT
    })
}

pub(super) fn seen() -> Value {
    json!({"message_id": 9, "user_id": 2, "seen_at": AT})
}

pub(super) fn receipt() -> Value {
    json!({"user_id": 2, "seen_at": AT})
}

pub(super) fn unseen() -> Value {
    json!({
        "direct_messages": [{"user_id": 1, "username": "ada", "unseen_count": 5}],
        "group_messages": [{"group_id": 1, "group_name": "Project Team", "unseen_count": 4}],
        "total": 9
    })
}
