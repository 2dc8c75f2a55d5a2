//! Writers at full speed: messages to groups and users, marks and deletions. What gets no answer is sent again under
//! its key, until it gets one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::readers::Dice;
use crate::support::{Connection, Request};

/// Somebody who writes, over one connection as long as that holds.
pub(super) struct Writer {
    address: SocketAddr,
    name: String,
    connection: Option<Connection>,
    count: u64,
    /// The words of each message that was acknowledged.
    pub(super) acknowledged: BTreeMap<i64, String>,
    /// How often something was sent again.
    pub(super) retries: u64,
}

impl Writer {
    pub(super) fn new(address: SocketAddr, name: impl Into<String>) -> Self {
        Self {
            address,
            name: name.into(),
            connection: None,
            count: 0,
            acknowledged: BTreeMap::new(),
            retries: 0,
        }
    }

    /// Has something done, once, whatever becomes of the server meanwhile.
    pub(super) fn ask(
        &mut self,
        user: Option<i64>,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        self.count += 1;
        let key = format!("{}-{}", self.name, self.count);
        let mut request = Request::new(method, path).header("Idempotency-Key", &key);
        if let Some(user) = user {
            request = request.header("X-User-Id", &user.to_string());
        }
        if *body != Value::Null {
            request = request.json(body);
        }
        loop {
            let connection = self.connection.take();
            let sent = connection.map_or_else(|| Connection::open(self.address), Ok);
            let sent = sent.and_then(|mut connection| {
                let answer = connection.send(&request)?;
                self.connection = Some(connection);
                Ok(answer)
            });
            match sent {
                Ok(answer) if answer.status < 500 && answer.status != 409 => {
                    let told = serde_json::from_slice(&answer.body).unwrap_or_default();
                    return (answer.status, told);
                }
                // It may have been done or not; the key sees to it that it is done once.
                _ => {
                    self.retries += 1;
                    sleep(Duration::from_millis(20));
                }
            }
        }
    }

    /// Makes something, and says which.
    pub(super) fn make(&mut self, user: Option<i64>, path: &str, body: &Value) -> i64 {
        let (status, told) = self.ask(user, "POST", path, body);
        assert_eq!(status, 201, "{told}");
        told["id"].as_i64().expect("an id")
    }

    /// Makes a group of these, the first of whom owns it.
    pub(super) fn group(&mut self, name: &str, members: &[i64]) -> (i64, i64) {
        let owner = members[0];
        let id = self.make(Some(owner), "/groups", &json!({"name": name}));
        for member in &members[1..] {
            let path = format!("/groups/{id}/members");
            let (status, told) = self.ask(Some(owner), "POST", &path, &json!({"user_id": member}));
            assert_eq!(status, 201, "{told}");
        }
        (id, owner)
    }

    /// Sends a text.
    pub(super) fn send(&mut self, from: i64, to: &str, id: i64, words: &str) -> Option<i64> {
        let body = json!({to: id, "type": "text", "content": words});
        let (status, told) = self.ask(Some(from), "POST", "/messages", &body);
        if status == 201 {
            let id = told["id"].as_i64().expect("an id");
            self.acknowledged.insert(id, words.to_owned());
            return Some(id);
        }
        // Whoever was taken out of the group since.
        assert!(matches!(status, 403 | 404), "{status} {told}");
        None
    }
}

/// The groups, and who is in each of them from the start.
pub(super) struct World {
    pub(super) users: Vec<i64>,
    /// Three of four are here, from the start to the end. The others are in some groups at most, so that what is told
    /// to those who share something does not go to all.
    pub(super) lobby: i64,
    /// Of the groups, with their owners.
    pub(super) groups: Vec<(i64, i64)>,
}

impl World {
    /// Makes it on a server that is there.
    pub(super) fn make(address: SocketAddr, users: usize, groups: usize) -> Self {
        let mut writer = Writer::new(address, "maker");
        let users: Vec<i64> = (0..users)
            .map(|number| {
                let name = format!("user-{number}");
                let body = json!({"username": name, "email": format!("{name}@example.org")});
                writer.make(None, "/users", &body)
            })
            .collect();
        let inside = users.iter().zip(1..).filter(|(_, number)| number % 4 != 0);
        let inside: Vec<i64> = inside.map(|(user, _)| *user).collect();
        let (lobby, _) = writer.group("lobby", &inside);
        let groups = (0..groups)
            .map(|number| {
                let members: Vec<i64> = users
                    .iter()
                    .copied()
                    .skip(number % 3)
                    .step_by(3 + number % 4)
                    .collect();
                writer.group(&format!("group-{number}"), &members)
            })
            .collect();
        Self {
            users,
            lobby,
            groups,
        }
    }

    /// One of the users.
    pub(super) fn any(&self, dice: &mut Dice) -> i64 {
        self.users[dice.below(self.users.len() as u64) as usize]
    }

    /// Writes until it is told to stop.
    pub(super) fn write(&self, address: SocketAddr, number: u64, stop: &AtomicBool) -> Writer {
        let mut writer = Writer::new(address, format!("writer-{number}"));
        let mut dice = Dice::new(1_000 + number);
        let mut latest = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let (group, owner) = self.groups[dice.below(self.groups.len() as u64) as usize];
            let from = if dice.below(3) == 0 {
                owner
            } else {
                self.any(&mut dice)
            };
            let words = format!("{number} says {}", dice.below(1_000_000));
            let sent = match dice.below(10) {
                0..5 => writer.send(from, "group_id", group, &words),
                // Not all are there.
                5 => writer.send(from, "group_id", self.lobby, &words),
                _ => {
                    let to = self.any(&mut dice);
                    (from != to)
                        .then(|| writer.send(from, "receiver_id", to, &words))
                        .flatten()
                }
            };
            latest.extend(sent.map(|id| (from, id)));
            if latest.len() > 8 {
                let (from, id) = latest.remove(dice.below(8) as usize);
                match dice.below(4) {
                    0 => drop(writer.ask(
                        Some(from),
                        "DELETE",
                        &format!("/messages/{id}"),
                        &Value::Null,
                    )),
                    1 => {
                        let body = json!({"up_to": dice.below(2) == 0});
                        let path = format!("/messages/{id}/seen");
                        writer.ask(Some(self.any(&mut dice)), "POST", &path, &body);
                    }
                    _ => {}
                }
            }
        }
        writer
    }
}
