//! What the writer remembers from one job to the next, so that a send need not look it up.
//!
//! Only the writer's thread changes these facts, and only its transactions ask here; a reader has its own
//! snapshot. Every fact in here is what the tables say within the writer's transaction:
//!
//! - What a job brings in or changes is journalled. If the job is undone, whatever the reason, these facts
//!   are forgotten. Nothing is ever restored.
//! - All this belongs to one connection. A failed batch gives its connection up, and the memory with it.
//! - Once something may have been written that was not told here (a host with the connection in its
//!   hands, a write that broke off half way), everything is forgotten, and nothing is remembered until the
//!   job is over.
//! - Another program may have written to the file. SQLite tells, once per batch, and everything is
//!   forgotten then.

use std::hash::Hash;

use chat_domain::{
    Conversation, ConversationId, ConversationKind, DirectPair, GroupId, Role, Seq, UserId,
};
use quick_cache::unsync::Cache;

use super::queries::facts::{Fact, Latest, Lives, OfGroup, OfPair, RoleIn};

/// How many users are remembered, and how many roles, about.
const PEOPLE: usize = 32_768;

/// How many conversations of groups are remembered, and how many of pairs.
const CONVERSATIONS: usize = 8_192;

/// A job that touches more facts than this is not worth being remembered.
const JOURNAL: usize = 4_096;

/// The memory of one connection.
pub(super) struct Facts {
    living: Cache<UserId, ()>,
    roles: Cache<(GroupId, UserId), Role>,
    groups: Cache<GroupId, ConversationId>,
    pairs: Cache<DirectPair, ConversationId>,
    /// Apart from whose the conversations are, because a message knows only the id of its own.
    places: Cache<ConversationId, Seq>,
    /// What the present job has brought in or changed.
    journal: Vec<Key>,
    /// Whether nothing is remembered until the job is over.
    paused: bool,
    /// SQLite's number for the state of the file on which all this rests.
    version: Option<i64>,
}

/// What is forgotten when a job is undone.
#[derive(Clone, Copy)]
enum Key {
    User(UserId),
    Role(GroupId, UserId),
    Group(GroupId),
    Pair(DirectPair),
    Place(ConversationId),
}

/// How a fact lies in the memory.
pub(super) trait Remembered: Fact {
    fn recall(self, facts: &Facts) -> Option<Self::Says>;
    fn keep(self, says: Self::Says, facts: &mut Facts);
    fn forget(self, facts: &mut Facts);
}

impl Facts {
    pub(super) fn new() -> Self {
        Self {
            living: Cache::new(PEOPLE),
            roles: Cache::new(PEOPLE),
            groups: Cache::new(CONVERSATIONS),
            pairs: Cache::new(CONVERSATIONS),
            places: Cache::new(2 * CONVERSATIONS),
            journal: Vec::new(),
            paused: false,
            version: None,
        }
    }

    /// A batch begins, on the file in this state. Another state than the last is another program's work.
    pub(super) fn begin(&mut self, version: i64) {
        if self.version != Some(version) {
            self.clear();
            self.version = Some(version);
        }
    }

    /// Something may have been written that is not told here, or will be before the job is over.
    pub(super) fn distrust(&mut self) {
        self.clear();
        self.paused = true;
    }

    /// The job is over. What was undone with it was never so.
    pub(super) fn end_job(&mut self, kept: bool) {
        if !kept {
            while let Some(key) = self.journal.pop() {
                self.remove(key);
            }
        }
        self.journal.clear();
        self.paused = false;
    }

    pub(super) fn remember<F: Remembered>(&mut self, fact: F, says: F::Says) {
        if self.has_room() {
            fact.keep(says, self);
        }
    }

    /// The group is gone, with the roles of all its members.
    pub(super) fn forget_group(&mut self, group: GroupId) {
        OfGroup(group).forget(self);
        self.roles.retain(|(of, _), _| *of != group);
    }

    /// The conversation's latest place is now this one.
    pub(super) fn reached(&mut self, conversation: ConversationId, seq: Seq) {
        if self.has_room()
            && let Some(mut place) = self.places.get_mut(&conversation)
        {
            *place = seq;
            drop(place);
            self.note(Key::Place(conversation));
        }
    }

    /// Whether what is brought in or changed now can be journalled.
    fn has_room(&mut self) -> bool {
        if self.journal.len() >= JOURNAL {
            self.distrust();
        }
        !self.paused
    }

    fn clear(&mut self) {
        self.living.clear();
        self.roles.clear();
        self.groups.clear();
        self.pairs.clear();
        self.places.clear();
        self.journal.clear();
    }

    fn note(&mut self, key: Key) {
        self.journal.push(key);
    }

    fn remove(&mut self, key: Key) {
        match key {
            Key::User(user) => drop(self.living.remove(&user)),
            Key::Role(group, user) => drop(self.roles.remove(&(group, user))),
            Key::Group(group) => drop(self.groups.remove(&group)),
            Key::Pair(pair) => drop(self.pairs.remove(&pair)),
            Key::Place(conversation) => drop(self.places.remove(&conversation)),
        }
    }

    /// The conversation that stands under a key of its own.
    fn conversation<K: Eq + Hash>(
        &self,
        ids: &Cache<K, ConversationId>,
        key: &K,
        kind: ConversationKind,
    ) -> Option<Conversation> {
        let id = *ids.get(key)?;
        let last_seq = *self.places.get(&id)?;
        Some(Conversation { id, kind, last_seq })
    }
}

impl Remembered for Lives {
    fn recall(self, facts: &Facts) -> Option<()> {
        facts.living.get(&self.0).copied()
    }

    fn keep(self, (): (), facts: &mut Facts) {
        facts.living.insert(self.0, ());
        facts.note(Key::User(self.0));
    }

    fn forget(self, facts: &mut Facts) {
        facts.remove(Key::User(self.0));
    }
}

impl Remembered for RoleIn {
    fn recall(self, facts: &Facts) -> Option<Role> {
        facts.roles.get(&(self.0, self.1)).copied()
    }

    fn keep(self, role: Role, facts: &mut Facts) {
        facts.roles.insert((self.0, self.1), role);
        facts.note(Key::Role(self.0, self.1));
    }

    fn forget(self, facts: &mut Facts) {
        facts.remove(Key::Role(self.0, self.1));
    }
}

impl Remembered for OfGroup {
    fn recall(self, facts: &Facts) -> Option<Conversation> {
        facts.conversation(&facts.groups, &self.0, ConversationKind::Group(self.0))
    }

    fn keep(self, conversation: Conversation, facts: &mut Facts) {
        facts.groups.insert(self.0, conversation.id);
        facts.note(Key::Group(self.0));
        Latest(conversation.id).keep(conversation.last_seq, facts);
    }

    fn forget(self, facts: &mut Facts) {
        facts.remove(Key::Group(self.0));
    }
}

impl Remembered for OfPair {
    fn recall(self, facts: &Facts) -> Option<Conversation> {
        facts.conversation(&facts.pairs, &self.0, ConversationKind::Direct(self.0))
    }

    fn keep(self, conversation: Conversation, facts: &mut Facts) {
        facts.pairs.insert(self.0, conversation.id);
        facts.note(Key::Pair(self.0));
        Latest(conversation.id).keep(conversation.last_seq, facts);
    }

    fn forget(self, facts: &mut Facts) {
        facts.remove(Key::Pair(self.0));
    }
}

impl Remembered for Latest {
    fn recall(self, facts: &Facts) -> Option<Seq> {
        facts.places.get(&self.0).copied()
    }

    fn keep(self, seq: Seq, facts: &mut Facts) {
        facts.places.insert(self.0, seq);
        facts.note(Key::Place(self.0));
    }

    fn forget(self, facts: &mut Facts) {
        facts.remove(Key::Place(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: i64) -> UserId {
        UserId::parse(number).unwrap()
    }

    fn group(number: i64) -> GroupId {
        GroupId::parse(number).unwrap()
    }

    fn of_group(number: i64) -> Conversation {
        Conversation {
            id: ConversationId::parse(number).unwrap(),
            kind: ConversationKind::Group(group(number)),
            last_seq: Seq::START,
        }
    }

    /// Remembers in jobs of their own, as many as are wanted.
    fn fill(facts: &mut Facts, numbers: std::ops::RangeInclusive<i64>) {
        for n in numbers {
            facts.remember(Lives(user(n)), ());
            facts.remember(RoleIn(group(n), user(n)), Role::Member);
            facts.remember(OfGroup(group(n)), of_group(n));
            let pair = DirectPair::parse(user(n), user(n + 1)).unwrap();
            facts.remember(OfPair(pair), of_group(1_000_000 + n));
            facts.end_job(true);
        }
    }

    #[test]
    fn it_does_not_grow_beyond_a_few_megabytes() {
        let mut facts = Facts::new();
        let memory = |facts: &Facts| {
            facts.living.memory_used().total()
                + facts.roles.memory_used().total()
                + facts.groups.memory_used().total()
                + facts.pairs.memory_used().total()
                + facts.places.memory_used().total()
        };
        assert!(memory(&facts) < 10_000, "{}", memory(&facts));
        fill(&mut facts, 1..=60_000);
        let used = memory(&facts);
        assert!(used < 8 << 20, "{used}");
        assert!(facts.roles.len() <= PEOPLE && facts.roles.len() > PEOPLE / 2);
        assert!(Lives(user(60_000)).recall(&facts).is_some());
    }

    /// Each kind by itself: in a row of jobs one may cover for another.
    #[test]
    fn what_an_undone_job_has_brought_in_is_forgotten() {
        fn undone<F: Remembered>(fact: F, says: F::Says) -> Facts {
            let mut facts = Facts::new();
            facts.remember(fact, says);
            assert!(fact.recall(&facts).is_some());
            facts.end_job(false);
            assert!(fact.recall(&facts).is_none());
            facts
        }
        fn undone_of<F: Remembered<Says = Conversation>>(fact: F, says: Conversation) {
            let mut facts = undone(fact, says);
            let place = Latest(says.id);
            assert!(place.recall(&facts).is_none());
            facts.remember(place, says.last_seq);
            assert!(fact.recall(&facts).is_none());
        }
        let conversation = of_group(7);
        undone(Lives(user(1)), ());
        undone(RoleIn(group(1), user(1)), Role::Member);
        undone(Latest(conversation.id), conversation.last_seq);
        undone_of(OfGroup(group(7)), conversation);
        let pair = DirectPair::parse(user(1), user(2)).unwrap();
        undone_of(OfPair(pair), conversation);
    }

    #[test]
    fn a_job_of_too_many_facts_leaves_none() {
        let mut facts = Facts::new();
        fill(&mut facts, 1..=1);
        for n in 1..=2 * JOURNAL as i64 {
            facts.remember(Lives(user(n)), ());
        }
        assert!(facts.journal.len() <= JOURNAL);
        facts.end_job(false);
        assert_eq!(facts.living.len() + facts.roles.len(), 0);
        fill(&mut facts, 1..=1);
        assert_eq!(facts.living.len(), 1);
    }

    #[test]
    fn a_batch_on_another_state_of_the_file_begins_with_nothing() {
        let mut facts = Facts::new();
        facts.begin(1);
        fill(&mut facts, 1..=1);
        facts.begin(1);
        assert!(OfGroup(group(1)).recall(&facts).is_some());
        facts.begin(2);
        assert!(OfGroup(group(1)).recall(&facts).is_none());
    }
}
