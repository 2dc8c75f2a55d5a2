//! Storage of groups.

use super::StoreResult;
use crate::{
    ConversationId, Group, GroupId, GroupName, NewGroup, Page, PageLimit, Timestamp, UserId,
};

/// Reading groups.
pub trait GroupsRead {
    /// The living group with this id.
    fn group(&mut self, id: GroupId) -> StoreResult<Option<Group>>;

    /// The group whose conversation this is; a deleted one as it was last, without members.
    fn any_group_of(&mut self, conversation: ConversationId) -> StoreResult<Option<Group>>;

    /// Living groups by id, from the one after `after`.
    fn groups(&mut self, after: Option<GroupId>, limit: PageLimit) -> StoreResult<Page<Group>>;

    /// Those of them that the user is a member of.
    fn groups_of(
        &mut self,
        user: UserId,
        after: Option<GroupId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Group>>;
}

/// Writing groups.
pub trait Groups: GroupsRead {
    /// Stores a group without members, and its conversation.
    ///
    /// # Errors
    /// `Conflict(GroupName)` if a living group has a name of the same key.
    fn insert_group(&mut self, group: &NewGroup) -> StoreResult<Group>;

    /// Gives a living group that is locked another name, or its own in another spelling.
    ///
    /// # Errors
    /// `Conflict(GroupName)` if another living group has a name of the same key.
    fn rename_group(&mut self, id: GroupId, name: &GroupName, at: Timestamp) -> StoreResult<()>;

    /// Deletes a living group that is locked: nobody is a member or participant any more, its name
    /// is free. Its messages and receipts stay where they are, and can't be reached: the cost grows
    /// with its members, never with its history.
    fn delete_group(&mut self, group: &Group, at: Timestamp) -> StoreResult<()>;
}
