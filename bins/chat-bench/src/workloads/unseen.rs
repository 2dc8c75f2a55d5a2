//! What a user has not seen.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{THOROUGH, pick};
use crate::client::{Answer, Request};
use crate::load::Workload;
use crate::world::{GROUPS_OF_A_USER, History, World};

/// `GET /messages/unseen/:id`, by the user itself, who is in 20 groups and has seen nothing.
pub(crate) struct Unseen {
    users: Vec<User>,
}

struct User {
    id: i64,
    /// What others have sent to its groups.
    total: u64,
    /// In how many groups they have.
    groups: usize,
    /// The end of the right answer.
    end: String,
}

#[derive(Deserialize)]
struct Shown {
    group_messages: Vec<Group>,
    total: u64,
}

#[derive(Deserialize)]
struct Group {
    unseen_count: u64,
}

impl Unseen {
    /// The users of the world's ordinary groups, while nobody sends to them.
    pub(crate) fn new(world: &World, history: &History) -> Result<Self> {
        let numbers = world.users.iter().enumerate();
        let numbers: HashMap<i64, usize> = numbers.map(|(number, id)| (*id, number)).collect();
        let mut counts: Vec<(u64, usize)> = vec![(0, 0); world.users.len()];
        for (number, group) in world.groups.iter().enumerate() {
            let acknowledged = history.group(number);
            for (member, own) in group.members.iter().zip(&acknowledged.by_member) {
                let number = numbers.get(member).context("a member who is no user")?;
                let (total, groups) = &mut counts[*number];
                let unseen = acknowledged.ids.len() as u64 - own;
                *total += unseen;
                *groups += usize::from(unseen > 0);
            }
        }
        let users = world.users.iter().zip(counts);
        let users: Vec<_> = users
            .filter(|(_, (_, groups))| *groups >= GROUPS_OF_A_USER)
            .map(|(id, (total, groups))| User {
                id: *id,
                total,
                groups,
                end: format!(r#"],"total":{total}}}"#),
            })
            .collect();
        ensure!(
            !users.is_empty(),
            "nobody has something unseen in {GROUPS_OF_A_USER} groups"
        );
        Ok(Self { users })
    }
}

impl Workload for Unseen {
    type Asked = (usize, bool);

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> (usize, bool) {
        let number = pick(turn, self.users.len());
        let id = self.users[number].id;
        request.get(&format!("/messages/unseen/{id}"), Some(id));
        (number, turn.is_multiple_of(THOROUGH))
    }

    fn check(&self, &(number, thorough): &(usize, bool), answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        let user = &self.users[number];
        if !thorough && answer.body.ends_with(user.end.as_bytes()) {
            return Ok(());
        }
        let shown: Shown = serde_json::from_slice(answer.body).context("no unseen counts")?;
        let sum: u64 = shown
            .group_messages
            .iter()
            .map(|group| group.unseen_count)
            .sum();
        ensure!(
            shown.total == user.total
                && sum == user.total
                && shown.group_messages.len() == user.groups,
            "user {} should have {} unseen in {} groups, and has {} ({sum}) in {}",
            user.id,
            user.total,
            user.groups,
            shown.total,
            shown.group_messages.len()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_counts_are_noticed() {
        let unseen = Unseen {
            users: vec![User {
                id: 1,
                total: 5,
                groups: 2,
                end: r#"],"total":5}"#.to_owned(),
            }],
        };
        let check = |status, thorough, counts: &str, total: u64| {
            let body = format!(r#"{{"group_messages":[{counts}],"total":{total}}}"#);
            let body = body.as_bytes();
            unseen.check(&(0, thorough), &Answer { status, body })
        };
        let right = r#"{"unseen_count":2},{"unseen_count":3}"#;
        for thorough in [true, false] {
            check(200, thorough, right, 5).unwrap();
            check(404, thorough, right, 5).unwrap_err();
            check(200, thorough, right, 6).unwrap_err();
        }
        for wrong in [
            r#"{"unseen_count":5}"#,
            r#"{"unseen_count":2},{"unseen_count":4}"#,
            "",
        ] {
            check(200, true, wrong, 5).unwrap_err();
        }
    }
}
