//! An event as it was told: what it is about, which never changes, and what it says of it, which is the state at
//! reading.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

/// What of an event's data stays as it was when it happened.
const LASTING: [&str; 12] = [
    "id",
    "message_id",
    "conversation_id",
    "seq",
    "sender_id",
    "receiver_id",
    "group_id",
    "user_id",
    "type",
    "up_to",
    "by",
    "deleted_by",
];

/// An event as a reader was told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) cursor: String,
    pub(super) kind: String,
    /// When and where it happened, to whom or what, and by whom.
    pub(super) about: String,
    /// What it says something is by now: what, and how it is.
    pub(super) state: Option<(String, String)>,
}

impl Told {
    pub(super) fn of(event: &Value) -> Self {
        let (kind, data) = (text(&event["kind"]), &event["data"]);
        let mut about = format!("at {} in {}", event["at"], event["conversation_id"]);
        for name in LASTING {
            if let Some(value) = data.get(name) {
                about += &format!(" {name} {value}");
            }
        }
        Self {
            cursor: text(&event["cursor"]),
            state: state(&kind, data),
            kind,
            about,
        }
    }
}

/// What the data of an event of this kind says of what it is about.
fn state(kind: &str, data: &Value) -> Option<(String, String)> {
    let (thing, event) = kind.split_once('.')?;
    let ends = matches!(event, "deleted" | "removed") || data["deleted"] == true;
    let (what, how) = match thing {
        "message" if event != "seen" => (format!("message {}", data["id"]), &data["content"]),
        // A group that was deleted is told as it was last.
        "group" => return Some((format!("group {}", data["id"]), data["name"].to_string())),
        "member" => {
            let (user, group) = (&data["user_id"], &data["group_id"]);
            (format!("user {user} in group {group}"), &data["role"])
        }
        "user" => (format!("user {}", data["id"]), &data["display_name"]),
        _ => return None,
    };
    let how = if ends {
        "gone".to_owned()
    } else {
        how.to_string()
    };
    Some((what, how))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// All that was told to anybody. Hundreds of readers are told the same, which is read and kept once.
#[derive(Default)]
pub(super) struct Tellings(Mutex<HashMap<String, Arc<Told>>>);

impl Tellings {
    /// What this text tells.
    pub(super) fn of(&self, event: &str) -> Arc<Told> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = known.get(event) {
            return Arc::clone(told);
        }
        let parsed = serde_json::from_str(event).unwrap_or_else(|_| panic!("no event: {event}"));
        let told = Arc::new(Told::of(&parsed));
        known.insert(event.to_owned(), Arc::clone(&told));
        told
    }
}
