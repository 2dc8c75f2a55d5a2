//! What a user's list of conversations shows of each.

use crate::{ConversationId, FoundUser, Group, Message, Role, Seq, User};

/// One conversation as one user sees it in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who else is in it.
    pub with: With,
    /// The place of its latest message, deleted ones included: everything here is as of that.
    pub last_seq: Seq,
    /// Its latest message that was not deleted.
    pub last_message: Option<Message>,
    /// How many messages the user has not seen.
    pub unseen_count: i64,
}

/// Who else is in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    /// One other user, who may have been deleted.
    User(FoundUser<User>),
    /// The members of a group.
    Group {
        /// The group.
        group: Group,
        /// The user's own role in it.
        role: Role,
    },
}
