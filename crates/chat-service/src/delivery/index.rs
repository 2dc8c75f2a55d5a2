//! Who is connected, and where: from a conversation to the readers of its connected members, so that an event
//! costs those it concerns and nobody else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chat_domain::{Actor, ConversationId, ConversationKind, UserId};

use super::queue::Queue;

/// With more connected members than this a group carries no presence: everybody would be told of everybody,
/// which is the square of their number.
pub(super) const MOST_PRESENT: usize = 100;

/// The readers that follow the log, as of one position of it.
#[derive(Default)]
pub(super) struct Index {
    users: HashMap<UserId, Connected>,
    /// The connected members of each group's conversation that has any.
    groups: HashMap<ConversationId, HashSet<UserId>>,
    /// The readers of the system, who sees everything.
    system: Vec<Arc<Queue>>,
}

/// A user with readers.
#[derive(Default)]
struct Connected {
    queues: Vec<Arc<Queue>>,
    shares: Shares,
}

/// With whom a user shares a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shares {
    /// The conversations of its groups.
    pub(super) groups: HashSet<ConversationId>,
    /// The other users of its direct conversations.
    pub(super) peers: HashSet<UserId>,
}

impl Index {
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.system.is_empty()
    }

    /// Whether the user has readers, and all about it is known.
    pub(super) fn knows(&self, user: UserId) -> bool {
        self.users.contains_key(&user)
    }

    /// Whether somebody sees everything.
    pub(super) fn has_system(&self) -> bool {
        !self.system.is_empty()
    }

    /// Whether a member of this group's conversation is connected.
    pub(super) fn has_members(&self, conversation: ConversationId) -> bool {
        self.groups.contains_key(&conversation)
    }

    /// Adds a reader. Of a user who was not known before, `shares` says what it shares.
    pub(super) fn join(&mut self, actor: Actor, queue: Arc<Queue>, shares: Option<&Shares>) {
        let Actor::User(user) = actor else {
            self.system.push(queue);
            return;
        };
        self.users.entry(user).or_default().queues.push(queue);
        if let Some(shares) = shares {
            for group in &shares.groups {
                self.member_came(*group, user);
            }
            for peer in &shares.peers {
                self.met(user, *peer);
            }
        }
    }

    /// Takes a reader out.
    pub(super) fn leave(&mut self, actor: Actor, queue: &Arc<Queue>) {
        let others = |other: &Arc<Queue>| !Arc::ptr_eq(other, queue);
        let Actor::User(user) = actor else {
            self.system.retain(others);
            return;
        };
        let Some(connected) = self.users.get_mut(&user) else {
            return;
        };
        connected.queues.retain(others);
        if connected.queues.is_empty() {
            self.forget(user);
        }
    }

    fn forget(&mut self, user: UserId) -> Vec<Arc<Queue>> {
        let Some(Connected { queues, shares }) = self.users.remove(&user) else {
            return Vec::new();
        };
        for group in shares.groups {
            self.drop_from(group, user);
        }
        queues
    }

    /// Takes a user out with all its readers, which are given back.
    pub(super) fn user_went(&mut self, user: UserId) -> Vec<Arc<Queue>> {
        self.forget(user)
    }

    /// A user has become a member; nothing happens if it has no readers.
    pub(super) fn member_came(&mut self, group: ConversationId, user: UserId) {
        if let Some(connected) = self.users.get_mut(&user) {
            connected.shares.groups.insert(group);
            self.groups.entry(group).or_default().insert(user);
        }
    }

    /// A user is no member any more.
    pub(super) fn member_went(&mut self, group: ConversationId, user: UserId) {
        if let Some(connected) = self.users.get_mut(&user) {
            connected.shares.groups.remove(&group);
            self.drop_from(group, user);
        }
    }

    /// The group is no more.
    pub(super) fn group_went(&mut self, group: ConversationId) {
        for user in self.groups.remove(&group).unwrap_or_default() {
            if let Some(connected) = self.users.get_mut(&user) {
                connected.shares.groups.remove(&group);
            }
        }
    }

    /// Two users share a direct conversation.
    pub(super) fn met(&mut self, one: UserId, other: UserId) {
        for (user, peer) in [(one, other), (other, one)] {
            if let Some(connected) = self.users.get_mut(&user) {
                connected.shares.peers.insert(peer);
            }
        }
    }

    fn drop_from(&mut self, group: ConversationId, user: UserId) {
        if let Some(members) = self.groups.get_mut(&group) {
            members.remove(&user);
            if members.is_empty() {
                self.groups.remove(&group);
            }
        }
    }

    /// What a connected user shares.
    pub(super) fn shares(&self, user: UserId) -> Option<&Shares> {
        self.users.get(&user).map(|connected| &connected.shares)
    }

    /// The readers of who is in a conversation, and those of the system.
    pub(super) fn in_conversation(
        &self,
        id: ConversationId,
        kind: ConversationKind,
    ) -> Vec<(Actor, Arc<Queue>)> {
        let mut readers = self.of_system();
        match kind {
            ConversationKind::Direct(pair) => {
                readers.extend(
                    [pair.low(), pair.high()]
                        .into_iter()
                        .flat_map(|user| self.of(user)),
                );
            }
            ConversationKind::Group(_) => {
                let members = self.groups.get(&id).into_iter().flatten();
                readers.extend(members.flat_map(|user| self.of(*user)));
            }
        }
        readers
    }

    /// The readers of a user and of those with whom it shares a conversation, and those of the system.
    pub(super) fn around(&self, user: UserId, shares: &Shares) -> Vec<(Actor, Arc<Queue>)> {
        let mut readers = self.of_system();
        let others = self.connected_of(shares, usize::MAX);
        readers.extend(self.of(user));
        readers.extend(
            others
                .into_iter()
                .filter(|other| *other != user)
                .flat_map(|other| self.of(other)),
        );
        readers
    }

    /// Those of the others who are told of the user's presence, and of whose presence it is told.
    pub(super) fn present_around(&self, user: UserId, shares: &Shares) -> HashSet<UserId> {
        let mut others = self.connected_of(shares, MOST_PRESENT);
        others.remove(&user);
        others
    }

    /// Connected users in these conversations; groups with more than `most` of them are left out.
    fn connected_of(&self, shares: &Shares, most: usize) -> HashSet<UserId> {
        let known = |user: &&UserId| self.users.contains_key(*user);
        let groups = shares
            .groups
            .iter()
            .filter_map(|group| self.groups.get(group));
        let small = groups.filter(|members| members.len() <= most);
        small
            .flatten()
            .chain(shares.peers.iter().filter(known))
            .copied()
            .collect()
    }

    /// The readers of one user.
    pub(super) fn of(&self, user: UserId) -> impl Iterator<Item = (Actor, Arc<Queue>)> {
        let queues = self.users.get(&user).into_iter();
        let queues = queues.flat_map(|connected| &connected.queues);
        queues.map(move |queue| (Actor::User(user), Arc::clone(queue)))
    }

    /// The readers of the system.
    pub(super) fn of_system(&self) -> Vec<(Actor, Arc<Queue>)> {
        let queues = self.system.iter();
        queues
            .map(|queue| (Actor::System, Arc::clone(queue)))
            .collect()
    }

    /// Every reader; none is left.
    pub(super) fn take_all(&mut self) -> Vec<Arc<Queue>> {
        let Self { users, system, .. } = std::mem::take(self);
        let users = users.into_values().flat_map(|connected| connected.queues);
        users.chain(system).collect()
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::{DirectPair, GroupId};

    use super::*;

    fn user(id: i64) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn place(id: i64) -> ConversationId {
        ConversationId::parse(id).unwrap()
    }

    fn shares(groups: &[i64], peers: &[i64]) -> Shares {
        Shares {
            groups: groups.iter().copied().map(place).collect(),
            peers: peers.iter().copied().map(user).collect(),
        }
    }

    fn join(index: &mut Index, id: i64, shares: &Shares) -> Arc<Queue> {
        let queue = Arc::new(Queue::new());
        let known = index.knows(user(id));
        index.join(
            Actor::User(user(id)),
            Arc::clone(&queue),
            (!known).then_some(shares),
        );
        queue
    }

    fn group() -> ConversationKind {
        ConversationKind::Group(GroupId::parse(1).unwrap())
    }

    /// Whose readers those are, smallest first.
    fn ids(readers: &[(Actor, Arc<Queue>)]) -> Vec<i64> {
        let ids = readers
            .iter()
            .map(|(actor, _)| actor.user().map_or(0, UserId::get));
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn an_event_is_for_the_connected_members() {
        let mut index = Index::default();
        join(&mut index, 1, &shares(&[7], &[]));
        let second = join(&mut index, 1, &shares(&[7], &[]));
        join(&mut index, 2, &shares(&[7, 8], &[]));
        join(&mut index, 3, &shares(&[], &[1]));
        assert_eq!(ids(&index.in_conversation(place(7), group())), [1, 1, 2]);
        index.leave(Actor::User(user(1)), &second);
        assert_eq!(ids(&index.in_conversation(place(7), group())), [1, 2]);
        assert!(ids(&index.in_conversation(place(9), group())).is_empty());
        let pair = ConversationKind::Direct(DirectPair::parse(user(3), user(4)).unwrap());
        assert_eq!(ids(&index.in_conversation(place(10), pair)), [3]);
    }

    #[test]
    fn who_comes_and_goes_is_kept() {
        let mut index = Index::default();
        join(&mut index, 1, &shares(&[7], &[]));
        index.member_came(place(7), user(2));
        assert_eq!(ids(&index.in_conversation(place(7), group())), [1]);
        join(&mut index, 2, &shares(&[], &[]));
        index.member_came(place(7), user(2));
        assert_eq!(ids(&index.in_conversation(place(7), group())), [1, 2]);
        index.member_went(place(7), user(1));
        assert_eq!(ids(&index.in_conversation(place(7), group())), [2]);
        index.group_went(place(7));
        assert!(!index.has_members(place(7)));
        assert_eq!(index.shares(user(2)), Some(&Shares::default()));
    }

    #[test]
    fn the_last_reader_of_a_user_takes_all_of_it_along() {
        let mut index = Index::default();
        let queue = join(&mut index, 1, &shares(&[7], &[2]));
        index.leave(Actor::User(user(1)), &queue);
        assert!(index.is_empty() && !index.has_members(place(7)));
        join(&mut index, 1, &shares(&[7], &[2]));
        assert_eq!(index.user_went(user(1)).len(), 1);
        assert!(index.is_empty() && !index.has_members(place(7)));
    }

    #[test]
    fn the_system_gets_everything() {
        let mut index = Index::default();
        let queue = Arc::new(Queue::new());
        index.join(Actor::System, Arc::clone(&queue), None);
        assert_eq!(ids(&index.in_conversation(place(7), group())), [0]);
        assert_eq!(ids(&index.around(user(5), &Shares::default())), [0]);
        index.leave(Actor::System, &queue);
        assert!(index.is_empty());
    }

    #[test]
    fn a_user_is_told_of_to_those_around_it() {
        let mut index = Index::default();
        for (id, shared) in [
            (1, shares(&[7], &[3])),
            (2, shares(&[7], &[])),
            (3, shares(&[], &[1])),
        ] {
            join(&mut index, id, &shared);
        }
        join(&mut index, 4, &shares(&[8], &[]));
        let around = index.around(user(1), &shares(&[7], &[3]));
        assert_eq!(ids(&around), [1, 2, 3]);
        let present = index.present_around(user(1), &shares(&[7], &[3]));
        assert_eq!(present, [user(2), user(3)].into());
    }

    #[test]
    fn a_large_group_carries_no_presence() {
        let mut index = Index::default();
        let large = i64::try_from(MOST_PRESENT).unwrap() + 1;
        for id in 1..=large {
            join(&mut index, id, &shares(&[7], &[]));
        }
        assert!(index.present_around(user(1), &shares(&[7], &[])).is_empty());
        assert_eq!(
            index.around(user(1), &shares(&[7], &[])).len(),
            MOST_PRESENT + 1
        );
    }
}
