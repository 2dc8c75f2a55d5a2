//! The log by conversation: messages were logged in the order of their places, and what the last event
//! of a group and of each member says is what the tables say.

use std::collections::{BTreeMap, BTreeSet};

use crate::recount::{Difference, Doubts, Found};

/// What stands in a conversation, in the tables or in the log; the tables' rows come first.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// The conversation itself.
    Conversation(Kind),
    /// A member of its group, and where it joined if it takes part.
    Member {
        user: i64,
        role: String,
        joined_seq: Option<i64>,
    },
    /// A message was sent; its place, if it exists.
    Sent { seq: Option<i64> },
    /// The group was created.
    GroupCreated,
    /// The group was deleted.
    GroupDeleted,
    /// A user became a member.
    Added { user: i64, role: Option<String> },
    /// The role of a member changed.
    RoleChanged { user: i64, role: Option<String> },
    /// A user is no longer a member.
    Removed { user: i64 },
}

/// Whose conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Direct,
    LivingGroup,
    DeletedGroup,
}

/// What the log says about a member.
#[derive(Debug, Default)]
struct Logged {
    /// None when it was removed.
    role: Option<String>,
    joined_seq: Option<i64>,
}

/// What a group says about a member.
#[derive(Debug)]
struct Stored {
    role: String,
    joined_seq: Option<i64>,
}

/// The entries of one conversation.
#[derive(Debug, Default)]
struct One {
    id: i64,
    kind: Option<Kind>,
    last_seq: i64,
    created: i64,
    deleted: i64,
    stored: BTreeMap<i64, Stored>,
    logged: BTreeMap<i64, Logged>,
}

/// Takes all entries, ordered by conversation and position.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    under_way: Option<One>,
}

impl Conversations {
    /// The next entry; rows of the tables have position 0.
    pub(crate) fn entry(
        &mut self,
        conversation: i64,
        position: i64,
        entry: Entry,
        found: &mut Found,
        doubts: &mut Doubts,
    ) {
        if self.under_way.as_ref().map(|one| one.id) != Some(conversation) {
            self.end_one(found, doubts);
        }
        let one = self.under_way.get_or_insert_with(|| One {
            id: conversation,
            ..One::default()
        });
        match entry {
            Entry::Conversation(kind) => one.kind = Some(kind),
            Entry::Member {
                user,
                role,
                joined_seq,
            } => {
                one.stored.insert(user, Stored { role, joined_seq });
            }
            Entry::Sent { seq } => one.sent(position, seq, found, doubts),
            Entry::GroupCreated => one.created += 1,
            Entry::GroupDeleted => one.deleted += 1,
            Entry::Added { user, role } => {
                let joined_seq = Some(one.last_seq);
                one.logged.insert(user, Logged { role, joined_seq });
            }
            Entry::RoleChanged { user, role } => one.logged.entry(user).or_default().role = role,
            Entry::Removed { user } => {
                one.logged.insert(user, Logged::default());
            }
        }
    }

    /// After all of them.
    pub(crate) fn end(mut self, found: &mut Found, doubts: &mut Doubts) {
        self.end_one(found, doubts);
    }

    fn end_one(&mut self, found: &mut Found, doubts: &mut Doubts) {
        if let Some(one) = self.under_way.take() {
            one.end(found, doubts);
        }
    }
}

impl One {
    fn sent(&mut self, position: i64, seq: Option<i64>, found: &mut Found, doubts: &mut Doubts) {
        let Some(seq) = seq else { return };
        if seq <= self.last_seq {
            doubts.conversation(self.id);
            found.push(Difference::LogOrder {
                conversation: self.id,
                position,
                seq,
                before: self.last_seq,
            });
        }
        self.last_seq = self.last_seq.max(seq);
    }

    fn end(&self, found: &mut Found, doubts: &mut Doubts) {
        let conversation = self.id;
        let Some(kind) = self.kind else {
            found.push(Difference::LogOfNothing { conversation });
            return;
        };
        let must = i64::from(kind != Kind::Direct);
        if self.created != must {
            found.push(Difference::GroupCreated {
                conversation,
                is: self.created,
                must,
            });
        }
        let must = i64::from(kind == Kind::DeletedGroup);
        if self.deleted != must {
            doubts.members(conversation);
            found.push(Difference::GroupDeleted {
                conversation,
                is: self.deleted,
                must,
            });
        }
        // A deleted group has let its members go without an event for each.
        if kind == Kind::DeletedGroup {
            return;
        }
        let users: BTreeSet<i64> = self
            .stored
            .keys()
            .chain(self.logged.keys())
            .copied()
            .collect();
        for user in users {
            self.member(user, found, doubts);
        }
    }

    fn member(&self, user: i64, found: &mut Found, doubts: &mut Doubts) {
        let (stored, logged) = (self.stored.get(&user), self.logged.get(&user));
        let is = stored.map(|member| member.role.clone());
        let must = logged.and_then(|member| member.role.clone());
        // A role alone is counted nowhere.
        if is.is_some() != must.is_some() {
            doubts.members(self.id);
            doubts.reader(self.id, user);
        }
        // That a role changed may have been forgotten; that somebody came or went never is.
        let same = is == must || (doubts.may_be_forgotten() && is.is_some() == must.is_some());
        if !same {
            found.push(Difference::MemberRole {
                conversation: self.id,
                user,
                is,
                must,
            });
        }
        let joined = stored.and_then(|member| member.joined_seq);
        let by_log = logged.and_then(|member| member.joined_seq);
        // Nor is it known then how many messages there were before.
        if let (Some(is), Some(must)) = (joined, by_log)
            && is != must
            && !doubts.may_be_forgotten()
        {
            doubts.joined(self.id, user);
            found.push(Difference::JoinedSeq {
                conversation: self.id,
                user,
                is,
                must,
            });
        }
    }
}

#[cfg(test)]
mod tests;
