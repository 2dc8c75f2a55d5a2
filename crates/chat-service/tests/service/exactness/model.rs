//! What the service is compared with: the plain history, and every answer found by looking at all of it.
//!
//! It keeps who was a member from when to when, each message, each mark. It counts nothing in advance
//! and knows none of the ways in which the service saves work.

use std::collections::BTreeMap;

use chat_domain::{Role, Timestamp};

use super::deeds::To;

/// The number of a call in its history, from 1; what happened before has a smaller one.
pub(super) type Moment = i64;

/// What the clock shows at a moment: another time at each, and going back and forth, because no order
/// may depend on it.
pub(super) fn time(moment: Moment) -> Timestamp {
    let away = if moment % 2 == 0 { moment } else { -moment };
    Timestamp::from_micros(1_000_000 + away)
}

/// Where messages stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Group(usize),
    /// Two users, the smaller number first.
    Pair(usize, usize),
}

impl Place {
    /// Where a message of `sender` comes to stand.
    pub(super) fn of(sender: usize, to: To) -> Self {
        match to {
            To::Group(group) => Self::Group(group),
            To::User(user) => Self::Pair(sender.min(user), sender.max(user)),
        }
    }
}

/// A group, living or deleted.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The number of the group whose name it has; mostly its own.
    pub(super) name: usize,
    pub(super) deleted: bool,
}

/// A user's time in a group.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) group: usize,
    pub(super) user: usize,
    pub(super) from: Moment,
    pub(super) to: Option<Moment>,
    pub(super) role: Role,
    /// Since when it has this role.
    pub(super) role_from: Moment,
}

/// A message, living or deleted.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// What it says.
    pub(super) text: u16,
    pub(super) sender: usize,
    pub(super) place: Place,
    pub(super) at: Moment,
    pub(super) deleted: bool,
}

/// That somebody said to have seen everything up to a message.
#[derive(Clone, Debug)]
pub(super) struct UpTo {
    pub(super) reader: usize,
    pub(super) message: usize,
    pub(super) at: Moment,
}

/// Everything that has happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) users: usize,
    pub(super) groups: Vec<Group>,
    pub(super) stays: Vec<Stay>,
    pub(super) messages: Vec<Sent>,
    /// When a user first saw a message.
    pub(super) marks: BTreeMap<(usize, usize), Moment>,
    pub(super) up_tos: Vec<UpTo>,
}

impl Model {
    pub(super) fn lives(&self, group: usize) -> bool {
        self.groups.get(group).is_some_and(|group| !group.deleted)
    }

    pub(super) fn living_groups(&self) -> Vec<usize> {
        (0..self.groups.len()).filter(|g| self.lives(*g)).collect()
    }

    /// The members of a group, by number.
    pub(super) fn members(&self, group: usize) -> Vec<&Stay> {
        let now = |stay: &&Stay| stay.group == group && stay.to.is_none();
        let mut members: Vec<_> = self.stays.iter().filter(now).collect();
        members.sort_by_key(|stay| stay.user);
        members
    }

    pub(super) fn role(&self, group: usize, user: usize) -> Option<Role> {
        let member = self.members(group).into_iter().find(|m| m.user == user);
        member.map(|member| member.role)
    }

    /// Since when a user takes part; a direct conversation is its two users' from the start.
    pub(super) fn takes_part_since(&self, place: Place, user: usize) -> Option<Moment> {
        match place {
            Place::Group(group) => {
                let member = self.members(group).into_iter().find(|m| m.user == user);
                member.map(|member| member.from)
            }
            Place::Pair(one, other) => (user == one || user == other).then_some(0),
        }
    }

    /// Every place that has or had messages, and every group.
    pub(super) fn places(&self) -> Vec<Place> {
        let groups = (0..self.groups.len()).map(Place::Group);
        let mut places: Vec<_> = self.messages.iter().map(|sent| sent.place).collect();
        places.extend(groups);
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Every message that was ever sent to a place.
    pub(super) fn sent_to(&self, place: Place) -> Vec<usize> {
        let there = |message: &usize| self.messages[*message].place == place;
        (0..self.messages.len()).filter(there).collect()
    }

    /// Whether a message is there to be read: sent, not deleted, its group not deleted.
    pub(super) fn readable(&self, message: usize) -> bool {
        self.messages.get(message).is_some_and(|sent| {
            !sent.deleted
                && match sent.place {
                    Place::Group(group) => self.lives(group),
                    Place::Pair(..) => true,
                }
        })
    }

    /// A message's place among all that were sent to the same conversation, from 1.
    pub(super) fn seq(&self, message: usize) -> i64 {
        let all = self.sent_to(self.messages[message].place);
        count(all.into_iter().filter(|other| *other <= message))
    }

    /// How many messages of a place a user has not seen: sent by others since it joined, not
    /// deleted, not marked.
    pub(super) fn unseen_in(&self, place: Place, user: usize) -> i64 {
        let Some(since) = self.takes_part_since(place, user) else {
            return 0;
        };
        count(self.sent_to(place).into_iter().filter(|message| {
            let sent = &self.messages[*message];
            sent.sender != user
                && sent.at > since
                && self.readable(*message)
                && !self.marks.contains_key(&(user, *message))
        }))
    }

    /// Where a user has something unseen and how much, latest message first.
    pub(super) fn unseen(&self, user: usize) -> Vec<(Place, i64)> {
        let mut places = self.places();
        places.sort_by_key(|place| self.sent_to(*place).last().copied());
        let counted = places
            .into_iter()
            .rev()
            .map(|p| (p, self.unseen_in(p, user)));
        counted.filter(|(_, unseen)| *unseen > 0).collect()
    }

    /// Who has seen a message and when, by user.
    pub(super) fn readers(&self, message: usize) -> Vec<(usize, Moment)> {
        let of_it = self.marks.iter().filter(|((_, seen), _)| *seen == message);
        of_it.map(|((user, _), at)| (*user, *at)).collect()
    }
}

pub(super) fn count<T>(items: impl Iterator<Item = T>) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}
