//! Storage of users.

use super::StoreResult;
use crate::{NewUser, Page, PageLimit, User, UserId};

/// Reading users.
pub trait UsersRead {
    /// The living user with this id.
    fn user(&mut self, id: UserId) -> StoreResult<Option<User>>;

    /// Whether a living user has this id; cheaper than the user itself.
    fn user_exists(&mut self, id: UserId) -> StoreResult<bool>;

    /// Living users by id, from the one after `after`.
    fn users(&mut self, after: Option<UserId>, limit: PageLimit) -> StoreResult<Page<User>>;
}

/// Writing users.
pub trait Users: UsersRead {
    /// Stores a user.
    ///
    /// # Errors
    /// `Conflict(Username)` or `Conflict(Email)` if a user has one of the same key.
    fn insert_user(&mut self, user: &NewUser) -> StoreResult<User>;
}
