//! What a stranger reads in the database: a plain connection that knows nothing of ours.

use serde_json::Value;

use super::checker::{Found, Row};
use super::records::To;
use crate::support::{Database, lines};

const MESSAGES: &str = "
    SELECT {array}(id, conversation_id, seq, sender_id, group_id, receiver_id,
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
    SELECT {array}(user_id, message_id, {time}) AS line FROM seen";

/// All messages, and who has seen which.
pub(crate) fn find(database: &Database) -> Found {
    let (array, time) = match database {
        Database::Sqlite(_) => (
            "json_array",
            "strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch')
                || printf('.%03dZ', at / 1000 % 1000)",
        ),
        Database::Postgres(_) => (
            "json_build_array",
            "to_char(to_timestamp(at / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')
                || '.' || lpad((at / 1000 % 1000)::text, 3, '0') || 'Z'",
        ),
    };
    let read = |query: &str| {
        let query = query.replace("{array}", array).replace("{time}", time);
        let rows = lines(database, &query).into_iter();
        rows.map(|line| serde_json::from_str::<Value>(&line).expect("an array"))
    };
    let (messages, seen) = (read(MESSAGES), read(SEEN));
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
