//! A round of the follower: what is new in the log, what it refers to, and with whom new readers share a
//! conversation; all of it in one snapshot.

use std::collections::{HashMap, HashSet};

use chat_domain::ports::ReadTx;
use chat_domain::{ConversationId, ConversationKind, LoggedEvent, Typing, UserId};

use super::Event;
use super::hydrate::{Kinds, hydrate, learn_kinds};
use super::index::{Index, Shares};
use super::page::{brings_member, shares};
use crate::ServiceError;

/// How many entries a round takes.
const ROUND: i64 = 256;

/// What a round goes by.
#[derive(Default)]
pub(super) struct State {
    pub(super) index: Index,
    pub(super) kinds: Kinds,
    /// Up to where the log was handed on; nowhere while nobody follows.
    pub(super) position: Option<i64>,
}

/// What is to be looked up in a round, besides what is new in the log.
pub(super) struct Wanted {
    /// New readers' users.
    pub(super) joining: HashSet<UserId>,
    /// Whether the system is among the new readers.
    pub(super) system: bool,
    pub(super) typing: Vec<Typing>,
    /// Whose presence is to be told.
    pub(super) presence: Vec<UserId>,
}

/// What a round has read.
pub(super) struct Round {
    /// Up to where the log was handed on before.
    pub(super) from: i64,
    /// Up to where it is with this.
    pub(super) through: i64,
    /// Whether there may be more.
    pub(super) full: bool,
    pub(super) entries: Vec<LoggedEvent>,
    /// What those tell that concern anybody, by position.
    pub(super) events: HashMap<i64, Event>,
    pub(super) kinds: Kinds,
    /// With whom users share a conversation who are not in the index.
    pub(super) shares: HashMap<UserId, Shares>,
    /// The same of those whom an entry is about, as of it.
    pub(super) shares_at: HashMap<i64, Shares>,
}

/// Reads what a round needs, in one snapshot.
pub(super) fn look(
    tx: &mut dyn ReadTx,
    state: &State,
    wanted: &Wanted,
) -> Result<Round, ServiceError> {
    let (log, entries) = match state.position {
        Some(position) => tx.events_by_now(position, ROUND)?,
        // Nobody follows yet: whoever comes now does so from here on.
        None => tx.events_by_now(i64::MAX, 1)?,
    };
    let from = state.position.unwrap_or(log.position);
    let through = entries.last().map_or(from, |last| last.position);
    let mut round = Round {
        from,
        through,
        full: i64::try_from(entries.len()).is_ok_and(|found| found >= ROUND),
        entries,
        events: HashMap::new(),
        kinds: Kinds::new(),
        shares: HashMap::new(),
        shares_at: HashMap::new(),
    };
    for user in wanted.joining.iter().chain(&wanted.presence) {
        if !state.index.knows(*user) && !round.shares.contains_key(user) {
            round.shares.insert(*user, shares(tx, *user, from)?);
        }
    }
    round.kinds = new_kinds(tx, state, wanted, &round.entries)?;
    let concerned: Vec<&LoggedEvent> = {
        let concerns = Concerns::of(state, wanted, &round);
        let entries = round.entries.iter();
        entries.filter(|entry| concerns.anybody(entry)).collect()
    };
    let mut shares_at = HashMap::new();
    for entry in &concerned {
        if let (None, Some(user)) = (entry.event.conversation_id, entry.event.user_id)
            && !state.index.knows(user)
        {
            shares_at.insert(entry.position, shares(tx, user, entry.position)?);
        }
    }
    let kinds = Known {
        before: &state.kinds,
        now: &round.kinds,
    };
    let events = hydrate(tx, log.id, &concerned, |id| kinds.get(id))?;
    let events = events.into_iter();
    round.events = events.map(|event| (event.cursor.position, event)).collect();
    round.shares_at = shares_at;
    Ok(round)
}

/// Whose the conversations are of which it was not known.
fn new_kinds(
    tx: &mut dyn ReadTx,
    state: &State,
    wanted: &Wanted,
    entries: &[LoggedEvent],
) -> Result<Kinds, ServiceError> {
    let new = entries
        .iter()
        .filter_map(|entry| entry.event.conversation_id);
    let typing = wanted.typing.iter().map(|typing| typing.conversation_id);
    let unknown = new.chain(typing).filter(|id| !state.kinds.contains_key(id));
    let mut kinds = Kinds::new();
    learn_kinds(tx, unknown, &mut kinds)?;
    Ok(kinds)
}

/// What was known before and what is known now.
struct Known<'a> {
    before: &'a Kinds,
    now: &'a Kinds,
}

impl Known<'_> {
    fn get(&self, id: ConversationId) -> Option<ConversationKind> {
        self.now.get(&id).or_else(|| self.before.get(&id)).copied()
    }
}

/// Whom entries may concern: all that are handed on are among them, and few others.
struct Concerns<'a> {
    state: &'a State,
    wanted: &'a Wanted,
    kinds: Known<'a>,
    /// Groups of those who come in this round.
    groups: HashSet<ConversationId>,
}

impl<'a> Concerns<'a> {
    fn of(state: &'a State, wanted: &'a Wanted, round: &'a Round) -> Self {
        let mut groups = HashSet::new();
        for user in &wanted.joining {
            let shares = round.shares.get(user).into_iter();
            groups.extend(shares.flat_map(|shares| &shares.groups));
        }
        let mut concerns = Self {
            state,
            wanted,
            kinds: Known {
                before: &state.kinds,
                now: &round.kinds,
            },
            groups,
        };
        for entry in &round.entries {
            if let Some((group, user)) = brings_member(entry)
                && concerns.is_there(user)
            {
                concerns.groups.insert(group);
            }
        }
        concerns
    }

    fn is_there(&self, user: UserId) -> bool {
        self.state.index.knows(user) || self.wanted.joining.contains(&user)
    }

    fn anybody(&self, entry: &LoggedEvent) -> bool {
        let Some(id) = entry.event.conversation_id else {
            return true;
        };
        let system = self.wanted.system || self.state.index.has_system();
        if system || self.groups.contains(&id) {
            return true;
        }
        match self.kinds.get(id) {
            Some(ConversationKind::Group(_)) => self.state.index.has_members(id),
            Some(ConversationKind::Direct(pair)) => {
                self.is_there(pair.low()) || self.is_there(pair.high())
            }
            None => false,
        }
    }
}
