//! What the load talks about: groups with members who send to them, and what is stored in each.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::client::{Answer, Request, Target};
use crate::load::{self, Load, Pace, Until, Workload};

/// How many members a group has.
pub(crate) const MEMBERS: usize = 5;

/// In how many groups each user is.
pub(crate) const GROUPS_OF_A_USER: usize = 20;

/// How many requests set up the world at a time.
const BUILDERS: usize = 64;

/// Users and groups on one server.
pub(crate) struct World {
    /// Keeps the names apart from those of other runs on the same server.
    tag: String,
    /// Ids, by number.
    pub(crate) users: Vec<i64>,
    pub(crate) groups: Vec<Group>,
}

/// A group and who is in it.
pub(crate) struct Group {
    pub(crate) id: i64,
    /// Ids of users, the owner first.
    pub(crate) members: Vec<i64>,
}

/// What was acknowledged, group by group.
#[derive(Default)]
pub(crate) struct History(Vec<Mutex<Acknowledged>>);

/// The acknowledged messages of one group.
#[derive(Clone, Default)]
pub(crate) struct Acknowledged {
    /// Ids, in the order of their acknowledgement.
    pub(crate) ids: Vec<i64>,
    /// How many of them each member has sent, by its number in the group.
    pub(crate) by_member: Vec<u64>,
}

impl World {
    /// Makes users and groups on the server.
    pub(crate) fn build(target: &Target, tag: String, groups: usize) -> Result<Self> {
        let mut world = Self {
            tag,
            users: Vec::new(),
            groups: Vec::new(),
        };
        let users = groups * MEMBERS / GROUPS_OF_A_USER;
        world.add_users(target, users)?;
        let members: Vec<_> = (0..groups).map(|group| members(group, users)).collect();
        world.add_groups(target, &members)?;
        Ok(world)
    }

    /// A world that is on no server.
    #[cfg(test)]
    pub(crate) fn of(groups: Vec<Group>) -> Self {
        Self {
            tag: String::new(),
            users: Vec::new(),
            groups,
        }
    }

    /// Makes so many users besides those there are.
    pub(crate) fn add_users(&mut self, target: &Target, count: usize) -> Result<()> {
        let users = Made::new(count, |number| {
            let name = format!("{}-{}", self.tag, self.users.len() + number);
            let body = format!(r#"{{"username":"{name}","email":"{name}@example.org"}}"#);
            ("/users".to_owned(), None, body)
        });
        let ids = users.make(target)?;
        self.users.extend(ids);
        Ok(())
    }

    /// Makes groups of these members, by the numbers of the users; the first is the owner.
    pub(crate) fn add_groups(&mut self, target: &Target, members: &[Vec<usize>]) -> Result<()> {
        let first = self.groups.len();
        let user = |number: &usize| self.users[*number];
        let groups = Made::new(members.len(), |group| {
            let body = format!(r#"{{"name":"{}-{}"}}"#, self.tag, first + group);
            ("/groups".to_owned(), Some(user(&members[group][0])), body)
        });
        let ids = groups.make(target)?;
        let joins: Vec<(usize, &usize)> = members
            .iter()
            .enumerate()
            .flat_map(|(group, members)| members[1..].iter().map(move |member| (group, member)))
            .collect();
        Made::new(joins.len(), |join| {
            let (group, member) = joins[join];
            let path = format!("/groups/{}/members", ids[group]);
            let body = format!(r#"{{"user_id":{}}}"#, user(member));
            (path, Some(user(&members[group][0])), body)
        })
        .make(target)?;
        let added = ids.iter().zip(members).map(|(id, members)| Group {
            id: *id,
            members: members.iter().map(user).collect(),
        });
        let added: Vec<_> = added.collect();
        self.groups.extend(added);
        Ok(())
    }
}

/// Who is in the group of this number, by the numbers of the users.
fn members(group: usize, users: usize) -> Vec<usize> {
    // The step differs from one round through the users to the next: a user meets different peers.
    let step = step(group / users, users);
    (0..MEMBERS)
        .map(|member| (group + member * step) % users)
        .collect()
}

/// The step of a round: one that shares no factor with the number of users, or it would come back to
/// the first member before there are enough.
fn step(round: usize, users: usize) -> usize {
    let mut steps = (1..).filter(|step| common(*step, users) == 1);
    steps.nth(round).unwrap_or(1)
}

/// The greatest common divisor.
fn common(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common(b, a % b) }
}

impl History {
    /// Nothing yet in any group of the world.
    pub(crate) fn of(world: &World) -> Self {
        let mut history = Self::default();
        history.reach(world);
        history
    }

    /// Nothing yet in the groups that the world got since.
    pub(crate) fn reach(&mut self, world: &World) {
        for group in &world.groups[self.0.len()..] {
            self.0.push(Mutex::new(Acknowledged {
                ids: Vec::new(),
                by_member: vec![0; group.members.len()],
            }));
        }
    }

    /// A message was acknowledged.
    pub(crate) fn add(&self, group: usize, member: usize, id: i64) {
        let mut acknowledged = self.group(group);
        acknowledged.ids.push(id);
        acknowledged.by_member[member] += 1;
    }

    /// What was acknowledged in the group of this number.
    pub(crate) fn group(&self, number: usize) -> MutexGuard<'_, Acknowledged> {
        self.0[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many messages in all.
    pub(crate) fn len(&self) -> u64 {
        (0..self.0.len())
            .map(|group| self.group(group).ids.len() as u64)
            .sum()
    }

    /// The ids of a group's messages in the order of the conversation, which is that of the ids.
    pub(crate) fn ids(&self, group: usize) -> Vec<i64> {
        let mut ids = self.group(group).ids.clone();
        ids.sort_unstable();
        ids
    }
}

impl Clone for History {
    fn clone(&self) -> Self {
        let groups = 0..self.0.len();
        Self(
            groups
                .map(|group| Mutex::new(self.group(group).clone()))
                .collect(),
        )
    }
}

/// Things that are made by one POST each.
struct Made<F> {
    ids: Vec<AtomicI64>,
    /// Path, acting user and body of the POST of this number.
    post: F,
}

impl<F: Fn(usize) -> (String, Option<i64>, String) + Sync> Made<F> {
    fn new(count: usize, post: F) -> Self {
        Self {
            ids: (0..count).map(|_| AtomicI64::new(0)).collect(),
            post,
        }
    }

    /// Makes all of them; their ids, or 0 for what has none.
    fn make(self, target: &Target) -> Result<Vec<i64>> {
        let load = Load {
            connections: BUILDERS,
            pace: Pace::Closed,
            until: Until::Requests(self.ids.len() as u64),
            first: 0,
        };
        load::run(target, &self, load)?;
        Ok(self.ids.into_iter().map(AtomicI64::into_inner).collect())
    }
}

impl<F: Fn(usize) -> (String, Option<i64>, String) + Sync> Workload for Made<F> {
    type Asked = usize;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> usize {
        let number = usize::try_from(turn).unwrap_or(usize::MAX);
        let (path, user, body) = (self.post)(number);
        request.post(&path, user, body.as_bytes());
        number
    }

    fn check(&self, number: &usize, answer: &Answer<'_>) -> Result<()> {
        #[derive(Deserialize)]
        struct Thing {
            #[serde(default)]
            id: i64,
        }

        answer.expect(201)?;
        let thing: Thing = serde_json::from_slice(answer.body).context("no thing was made")?;
        self.ids[*number].store(thing.id, Ordering::Relaxed);
        ensure!(thing.id >= 0, "an id below 0");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_is_in_twenty_groups_of_five() {
        for groups in (40..=400).step_by(4).chain([1_000, 100_000]) {
            let users = groups * MEMBERS / GROUPS_OF_A_USER;
            let mut of_user = vec![0; users];
            for group in 0..groups {
                let members = members(group, users);
                let mut apart = members.clone();
                apart.sort_unstable();
                apart.dedup();
                assert_eq!(apart.len(), MEMBERS, "group {group} of {groups}");
                for user in members {
                    of_user[user] += 1;
                }
            }
            assert!(of_user.iter().all(|of| *of == GROUPS_OF_A_USER));
        }
    }
}
