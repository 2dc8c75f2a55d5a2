//! Storage of group membership.

use super::StoreResult;
use crate::{GroupId, Member, Page, PageLimit, Role, Timestamp, UserId};

/// Reading members.
pub trait MembersRead {
    /// The user's role in the group. A role means that both are living.
    fn role(&mut self, group: GroupId, user: UserId) -> StoreResult<Option<Role>>;

    /// The user's membership of the group.
    fn member(&mut self, group: GroupId, user: UserId) -> StoreResult<Option<Member>>;

    /// The group's owner, if it has one.
    fn owner(&mut self, group: GroupId) -> StoreResult<Option<UserId>>;

    /// The group's members by user id, from the one after `after`.
    fn members(
        &mut self,
        group: GroupId,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Member>>;
}

/// Writing members. The group's conversation is locked before, and who becomes a member is held.
pub trait Members: MembersRead {
    /// Stores the membership of a user who is no member yet, and counts it in the group.
    fn insert_member(&mut self, member: &Member) -> StoreResult<()>;

    /// Gives a member another role.
    fn set_role(
        &mut self,
        group: GroupId,
        user: UserId,
        role: Role,
        at: Timestamp,
    ) -> StoreResult<()>;

    /// Removes a member, and takes it out of the group's count.
    fn delete_member(&mut self, group: GroupId, user: UserId) -> StoreResult<()>;
}
