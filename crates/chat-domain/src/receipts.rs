//! Who has seen what, and what is left unseen.

use crate::{ConversationId, GroupId, GroupName, Seq, Timestamp, UserId, Username};

/// One reader of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The reader.
    pub user_id: UserId,
    /// When it first saw the message.
    pub seen_at: Timestamp,
}

/// The places of a conversation that one `up_to` marked as seen; ranges of one user never overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenRange {
    /// The reader.
    pub user_id: UserId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The first place of the range.
    pub from: Seq,
    /// The last place of the range.
    pub to: Seq,
    /// When it was marked.
    pub seen_at: Timestamp,
}

/// What a user has not seen: only conversations with something unseen, latest message first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// Direct conversations.
    pub direct: Vec<UnseenDirect>,
    /// Groups.
    pub groups: Vec<UnseenGroup>,
}

impl Unseen {
    /// The sum of all counts.
    pub fn total(&self) -> i64 {
        self.direct
            .iter()
            .map(|d| d.count)
            .chain(self.groups.iter().map(|g| g.count))
            .sum()
    }
}

/// What is unseen in a direct conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenDirect {
    /// The other user.
    pub user_id: UserId,
    /// The other user's name.
    pub username: Username,
    /// How many messages, above 0.
    pub count: i64,
}

/// What is unseen in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenGroup {
    /// The group.
    pub group_id: GroupId,
    /// Its name.
    pub group_name: GroupName,
    /// How many messages, above 0.
    pub count: i64,
}
