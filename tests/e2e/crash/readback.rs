//! Whether the server tells over HTTP what stands in its database.

use std::net::SocketAddr;

use serde_json::Value;

use super::checker::{Found, Row};
use super::records::{Records, To};
use crate::support::{Connection, Request};

/// How many of the latest marks and deletions are asked for one by one.
const LATEST: usize = 100;

/// Reads on one connection, as the system unless a user is named.
struct Reader(Connection);

impl Reader {
    fn get(&mut self, target: &str, user: Option<i64>) -> (u16, Value) {
        let mut request = Request::new("GET", target);
        if let Some(user) = user {
            request = request.header("X-User-Id", &user.to_string());
        }
        let answer = self.0.send(&request).expect("an answer");
        let body = serde_json::from_slice(&answer.body).expect("a body of JSON");
        (answer.status, body)
    }

    /// Every message of a list, page by page.
    fn messages(&mut self, list: &str, user: Option<i64>) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut before = String::new();
        loop {
            let (status, page) = self.get(&format!("/messages?{list}&limit=200{before}"), user);
            assert_eq!(status, 200, "{page}");
            let page = page.as_array().expect("a list");
            let Some(oldest) = page.first() else {
                return rows;
            };
            before = format!("&before={}", oldest["id"]);
            rows.extend(page.iter().map(row));
        }
    }
}

fn row(message: &Value) -> Row {
    let number = |field: &str| message[field].as_i64();
    Row {
        id: number("id").expect("an id"),
        conversation: number("conversation_id").expect("a conversation"),
        seq: number("seq").expect("a place"),
        writer: number("sender_id").expect("a sender"),
        to: match number("group_id") {
            Some(group) => To::Group(group),
            None => To::User(number("receiver_id").expect("a receiver")),
        },
        content: message["content"].as_str().map(str::to_owned),
    }
}

/// What is told otherwise than it stands there.
pub(crate) fn differences(
    address: SocketAddr,
    users: &[i64],
    groups: &[i64],
    records: &Records,
    found: &Found,
) -> Vec<String> {
    let mut reader = Reader(Connection::open(address).expect("a connection"));
    let mut differences = Vec::new();
    let mut told = Vec::new();
    for group in groups {
        told.extend(reader.messages(&format!("group_id={group}"), None));
    }
    for (n, user) in users.iter().enumerate() {
        for other in &users[n + 1..] {
            told.extend(reader.messages(&format!("receiver_id={other}"), Some(*user)));
        }
    }
    told.sort_by_key(|row| row.id);
    let living = found.rows.iter().filter(|row| row.content.is_some());
    if !living.eq(&told) {
        differences.push(format!("{} messages are told otherwise", told.len()));
    }
    for user in users {
        let (_, unseen) = reader.get(&format!("/messages/unseen/{user}"), Some(*user));
        let expected = unseen_by(*user, found);
        if unseen["total"] != expected {
            differences.push(format!("{expected} are unseen to {user}, told is {unseen}"));
        }
    }
    for mark in records.marked.iter().rev().take(LATEST) {
        let (status, list) = reader.get(&format!("/messages/{}/seen", mark.message), None);
        let told = list.as_array().is_some_and(|readers| {
            let mine = |r: &Value| r["user_id"] == mark.reader && r["seen_at"] == *mark.seen_at;
            readers.iter().any(mine)
        });
        let deleted = status == 404 && records.deletes_tried.contains(&mark.message);
        if !told && !deleted {
            differences.push(format!("{mark:?} is told as {list}"));
        }
    }
    for message in records.deleted.iter().rev().take(LATEST) {
        let (status, body) = reader.get(&format!("/messages/{message}"), None);
        if status != 404 {
            differences.push(format!("the deleted message {message} is told as {body}"));
        }
    }
    differences
}

/// Everybody is in every group from its start.
fn unseen_by(user: i64, found: &Found) -> usize {
    let unseen = found.rows.iter().filter(|row| {
        let for_user = match row.to {
            To::Group(_) => row.writer != user,
            To::User(to) => to == user,
        };
        for_user && row.content.is_some() && !found.seen.contains_key(&(user, row.id))
    });
    unseen.count()
}
