//! Locks, and looks at the facts that decide: each a statement of its own, so that what decides is as of
//! after the locks.

use std::collections::HashMap;

use chat_domain::{ConversationId, ConversationKind, DirectPair, GroupId, UserId};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Conn;
use super::columns::{Column, Over, Sql};
use crate::rows::{Place, Queried};

/// Conversations that are locked now.
pub(super) type Locked = HashMap<ConversationKind, ConversationId>;

fn conversation(id: i64) -> Queried<ConversationId> {
    Place::row("conversations", id).read("id", id, ConversationId::parse)
}

struct LockGroups;

impl Sql for LockGroups {
    const PARTS: &'static [&'static str] = &[
        "SELECT id, group_id FROM conversations WHERE group_id = ANY(",
        ") FOR NO KEY UPDATE SKIP LOCKED",
    ];
    type Row = (BigInt, BigInt);
}

pub(super) fn lock_groups(conn: &mut Conn, of: &[ConversationKind]) -> Queried<Locked> {
    let groups: Vec<GroupId> = of.iter().filter_map(group_of).collect();
    if groups.is_empty() {
        return Ok(HashMap::new());
    }
    let numbers = groups.iter().map(|group| group.get());
    let found: HashMap<i64, i64> =
        Over::<LockGroups>::new(vec![Column::Numbers(numbers.collect())])
            .load(conn)?
            .into_iter()
            .map(|(id, group): (i64, i64)| (group, id))
            .collect();
    let found = |group: &GroupId| {
        let id = conversation(*found.get(&group.get())?);
        Some(id.map(|id| (ConversationKind::Group(*group), id)))
    };
    groups.iter().filter_map(found).collect()
}

fn group_of(kind: &ConversationKind) -> Option<GroupId> {
    match *kind {
        ConversationKind::Group(group) => Some(group),
        ConversationKind::Direct(_) => None,
    }
}

struct LockPairs;

impl Sql for LockPairs {
    const PARTS: &'static [&'static str] = &[
        "SELECT c.id, c.low_user_id, c.high_user_id FROM unnest(",
        ", ",
        ") AS pair (low, high) JOIN conversations AS c \
         ON c.low_user_id = pair.low AND c.high_user_id = pair.high \
         FOR NO KEY UPDATE OF c SKIP LOCKED",
    ];
    type Row = (BigInt, BigInt, BigInt);
}

pub(super) fn lock_pairs(conn: &mut Conn, of: &[ConversationKind]) -> Queried<Locked> {
    let pairs: Vec<DirectPair> = of.iter().filter_map(pair_of).collect();
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let low = pairs.iter().map(|pair| pair.low().get());
    let high = pairs.iter().map(|pair| pair.high().get());
    let found: HashMap<(i64, i64), i64> = Over::<LockPairs>::new(vec![
        Column::Numbers(low.collect()),
        Column::Numbers(high.collect()),
    ])
    .load(conn)?
    .into_iter()
    .map(|(id, low, high): (i64, i64, i64)| ((low, high), id))
    .collect();
    let found = |pair: &DirectPair| {
        let id = conversation(*found.get(&(pair.low().get(), pair.high().get()))?);
        Some(id.map(|id| (ConversationKind::Direct(*pair), id)))
    };
    pairs.iter().filter_map(found).collect()
}

fn pair_of(kind: &ConversationKind) -> Option<DirectPair> {
    match *kind {
        ConversationKind::Group(_) => None,
        ConversationKind::Direct(pair) => Some(pair),
    }
}

struct MembersAmong;

impl Sql for MembersAmong {
    const PARTS: &'static [&'static str] = &[
        "SELECT given.number FROM unnest(",
        ", ",
        ") WITH ORDINALITY AS given (group_id, user_id, number) \
         JOIN group_members AS m ON m.group_id = given.group_id AND m.user_id = given.user_id",
    ];
    type Row = BigInt;
}

pub(super) fn members_among(conn: &mut Conn, of: &[(GroupId, UserId)]) -> Queried<Vec<bool>> {
    let groups = of.iter().map(|(group, _)| group.get());
    let users = of.iter().map(|(_, user)| user.get());
    let found: Vec<i64> = Over::<MembersAmong>::new(vec![
        Column::Numbers(groups.collect()),
        Column::Numbers(users.collect()),
    ])
    .load(conn)?;
    Ok(marked(&found, of.len()))
}

struct LivingAmong;

impl Sql for LivingAmong {
    const PARTS: &'static [&'static str] = &[
        "SELECT given.number FROM unnest(",
        ") WITH ORDINALITY AS given (id, number) \
         JOIN users AS u ON u.id = given.id AND u.deleted_at IS NULL",
    ];
    type Row = BigInt;
}

pub(super) fn living_among(conn: &mut Conn, ids: &[UserId]) -> Queried<Vec<bool>> {
    let users = ids.iter().map(|id| id.get());
    let given = vec![Column::Numbers(users.collect())];
    let found: Vec<i64> = Over::<LivingAmong>::new(given).load(conn)?;
    Ok(marked(&found, ids.len()))
}

/// Which of so many were found, by their numbers from 1 on.
fn marked(found: &[i64], many: usize) -> Vec<bool> {
    let mut marks = vec![false; many];
    for number in found {
        let place = usize::try_from(number - 1).ok();
        if let Some(mark) = place.and_then(|place| marks.get_mut(place)) {
            *mark = true;
        }
    }
    marks
}
