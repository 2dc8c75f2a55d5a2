//! Pages of a group's messages: the newest, and at any depth.

use std::borrow::Cow;

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use serde::Deserialize;

use super::{THOROUGH, hot, pick, scatter};
use crate::client::{Answer, Request};
use crate::load::Workload;
use crate::world::{History, World};

/// How many messages a page holds when nothing is said.
const PAGE: usize = 50;

#[derive(Deserialize)]
struct Shown<'a> {
    id: i64,
    group_id: i64,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

/// Fails unless the page holds just these messages of this group.
fn check_page(page: &[u8], group: i64, ids: &[i64]) -> Result<()> {
    let shown: Vec<Shown<'_>> = serde_json::from_slice(page).context("no page of messages")?;
    let right = shown.len() == ids.len()
        && shown.iter().zip(ids).all(|(shown, id)| {
            shown.id == *id && shown.group_id == group && shown.content.starts_with("message ")
        });
    ensure!(
        right,
        "a page of group {group} should hold {} messages from {:?} to {:?}, and is {}",
        ids.len(),
        ids.first(),
        ids.last(),
        String::from_utf8_lossy(page)
    );
    Ok(())
}

/// `GET /messages?group_id=`: the newest page of a hot group, by one of its members.
pub(crate) struct Hot {
    groups: Vec<HotGroup>,
}

struct HotGroup {
    path: String,
    id: i64,
    members: Vec<i64>,
    newest: Vec<i64>,
}

impl Hot {
    /// The hot groups of the world, while nobody sends to them. Fails where a page would not be full.
    pub(crate) fn new(world: &World, history: &History) -> Result<Self> {
        let groups = world.groups[..hot(world.groups.len())].iter().enumerate();
        let groups = groups.map(|(number, group)| {
            let ids = history.ids(number);
            ensure!(
                ids.len() >= PAGE,
                "a hot group holds {} messages, which fill no page",
                ids.len()
            );
            Ok(HotGroup {
                path: format!("/messages?group_id={}", group.id),
                id: group.id,
                members: group.members.clone(),
                newest: ids[ids.len() - PAGE..].to_vec(),
            })
        });
        Ok(Self {
            groups: groups.collect::<Result<_>>()?,
        })
    }
}

impl Workload for Hot {
    type Asked = (usize, bool);

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> (usize, bool) {
        let number = pick(turn, self.groups.len());
        let group = &self.groups[number];
        let member = group.members[pick(scatter(turn), group.members.len())];
        request.get(&group.path, Some(member));
        (number, turn.is_multiple_of(THOROUGH))
    }

    fn check(&self, &(number, thorough): &(usize, bool), answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        let group = &self.groups[number];
        check(answer.body, group.id, &group.newest, thorough)
    }
}

/// `GET /messages?group_id=&before=`: the page before any message, by one of the group's members.
pub(crate) struct Deep {
    groups: Vec<DeepGroup>,
    /// How many full pages begin in the groups up to each.
    ends: Vec<usize>,
}

struct DeepGroup {
    id: i64,
    members: Vec<i64>,
    ids: Vec<i64>,
}

impl Deep {
    /// Every message of the world that has a full page before it.
    pub(crate) fn new(world: &World, history: &History) -> Result<Self> {
        let mut deep = Self {
            groups: Vec::new(),
            ends: Vec::new(),
        };
        let mut end = 0;
        for (number, group) in world.groups.iter().enumerate() {
            let ids = history.ids(number);
            if ids.len() > PAGE {
                end += ids.len() - PAGE;
                deep.ends.push(end);
                deep.groups.push(DeepGroup {
                    id: group.id,
                    members: group.members.clone(),
                    ids,
                });
            }
        }
        ensure!(end > 0, "no group holds more than a page");
        Ok(deep)
    }

    /// A group, and where in it the page ends.
    fn choose(&self, turn: u64) -> (usize, usize) {
        let all = self.ends.last().copied().unwrap_or(0);
        let chosen = pick(turn, all);
        let group = self.ends.partition_point(|end| *end <= chosen);
        let before = group
            .checked_sub(1)
            .map_or(0, |previous| self.ends[previous]);
        (group, PAGE + chosen - before)
    }
}

impl Workload for Deep {
    type Asked = (usize, usize, bool);

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> (usize, usize, bool) {
        let (number, at) = self.choose(turn);
        let group = &self.groups[number];
        let member = group.members[pick(scatter(turn), group.members.len())];
        let path = format!("/messages?group_id={}&before={}", group.id, group.ids[at]);
        request.get(&path, Some(member));
        (number, at, turn.is_multiple_of(THOROUGH))
    }

    fn check(
        &self,
        &(number, at, thorough): &(usize, usize, bool),
        answer: &Answer<'_>,
    ) -> Result<()> {
        answer.expect(200)?;
        let group = &self.groups[number];
        check(answer.body, group.id, &group.ids[at - PAGE..at], thorough)
    }
}

/// Reads a page thoroughly, or only so far that another page would be noticed: reading each to the end
/// would take the machine from the server that is measured.
fn check(page: &[u8], group: i64, ids: &[i64], thorough: bool) -> Result<()> {
    let first = ids.first().copied().unwrap_or_default();
    let begins = format!(r#"[{{"id":{first},"#);
    let seems_right = !thorough
        && page.starts_with(begins.as_bytes())
        && page.ends_with(b"}]")
        && memmem::find_iter(page, br#""seq":"#).count() == ids.len();
    if seems_right {
        return Ok(());
    }
    check_page(page, group, ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[i64]) -> String {
        let messages: Vec<_> = ids
            .iter()
            .map(|id| format!(r#"{{"id":{id},"seq":{id},"group_id":7,"content":"message {id}"}}"#))
            .collect();
        format!("[{}]", messages.join(","))
    }

    #[test]
    fn other_pages_are_noticed_at_a_glance() {
        let right = page(&[3, 5, 8]);
        for thorough in [true, false] {
            check(right.as_bytes(), 7, &[3, 5, 8], thorough).unwrap();
            for wrong in [
                page(&[3, 5]),
                page(&[2, 5, 8]),
                page(&[3, 5, 8, 9]),
                page(&[]),
            ] {
                check(wrong.as_bytes(), 7, &[3, 5, 8], thorough).unwrap_err();
            }
            check(
                &right.as_bytes()[..right.len() - 1],
                7,
                &[3, 5, 8],
                thorough,
            )
            .unwrap_err();
        }
    }

    #[test]
    fn a_thorough_look_reads_each_message() {
        for wrong in [
            page(&[3, 6, 8]),
            page(&[3, 5, 8]).replacen(r#""group_id":7"#, r#""group_id":8"#, 1),
            page(&[3, 5, 8]).replacen("message 5", "something", 1),
        ] {
            check(wrong.as_bytes(), 7, &[3, 5, 8], true).unwrap_err();
        }
    }

    #[test]
    fn each_workload_looks_at_its_pages() {
        let newest: Vec<i64> = (11..=60).collect();
        let hot = Hot {
            groups: vec![HotGroup {
                path: String::new(),
                id: 7,
                members: vec![1],
                newest: newest.clone(),
            }],
        };
        let deep = Deep {
            groups: vec![DeepGroup {
                id: 7,
                members: vec![1],
                ids: (1..=60).collect(),
            }],
            ends: vec![10],
        };
        let older: Vec<i64> = (6..=55).collect();
        for thorough in [true, false] {
            for (status, ids, is_newest) in [
                (200, &newest, true),
                (404, &newest, true),
                (200, &older, false),
                (404, &older, false),
            ] {
                let body = page(ids);
                let body = body.as_bytes();
                let answer = Answer { status, body };
                let of_hot = hot.check(&(0, thorough), &answer);
                assert_eq!(of_hot.is_ok(), status == 200 && is_newest);
                let of_deep = deep.check(&(0, 55, thorough), &answer);
                assert_eq!(of_deep.is_ok(), status == 200 && !is_newest);
            }
        }
    }

    #[test]
    fn depths_reach_from_the_first_full_page_to_the_last() {
        let group = |messages: i64| DeepGroup {
            id: 1,
            members: vec![1],
            ids: (1..=messages).collect(),
        };
        let deep = Deep {
            groups: vec![group(51), group(60)],
            ends: vec![1, 11],
        };
        let mut chosen: Vec<_> = (0..1_000).map(|turn| deep.choose(turn)).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let second = (50..60).map(|at| (1, at));
        assert_eq!(
            chosen,
            [(0, 50)].into_iter().chain(second).collect::<Vec<_>>()
        );
    }
}
