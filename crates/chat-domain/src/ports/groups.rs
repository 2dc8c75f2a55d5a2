//! Storage of groups.

use super::StoreResult;
use crate::{Group, GroupId, NewGroup, Timestamp};

/// Reading groups.
pub trait GroupsRead {
    /// The living group with this id.
    fn group(&mut self, id: GroupId) -> StoreResult<Option<Group>>;
}

/// Writing groups.
pub trait Groups: GroupsRead {
    /// Stores a group without members, and its conversation.
    ///
    /// # Errors
    /// `Conflict(GroupName)` if a living group has a name of the same key.
    fn insert_group(&mut self, group: &NewGroup) -> StoreResult<Group>;

    /// Deletes a living group that is locked: nobody is a member or participant any more, its name
    /// is free. Its messages and receipts stay where they are, and can't be reached: the cost grows
    /// with its members, never with its history.
    fn delete_group(&mut self, group: &Group, at: Timestamp) -> StoreResult<()>;
}
