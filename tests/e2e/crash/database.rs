//! What a stranger reads in the database: a plain SQLite connection that knows nothing of ours.

use std::path::Path;

use serde_json::Value;

use super::checker::{Found, Row};
use super::records::To;
use crate::support;

/// Every row that `query` gives as `line`.
pub(crate) fn lines(data: &Path, query: &str) -> Vec<String> {
    support::lines(&data.join("chat.db"), query)
}

const MESSAGES: &str = "
    SELECT json_array(id, conversation_id, seq, sender_id, group_id, receiver_id,
                      CASE WHEN deleted_at IS NULL THEN content END) AS line
    FROM messages ORDER BY id";

/// Marked by name, else within a range; never one's own.
const SEEN: &str = "
    WITH seen (user_id, message_id, at) AS (
        SELECT user_id, message_id, seen_at FROM seens
        UNION ALL
        SELECT r.user_id, m.id, r.seen_at FROM seen_ranges r
        JOIN messages m ON m.conversation_id = r.conversation_id
            AND m.seq BETWEEN r.from_seq AND r.to_seq AND m.sender_id <> r.user_id
        WHERE NOT EXISTS
            (SELECT 1 FROM seens s WHERE s.message_id = m.id AND s.user_id = r.user_id)
    )
    SELECT json_array(user_id, message_id,
        strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch')
            || printf('.%03dZ', at / 1000 % 1000)) AS line
    FROM seen";

/// All messages, and who has seen which.
pub(crate) fn find(data: &Path) -> Found {
    let read = |line: String| serde_json::from_str::<Value>(&line).expect("an array");
    let messages = lines(data, MESSAGES).into_iter().map(read);
    let seen = lines(data, SEEN).into_iter().map(read);
    Found {
        rows: messages.map(|message| row(&message)).collect(),
        seen: seen
            .map(|mark| {
                let at = mark[2].as_str().expect("a time").to_owned();
                ((number(&mark[0]), number(&mark[1])), at)
            })
            .collect(),
    }
}

fn row(message: &Value) -> Row {
    let to = match message[4].as_i64() {
        Some(group) => To::Group(group),
        None => To::User(number(&message[5])),
    };
    Row {
        id: number(&message[0]),
        conversation: number(&message[1]),
        seq: number(&message[2]),
        writer: number(&message[3]),
        to,
        content: message[6].as_str().map(str::to_owned),
    }
}

fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// Spoils a database.
pub(crate) fn execute(data: &Path, statement: &str) {
    support::execute(&data.join("chat.db"), statement);
}
