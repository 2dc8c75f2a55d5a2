//! What the load talks about: groups with members who send to them.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};

use crate::client::Client;

/// Groups of equal size; users are numbered through, so that ids are known without asking.
pub(crate) struct World {
    pub(crate) groups: usize,
    pub(crate) members: usize,
}

impl World {
    /// Makes users and groups on an empty server.
    pub(crate) async fn fill(&self, address: SocketAddr) -> Result<()> {
        let mut client = Client::connect(address).await?;
        for user in 1..=self.groups * self.members {
            let body = format!(r#"{{"username":"user{user}","email":"user{user}@example.org"}}"#);
            client.post("/users", None, &body).await?;
        }
        for group in 1..=self.groups {
            let owner = self.member(group, 0);
            client
                .post(
                    "/groups",
                    Some(owner),
                    &format!(r#"{{"name":"group{group}"}}"#),
                )
                .await?;
            for member in 1..self.members {
                let body = format!(r#"{{"user_id":{}}}"#, self.member(group, member));
                client
                    .post(&format!("/groups/{group}/members"), Some(owner), &body)
                    .await?;
            }
        }
        Ok(())
    }

    fn member(&self, group: usize, number: usize) -> usize {
        (group - 1) * self.members + number + 1
    }

    /// The `n`th send: groups and senders in turn, about 100 bytes of content.
    pub(crate) fn send(&self, n: usize) -> String {
        let group = n % self.groups + 1;
        let sender = self.member(group, (n / self.groups) % self.members);
        format!(
            r#"{{"sender_id":{sender},"group_id":{group},"type":"text","content":"message {n:>12}: {:.<80}"}}"#,
            "about a hundred bytes"
        )
    }

    /// Fails unless so many messages are stored: the sum of every group's latest `seq`.
    pub(crate) async fn check_stored(&self, address: SocketAddr, expected: u64) -> Result<()> {
        let mut client = Client::connect(address).await?;
        let mut stored = 0;
        for group in 1..=self.groups {
            let page = client
                .get(&format!("/messages?group_id={group}&limit=1"))
                .await?;
            if page == "[]" {
                continue;
            }
            let (_, rest) = page.split_once("\"seq\":").context("a page without seq")?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            stored += digits.parse::<u64>()?;
        }
        ensure!(
            stored == expected,
            "{expected} sends were acknowledged, {stored} are stored"
        );
        Ok(())
    }
}
