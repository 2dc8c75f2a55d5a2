//! What is asked of the server: always the same, one request after the other, over one connection.
//!
//! Four groups with five members take all messages; the reader is in twenty groups. Every answer is
//! looked at, so that nothing is counted that is cheap because it is wrong.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::rest;
use crate::client::{Answer, Client, Target};

/// Users; all of them are members of the groups that are written to.
const USERS: i64 = 5;

/// Who asks: a member of every group.
const READER: i64 = USERS;

/// Groups; each has one unseen message at least.
const GROUPS: usize = 20;

/// How many of the groups are written to all the time, and read.
const BUSY: usize = 4;

/// How many messages are on a page.
const PAGE: usize = 50;

/// Messages in each busy group before anything is counted: a page, and some before it.
const STORED: usize = PAGE + 10;

/// How often each kind is asked in every run, so that what is made at the first of them (connections
/// for reading, prepared statements) is made in every run.
const WARM_UP: u64 = 20;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message into a group.
    Send,
    /// The same under an `Idempotency-Key`.
    SendUnderKey,
    /// The newest page of a group.
    Page,
    /// A page before a message.
    PageBefore,
    /// The unseen counts of the reader.
    Unseen,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Send,
        Self::SendUnderKey,
        Self::Page,
        Self::PageBefore,
        Self::Unseen,
    ];

    /// What the budget calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::SendUnderKey => "send_under_key",
            Self::Page => "page",
            Self::PageBefore => "page_before",
            Self::Unseen => "unseen",
        }
    }

    /// How many are made beyond the common run. Each kind comes to more than 300 million instructions,
    /// beside which it is little by how much two common runs differ.
    pub(crate) fn requests(self) -> u64 {
        match self {
            Self::Send | Self::SendUnderKey => 1_000,
            Self::Unseen => 2_000,
            Self::Page | Self::PageBefore => 300,
        }
    }
}

/// Sets the server up, asks for some of each kind, and then for more of one kind if it is given.
pub(super) async fn run(target: &Target, more: Option<Kind>) -> Result<()> {
    let pid = target.pid.context("a server that is no process of ours")?;
    let mut world = World::new(Client::connect(target).await?, pid);
    world.set_up().await?;
    for kind in Kind::ALL {
        world.ask(kind, WARM_UP).await?;
    }
    match more {
        Some(kind) => world.ask(kind, kind.requests()).await,
        None => Ok(()),
    }
}

/// The server, and what is known of it.
struct World {
    client: Client,
    /// The server's process.
    pid: u32,
    /// How many messages have gone into busy groups.
    sent: usize,
    /// The newest message of each busy group.
    newest: [i64; BUSY],
    /// How many keys have been used.
    keys: u64,
}

/// The part of a thing that is looked at.
#[derive(Deserialize)]
struct Thing {
    id: i64,
}

#[derive(Deserialize)]
struct Unseen {
    group_messages: Vec<IgnoredAny>,
}

impl World {
    fn new(client: Client, pid: u32) -> Self {
        Self {
            client,
            pid,
            sent: 0,
            newest: [0; BUSY],
            keys: 0,
        }
    }

    /// Fresh tables count from 1, so that ids are known before they are told.
    async fn set_up(&mut self) -> Result<()> {
        for user in 1..=USERS {
            let body = format!(r#"{{"username":"user{user}","email":"user{user}@example.org"}}"#);
            self.make("/users", None, &body).await?;
        }
        for group in 1..=GROUPS {
            self.group(group).await?;
        }
        for _ in 0..BUSY * STORED {
            self.send(None).await?;
        }
        Ok(())
    }

    /// A group of the first user. Those that are not busy have the reader and one message.
    async fn group(&mut self, group: usize) -> Result<()> {
        let body = format!(r#"{{"name":"Group {group}"}}"#);
        self.make("/groups", Some(1), &body).await?;
        let busy = group <= BUSY;
        let members = if busy { 2..=USERS } else { READER..=READER };
        for user in members {
            let path = format!("/groups/{group}/members");
            let body = format!(r#"{{"user_id":{user}}}"#);
            self.make(&path, Some(1), &body).await?;
        }
        if !busy {
            self.make("/messages", Some(1), &message(group, 0)).await?;
        }
        Ok(())
    }

    async fn ask(&mut self, kind: Kind, times: u64) -> Result<()> {
        for turn in 0..times {
            let asked = match kind {
                Kind::Send => self.send(None).await,
                Kind::SendUnderKey => self.send_under_key().await,
                Kind::Page => self.page(turn, false).await,
                Kind::PageBefore => self.page(turn, true).await,
                Kind::Unseen => self.unseen().await,
            };
            asked.with_context(|| format!("request {turn} of {}", kind.name()))?;
        }
        Ok(())
    }

    /// The next message: groups take turns, and in each of them its members.
    async fn send(&mut self, key: Option<&str>) -> Result<()> {
        let busy = self.sent % BUSY;
        let sender = (self.sent / BUSY) as i64 % USERS + 1;
        let body = message(busy + 1, self.sent);
        self.client
            .request()
            .post_under(key, "/messages", Some(sender), body.as_bytes());
        let answer = self.exchange().await?;
        answer.expect(201)?;
        let Thing { id } = serde_json::from_slice(answer.body)?;
        ensure!(id > self.newest[busy], "message {id} is not a new one");
        self.newest[busy] = id;
        self.sent += 1;
        Ok(())
    }

    async fn send_under_key(&mut self) -> Result<()> {
        self.keys += 1;
        // As long as the UUIDs that clients take.
        let key = format!("00000000-0000-4000-8000-{:012}", self.keys);
        self.send(Some(&key)).await
    }

    /// The newest page of a busy group, or the one before its newest message.
    async fn page(&mut self, turn: u64, before: bool) -> Result<()> {
        let busy = turn as usize % BUSY;
        let newest = self.newest[busy];
        let mut path = format!("/messages?group_id={}", busy + 1);
        if before {
            path += &format!("&before={newest}");
        }
        let page: Vec<Thing> = self.get(&path).await?;
        ensure!(page.len() == PAGE, "{} messages on a page", page.len());
        let last = page.last().map_or(0, |message| message.id);
        let right = if before {
            last < newest
        } else {
            last == newest
        };
        ensure!(
            right,
            "a page that ends with message {last}, where {newest} is the newest"
        );
        Ok(())
    }

    async fn unseen(&mut self) -> Result<()> {
        let unseen: Unseen = self.get(&format!("/messages/unseen/{READER}")).await?;
        let groups = unseen.group_messages.len();
        ensure!(groups == GROUPS, "unseen messages in {groups} groups");
        Ok(())
    }

    /// Sends the request once the server is at rest, and reads the answer.
    async fn exchange(&mut self) -> Result<Answer<'_>> {
        rest::wait(self.pid)?;
        self.client.exchange().await
    }

    /// What the reader gets.
    async fn get<T: for<'a> Deserialize<'a>>(&mut self, path: &str) -> Result<T> {
        self.client.request().get(path, Some(READER));
        let answer = self.exchange().await?;
        answer.expect(200)?;
        Ok(serde_json::from_slice(answer.body)?)
    }

    async fn make(&mut self, path: &str, user: Option<i64>, body: &str) -> Result<()> {
        self.client.request().post(path, user, body.as_bytes());
        self.exchange().await?.expect(201)
    }
}

/// A message of about 100 bytes to a group.
fn message(group: usize, number: usize) -> String {
    format!(
        r#"{{"group_id":{group},"type":"text","content":"message {number:06} of a workload that is always the same, so that what it costs can be counted again"}}"#
    )
}
