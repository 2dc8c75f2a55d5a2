//! Groups.

use crate::{ConversationId, GroupId, GroupName, Timestamp};

/// A living group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The conversation its messages stand in.
    pub conversation_id: ConversationId,
    /// Its name, unique among living groups.
    pub name: GroupName,
    /// How many members it has.
    pub member_count: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When one of its own fields last changed; members come and go without touching it.
    pub updated_at: Timestamp,
}

/// A group to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: GroupName,
    /// When it is created.
    pub at: Timestamp,
}
