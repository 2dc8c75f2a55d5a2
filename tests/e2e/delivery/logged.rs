//! What the system is told of the whole log, beside the table in which it stands and what writers were told. What
//! is lost for everybody would show in no comparison of readers.

use std::collections::{BTreeMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::checker::Finding;
use crate::support::{Database, lines, settle};

/// An entry of the table, by its numbers. In some, who did it stands for whom it was done to.
const ENTRIES: &str = "
    SELECT position || ' ' || kind || ' ' || coalesce(conversation_id, 0) || ' '
        || coalesce(message_id, 0) || ' '
        || CASE WHEN kind IN (4, 5, 40, 41, 42, 60, 61) THEN user_id ELSE 0 END AS line
    FROM events ORDER BY position";

/// The stored numbers of kinds, by their names; the second of a message that was seen is with all before it.
pub(super) const KINDS: [(&str, i64); 11] = [
    ("message.created", 1),
    ("message.deleted", 3),
    ("message.seen", 4),
    ("group.created", 20),
    ("group.updated", 21),
    ("group.deleted", 22),
    ("member.added", 40),
    ("member.role_changed", 41),
    ("member.removed", 42),
    ("user.updated", 60),
    ("user.deleted", 61),
];

/// Where the cursor stands in its log.
pub(super) fn position(cursor: &str) -> usize {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).expect("a cursor");
    let number = bytes[16..].try_into().map(u64::from_be_bytes);
    number
        .ok()
        .and_then(|at| at.try_into().ok())
        .expect("a position")
}

/// The cursor of the same log before its first event.
pub(super) fn first_cursor(cursor: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).expect("a cursor");
    bytes[16..].fill(0);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// By its numbers, what an event that was told must stand there as.
fn numbers(event: &Value) -> String {
    let data = &event["data"];
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let kind = event["kind"].as_str().expect("a kind");
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    let code = known.map_or(0, |(_, code)| *code) + i64::from(data["up_to"] == true);
    let (message, user) = match kind.split_once('.') {
        Some(("message", "seen")) => (number(&data["message_id"]), number(&data["user_id"])),
        Some(("message", _)) => (number(&data["id"]), 0),
        Some(("member", _)) => (0, number(&data["user_id"])),
        Some(("user", _)) => (0, number(&data["id"])),
        _ => (0, 0),
    };
    let conversation = number(&event["conversation_id"]);
    format!("{code} {conversation} {message} {user}")
}

/// In what the log as it is told is unlike the table in which it stands.
pub(super) fn unlike_the_table(database: &Database, events: &[Value]) -> Vec<Finding> {
    settle(database);
    let rows = lines(database, ENTRIES).into_iter();
    let rows: BTreeMap<usize, String> = rows
        .map(|line| {
            let (position, rest) = line.split_once(' ').expect("numbers");
            (position.parse().expect("a position"), rest.to_owned())
        })
        .collect();
    unlike(&rows, events)
}

fn unlike(rows: &BTreeMap<usize, String>, events: &[Value]) -> Vec<Finding> {
    let reader = || "the log".to_owned();
    let (mut findings, mut told) = (Vec::new(), HashSet::new());
    for event in events {
        let cursor = event["cursor"].as_str().expect("a cursor");
        let (place, instead) = (position(cursor), numbers(event));
        let kind = || event["kind"].as_str().unwrap_or_default().to_owned();
        match rows.get(&place) {
            None => findings.push(Finding::Unknown {
                reader: reader(),
                cursor: cursor.to_owned(),
                kind: kind(),
            }),
            Some(about) if *about != instead => findings.push(Finding::Other {
                reader: reader(),
                place,
                about: about.clone(),
                instead,
            }),
            Some(_) => {}
        }
        if !told.insert(place) {
            findings.push(Finding::Twice {
                reader: reader(),
                place,
                kind: kind(),
            });
        }
    }
    let missing = rows.iter().filter(|(place, _)| !told.contains(place));
    findings.extend(missing.map(|(place, kind)| Finding::Missing {
        reader: reader(),
        place: *place,
        kind: kind.clone(),
    }));
    findings
}

/// What of these messages, which were acknowledged, the log does not tell, tells twice, or with other words.
pub(super) fn unlike_the_answers(
    acknowledged: &BTreeMap<i64, String>,
    events: &[Value],
) -> Vec<Finding> {
    let reader = || "the log".to_owned();
    let kind = || "message.created".to_owned();
    let (mut findings, mut told) = (Vec::new(), HashSet::new());
    for event in events
        .iter()
        .filter(|event| event["kind"] == "message.created")
    {
        let data = &event["data"];
        let id = data["id"].as_i64().expect("an id");
        let place = position(event["cursor"].as_str().expect("a cursor"));
        if !told.insert(id) {
            findings.push(Finding::Twice {
                reader: reader(),
                place,
                kind: kind(),
            });
        }
        let Some(words) = acknowledged.get(&id) else {
            continue;
        };
        if data["deleted"] != true && data["content"] != **words {
            findings.push(Finding::EndsWrong {
                reader: reader(),
                place,
                what: format!("message {id}"),
                how: words.clone(),
                instead: data["content"].to_string(),
            });
        }
    }
    let lost = acknowledged.keys().filter(|id| !told.contains(id));
    findings.extend(lost.map(|id| Finding::Missing {
        reader: reader(),
        place: 0,
        kind: format!("message {id}, which was acknowledged,"),
    }));
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(position: u64, id: i64, words: &str) -> Value {
        let mut cursor = [0; 24];
        cursor[16..].copy_from_slice(&position.to_be_bytes());
        let cursor = URL_SAFE_NO_PAD.encode(cursor);
        let data = json!({"id": id, "content": words});
        json!({"cursor": cursor, "kind": "message.created", "conversation_id": 3, "data": data})
    }

    fn said(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_the_table_says_otherwise_is_told() {
        let rows: BTreeMap<usize, String> = [(1, "1 3 5 0"), (2, "1 3 6 0")]
            .map(|(place, row)| (place, row.to_owned()))
            .into();
        let [one, two] = [event(1, 5, "a"), event(2, 6, "b")];
        assert!(unlike(&rows, &[one.clone(), two.clone()]).is_empty());
        assert_eq!(
            said(&unlike(&rows, std::slice::from_ref(&one))),
            ["the log: the 1 3 6 0 at 2 is missing"]
        );
        assert_eq!(
            said(&unlike(&rows, &[one.clone(), one.clone(), two.clone()])),
            ["the log: the message.created at 1 came twice"]
        );
        assert_eq!(
            said(&unlike(&rows, &[one.clone(), event(2, 7, "b")])),
            ["the log: 2 is \"1 3 6 0\", told was \"1 3 7 0\""]
        );
        let found = unlike(&rows, &[one, two, event(3, 7, "c")]);
        assert!(matches!(&found[..], [Finding::Unknown { .. }]));
    }

    #[test]
    fn what_was_acknowledged_and_is_not_so_is_told() {
        let acknowledged = [(5, "a".to_owned()), (6, "b".to_owned())].into();
        let [one, two] = [event(1, 5, "a"), event(2, 6, "b")];
        assert!(unlike_the_answers(&acknowledged, &[one.clone(), two.clone()]).is_empty());
        assert_eq!(
            said(&unlike_the_answers(
                &acknowledged,
                std::slice::from_ref(&one)
            )),
            ["the log: the message 6, which was acknowledged, at 0 is missing"]
        );
        assert_eq!(
            said(&unlike_the_answers(
                &acknowledged,
                &[one.clone(), event(2, 6, "c")]
            )),
            ["the log: message 6 is b, told last, at 2, was \"c\""]
        );
        assert_eq!(
            said(&unlike_the_answers(&acknowledged, &[one.clone(), two, one])),
            ["the log: the message.created at 1 came twice"]
        );
    }
}
