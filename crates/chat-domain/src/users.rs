//! Users, and how much of one another may see.

use crate::{Actor, EmailAddress, Timestamp, UserId, Username};

/// A living user as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name, unique among users.
    pub username: Username,
    /// Its address, unique among users; private to the user and the system.
    pub email: EmailAddress,
    /// When it was created.
    pub created_at: Timestamp,
    /// When one of its own fields last changed.
    pub updated_at: Timestamp,
}

/// A user to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// Its name.
    pub username: Username,
    /// Its address.
    pub email: EmailAddress,
    /// When it is created.
    pub at: Timestamp,
}

/// A user as some actor may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleUser {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub username: Username,
    /// Its address, if the actor may know it.
    pub email: Option<EmailAddress>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When one of its own fields last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// What `actor` may see: the address only if the actor is this user or the system.
    pub fn seen_by(self, actor: Actor) -> VisibleUser {
        let private = matches!(actor, Actor::System) || actor == Actor::User(self.id);
        VisibleUser {
            id: self.id,
            username: self.username,
            email: private.then_some(self.email),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_for_its_user_and_the_system() {
        let (ada, bob) = (UserId::parse(1).unwrap(), UserId::parse(2).unwrap());
        let user = User {
            id: ada,
            username: Username::parse("ada").unwrap(),
            email: EmailAddress::parse("ada@example.org").unwrap(),
            created_at: Timestamp::from_micros(1),
            updated_at: Timestamp::from_micros(1),
        };
        assert!(user.clone().seen_by(Actor::System).email.is_some());
        assert!(user.clone().seen_by(Actor::User(ada)).email.is_some());
        assert!(user.seen_by(Actor::User(bob)).email.is_none());
    }
}
