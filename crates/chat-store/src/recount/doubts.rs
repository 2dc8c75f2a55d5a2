//! What the log and the tables tell differently, or the tables alone can't be right about. What is
//! counted from it is told and never mended: nobody can say which of the two is right.

use std::collections::HashSet;

/// Everything that is in doubt after the log was compared.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    conversations: HashSet<i64>,
    members: HashSet<i64>,
    readers: HashSet<(i64, i64)>,
    joined: HashSet<(i64, i64)>,
    log: bool,
    beginning: bool,
}

impl Doubts {
    /// Of the messages of a conversation: which there are, where they stand, or which of them live.
    pub(crate) fn conversation(&mut self, conversation: i64) {
        self.conversations.insert(conversation);
    }

    /// Of who is a member of a conversation's group.
    pub(crate) fn members(&mut self, conversation: i64) {
        self.members.insert(conversation);
    }

    /// Of what `user` has marked in a conversation, or whether it takes part at all.
    pub(crate) fn reader(&mut self, conversation: i64, user: i64) {
        self.readers.insert((conversation, user));
    }

    /// Of where `user` joined: its counts have nothing that they could be compared with.
    pub(crate) fn joined(&mut self, conversation: i64, user: i64) {
        self.joined.insert((conversation, user));
    }

    /// Of the log itself: events are missing, and nobody knows what they told.
    pub(crate) fn log(&mut self) {
        self.log = true;
    }

    /// Of nothing, but that the beginning of the log may have told it: that was forgotten, as it should be.
    pub(crate) fn beginning(&mut self) {
        self.beginning = true;
    }

    /// Whether what no event tells may have been told by one that was forgotten.
    pub(crate) const fn may_be_forgotten(&self) -> bool {
        self.beginning
    }

    pub(crate) fn of_conversation(&self, conversation: i64) -> bool {
        self.conversations.contains(&conversation)
    }

    pub(crate) fn of_members(&self, conversation: i64) -> bool {
        self.members.contains(&conversation)
    }

    pub(crate) fn of_reader(&self, conversation: i64, user: i64) -> bool {
        self.readers.contains(&(conversation, user))
    }

    pub(crate) fn of_joined(&self, conversation: i64, user: i64) -> bool {
        self.joined.contains(&(conversation, user))
    }

    pub(crate) const fn of_log(&self) -> bool {
        self.log
    }
}
