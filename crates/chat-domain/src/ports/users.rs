//! Storage of users.

use super::StoreResult;
use crate::{
    ConversationId, ExternalId, FileId, FoundUser, GroupId, NewUser, Page, PageLimit, Timestamp,
    User, UserId,
};

/// Reading users.
pub trait UsersRead {
    /// The living user with this id.
    fn user(&mut self, id: UserId) -> StoreResult<Option<User>>;

    /// The user with this id, or what is left of it.
    fn any_user(&mut self, id: UserId) -> StoreResult<Option<FoundUser<User>>>;

    /// Whether a living user has this id; cheaper than the user itself.
    fn user_exists(&mut self, id: UserId) -> StoreResult<bool>;

    /// The living user with this external id.
    fn user_of(&mut self, external: &ExternalId) -> StoreResult<Option<UserId>>;

    /// Living users by id, from the one after `after`.
    fn users(&mut self, after: Option<UserId>, limit: PageLimit) -> StoreResult<Page<User>>;

    /// The groups that the user is a member of, with their conversations, in the order in which these are
    /// locked.
    fn memberships(&mut self, user: UserId) -> StoreResult<Vec<(ConversationId, GroupId)>>;

    /// Whether the file is the avatar of a living user.
    fn is_avatar(&mut self, file: FileId) -> StoreResult<bool>;

    /// All living users whose avatar the file is, by id.
    fn users_shown_by(&mut self, file: FileId) -> StoreResult<Vec<UserId>>;
}

/// Writing users. Their place in the order of locks is in [`Conversations`](super::Conversations).
pub trait Users: UsersRead {
    /// Stores a user.
    ///
    /// # Errors
    /// `Conflict(Username)`, `Conflict(Email)` or `Conflict(ExternalId)` if a user has one of the same
    /// key.
    fn insert_user(&mut self, user: &NewUser) -> StoreResult<User>;

    /// Whether a living user has this id, who is then neither changed nor deleted until the transaction
    /// ends. Any number may hold it so at a time: whoever makes it a member does.
    fn hold_user(&mut self, id: UserId) -> StoreResult<bool>;

    /// The living user, whom nobody else changes, deletes or makes a member until the transaction ends.
    fn lock_user(&mut self, id: UserId) -> StoreResult<Option<User>>;

    /// Stores the new state of a locked user; `before` is the old one. A file that becomes an avatar, and is
    /// locked, is in use from now on; one that is none any more may be unused since `updated_at`.
    ///
    /// It comes last in its transaction, but for events: who refers to a user may wait for a change of
    /// its name.
    ///
    /// # Errors
    /// `Conflict`, as of [`insert_user`](Self::insert_user).
    fn update_user(&mut self, before: &User, user: &User) -> StoreResult<()>;

    /// Deletes a locked user, who is a member of no group any more: everything that it said of itself is
    /// erased, and its names are free. Its avatar may be unused from now on; its messages, receipts and
    /// direct conversations stay. It comes last in its transaction, as [`update_user`](Self::update_user).
    fn delete_user(&mut self, user: &User, at: Timestamp) -> StoreResult<()>;
}
