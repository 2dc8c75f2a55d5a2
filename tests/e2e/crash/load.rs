//! Writers: each is a user on a connection of its own, who writes until the server is gone and records
//! every answer. What got none is sent again after the restart, with the same key.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::records::{Marked, Records, Sent, To};
use crate::support::{Answer, Connection, Request};

/// What all writers see: the messages that were acknowledged, and whether the server was killed.
#[derive(Default)]
pub(crate) struct Stage {
    sent: Mutex<Vec<Sent>>,
    pub(crate) killed: AtomicBool,
}

/// What a writer asks for.
#[derive(Clone, Debug)]
enum Deed {
    Send { to: To, content: String },
    Mark { message: i64, up_to: bool },
    Delete { message: i64 },
}

/// A request that may have to be sent again.
#[derive(Clone, Debug)]
struct Attempt {
    deed: Deed,
    key: String,
    again: bool,
}

/// A user who writes.
pub(crate) struct Writer {
    user: i64,
    targets: Vec<To>,
    dice: Dice,
    /// How many requests it has made.
    number: usize,
    unanswered: Option<Attempt>,
    pub(crate) records: Records,
}

impl Writer {
    pub(crate) fn new(user: i64, targets: Vec<To>, seed: i64) -> Self {
        Self {
            user,
            targets,
            dice: Dice::new(seed),
            number: 0,
            unanswered: None,
            records: Records::default(),
        }
    }

    /// Writes until the connection breaks.
    pub(crate) fn work(&mut self, address: SocketAddr, stage: &Stage) {
        let Err(error) = self.work_on(address, stage) else {
            return;
        };
        if !stage.killed.load(Ordering::SeqCst) {
            let user = self.user;
            let what = format!("the connection of {user} broke while the server ran: {error}");
            self.records.strange.push(what);
        }
    }

    fn work_on(&mut self, address: SocketAddr, stage: &Stage) -> std::io::Result<()> {
        let mut connection = Connection::open(address)?;
        loop {
            let attempt = self.next(stage);
            match connection.send(&attempt.request(self.user)) {
                Ok(answer) => self.told(&attempt, &answer, stage),
                Err(error) => {
                    self.records.unanswered += 1;
                    self.unanswered = Some(attempt);
                    return Err(error);
                }
            }
        }
    }

    fn next(&mut self, stage: &Stage) -> Attempt {
        if let Some(attempt) = self.unanswered.take() {
            self.records.retried += 1;
            return Attempt {
                again: true,
                ..attempt
            };
        }
        self.number += 1;
        let deed = self.deed(stage);
        match &deed {
            Deed::Send { content, .. } => drop(self.records.tried.insert(content.clone())),
            Deed::Delete { message } => drop(self.records.deletes_tried.insert(*message)),
            Deed::Mark { .. } => {}
        }
        Attempt {
            deed,
            key: format!("{}-{}", self.user, self.number),
            again: false,
        }
    }

    fn deed(&mut self, stage: &Stage) -> Deed {
        let deed = match self.dice.below(10) {
            0 | 1 => self.mark(stage, false),
            2 => self.mark(stage, true),
            3 => self.delete(),
            _ => None,
        };
        deed.unwrap_or_else(|| Deed::Send {
            to: self.targets[self.dice.below(self.targets.len())],
            // Of different lengths, so that a commit ends anywhere in a page.
            content: format!(
                "{} of {} {}",
                self.number,
                self.user,
                "x".repeat(self.dice.below(600))
            ),
        })
    }

    /// One of the latest messages that this user did not send.
    fn mark(&mut self, stage: &Stage, up_to: bool) -> Option<Deed> {
        let sent = stage.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let for_me = |sent: &&Sent| match sent.to {
            To::Group(_) => sent.writer != self.user,
            To::User(user) => user == self.user,
        };
        let latest: Vec<i64> = sent
            .iter()
            .rev()
            .filter(for_me)
            .take(40)
            .map(|sent| sent.id)
            .collect();
        let message = *latest.get(self.dice.below(latest.len().max(1)))?;
        Some(Deed::Mark { message, up_to })
    }

    /// One of the latest messages that this user sent.
    fn delete(&mut self) -> Option<Deed> {
        let Records {
            sent,
            deletes_tried,
            ..
        } = &self.records;
        let latest = sent.iter().rev().map(|sent| sent.id);
        let mut latest = latest.filter(|id| !deletes_tried.contains(id));
        let message = latest.nth(self.dice.below(10))?;
        Some(Deed::Delete { message })
    }

    fn told(&mut self, attempt: &Attempt, answer: &Answer, stage: &Stage) {
        let replayed = answer.header("idempotency-replayed") == Some("true");
        self.records.replayed += usize::from(replayed);
        let body = || serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        match (&attempt.deed, answer.status) {
            (Deed::Send { to, content }, 201) => {
                let message = body();
                let number = |field: &str| message[field].as_i64().unwrap_or_default();
                let sent = Sent {
                    id: number("id"),
                    conversation: number("conversation_id"),
                    seq: number("seq"),
                    writer: self.user,
                    to: *to,
                    content: content.clone(),
                };
                let mut all = stage.sent.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(sent.clone());
                self.records.sent.push(sent);
            }
            (Deed::Mark { message, up_to }, 200) => self.records.marked.push(Marked {
                reader: self.user,
                message: *message,
                up_to: *up_to,
                seen_at: body()["seen_at"].as_str().unwrap_or_default().to_owned(),
            }),
            (Deed::Mark { message, .. }, 404) => drop(self.records.not_found.insert(*message)),
            (Deed::Delete { message }, 204) => drop(self.records.deleted.insert(*message)),
            (deed, status) => {
                let (user, again) = (self.user, attempt.again);
                let what = format!("{user} was told {status} on {deed:?}, sent again: {again}");
                self.records.strange.push(format!("{what}: {}", body()));
            }
        }
    }
}

impl Attempt {
    fn request(&self, user: i64) -> Request {
        let request = match &self.deed {
            Deed::Send { to, content } => {
                let (field, id) = match to {
                    To::Group(id) => ("group_id", id),
                    To::User(id) => ("receiver_id", id),
                };
                let body = json!({"type": "text", "content": content, field: id});
                Request::new("POST", "/messages").json(&body)
            }
            Deed::Mark { message, up_to } => {
                let body = json!({"up_to": up_to});
                Request::new("POST", &format!("/messages/{message}/seen")).json(&body)
            }
            Deed::Delete { message } => Request::new("DELETE", &format!("/messages/{message}")),
        };
        request
            .header("X-User-Id", &user.to_string())
            .header("Idempotency-Key", &self.key)
    }
}

/// Numbers that look random and are the same for the same seed; when the server dies is not.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: i64) -> Self {
        Self(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed.unsigned_abs() + 1))
    }

    /// A number from 0 to below `end`, which is above 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from((self.0 >> 16) % end).unwrap_or_default()
    }
}
