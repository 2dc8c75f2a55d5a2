//! What the log says, and who had to see what of it: worked out from the events themselves, by the contract's words
//! and not by the server's ways.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::told::Told;

/// An entry of the log.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) told: Told,
    /// Who sees it, besides the system.
    pub(super) seers: BTreeSet<i64>,
    /// Whether nothing later changes what it says of something.
    pub(super) last: bool,
}

/// The log from a cursor on.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) entries: Vec<Entry>,
    /// How many entries stand up to each cursor.
    places: HashMap<String, usize>,
}

impl Truth {
    /// From the events that the system was told after `start`, from which on the log is known.
    pub(super) fn of(start: &str, events: &[Value]) -> Self {
        let mut people = People::default();
        let mut places = HashMap::from([(start.to_owned(), 0)]);
        let mut entries: Vec<Entry> = events
            .iter()
            .enumerate()
            .map(|(place, event)| {
                let told = Told::of(event);
                places.insert(told.cursor.clone(), place + 1);
                Entry {
                    seers: people.see(event, &events[place + 1..]),
                    told,
                    last: false,
                }
            })
            .collect();
        let (mut ended, mut changed) = (HashSet::new(), HashSet::new());
        for (entry, event) in entries.iter_mut().zip(events).rev() {
            // With a group goes all that is in it, and of that nothing is told.
            let conversation = event["conversation_id"].as_i64();
            if entry.told.kind == "group.deleted" {
                ended.extend(conversation);
            }
            let stays = conversation.is_none_or(|id| !ended.contains(&id));
            let what = entry.told.state.as_ref().map(|(what, _)| what.clone());
            entry.last = what.is_some_and(|what| changed.insert(what)) && stays;
        }
        assert_eq!(places.len(), entries.len() + 1, "cursors are unique");
        Self { entries, places }
    }

    /// How many entries stand up to this cursor; none if it is none of the log's.
    pub(super) fn place(&self, cursor: &str) -> Option<usize> {
        self.places.get(cursor).copied()
    }
}

/// Who is where.
#[derive(Default)]
struct People {
    /// The members of each group's conversation, and both users of each direct one.
    by_conversation: HashMap<i64, BTreeSet<i64>>,
}

impl People {
    /// Who sees the event, after which those that stand behind it follow.
    fn see(&mut self, event: &Value, behind: &[Value]) -> BTreeSet<i64> {
        let (kind, data) = (text(&event["kind"]), &event["data"]);
        let Some(conversation) = event["conversation_id"].as_i64() else {
            let user = number(&data["id"]);
            let shared = self.by_conversation.values();
            let shared = shared.filter(|people| people.contains(&user)).flatten();
            return shared.copied().chain([user]).collect();
        };
        let here = self.by_conversation.entry(conversation).or_default();
        match kind.as_str() {
            "group.created" => {
                // Whom the group was made for comes with the next event there.
                let next = behind
                    .iter()
                    .find(|event| event["conversation_id"].as_i64() == Some(conversation));
                let owner = next.filter(|event| event["kind"] == "member.added");
                here.extend(owner.map(|event| number(&event["data"]["user_id"])));
                here.clone()
            }
            "group.deleted" => std::mem::take(here),
            "member.added" => {
                here.insert(number(&data["user_id"]));
                here.clone()
            }
            "member.removed" => {
                let before = here.clone();
                here.remove(&number(&data["user_id"]));
                before
            }
            "message.created" => {
                if let Some(receiver) = data["receiver_id"].as_i64() {
                    here.extend([number(&data["sender_id"]), receiver]);
                }
                here.clone()
            }
            _ => here.clone(),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}
