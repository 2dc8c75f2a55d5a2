//! On whose behalf a use case runs.

use crate::UserId;

/// Who acts: every use case takes one, and every rule is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A trusted backend; it passes every permission, though facts bind it too.
    System,
    /// A user, bound by permissions.
    User(UserId),
}

impl Actor {
    /// The acting user; none for the system.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::System => None,
            Self::User(id) => Some(id),
        }
    }
}
