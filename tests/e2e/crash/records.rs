//! What the writers have tried and what they were told: all that the checker believes.

use std::collections::BTreeSet;

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Group(i64),
    User(i64),
}

/// A message that was acknowledged, as the answer told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) id: i64,
    pub(crate) conversation: i64,
    pub(crate) seq: i64,
    pub(crate) writer: i64,
    pub(crate) to: To,
    pub(crate) content: String,
}

/// A mark that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marked {
    pub(crate) reader: i64,
    pub(crate) message: i64,
    pub(crate) up_to: bool,
    pub(crate) seen_at: String,
}

/// Everything, of one writer or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    /// What anybody has tried to send. Each text is tried once, or again with the same key.
    pub(crate) tried: BTreeSet<String>,
    /// Those of each writer in the order of its answers.
    pub(crate) sent: Vec<Sent>,
    pub(crate) marked: Vec<Marked>,
    pub(crate) deletes_tried: BTreeSet<i64>,
    pub(crate) deleted: BTreeSet<i64>,
    /// Messages that were told to be missing to somebody who marked them.
    pub(crate) not_found: BTreeSet<i64>,
    /// Answers that nobody should get.
    pub(crate) strange: Vec<String>,
    pub(crate) unanswered: usize,
    pub(crate) retried: usize,
    pub(crate) replayed: usize,
}

impl Records {
    pub(crate) fn acknowledged(&self) -> usize {
        self.sent.len() + self.marked.len() + self.deleted.len()
    }

    /// Puts those of another writer to these.
    pub(crate) fn add(&mut self, other: &Self) {
        let other = other.clone();
        self.tried.extend(other.tried);
        self.sent.extend(other.sent);
        self.marked.extend(other.marked);
        self.deletes_tried.extend(other.deletes_tried);
        self.deleted.extend(other.deleted);
        self.not_found.extend(other.not_found);
        self.strange.extend(other.strange);
        self.unanswered += other.unanswered;
        self.retried += other.retried;
        self.replayed += other.replayed;
    }
}
