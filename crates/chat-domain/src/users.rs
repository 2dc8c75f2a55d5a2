//! Users, how much of one another may see, and what is left of one that was deleted.

use crate::{Actor, DisplayName, EmailAddress, ExternalId, FileId, Timestamp, UserId, Username};

/// A living user as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name, unique among users.
    pub username: Username,
    /// Its address, unique among users; private to the user and the system.
    pub email: EmailAddress,
    /// What it is called where people read it.
    pub display_name: Option<DisplayName>,
    /// The image that shows it, which every actor may read.
    pub avatar_file_id: Option<FileId>,
    /// By what the system knows it elsewhere, unique among users; private to the user and the system.
    pub external_id: Option<ExternalId>,
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
    /// What it is called where people read it.
    pub display_name: Option<DisplayName>,
    /// By what the system knows it elsewhere.
    pub external_id: Option<ExternalId>,
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
    /// What it is called where people read it.
    pub display_name: Option<DisplayName>,
    /// The image that shows it.
    pub avatar_file_id: Option<FileId>,
    /// By what the system knows it elsewhere, if the actor may know that.
    pub external_id: Option<ExternalId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When one of its own fields last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// What `actor` may see: address and external id only if the actor is this user or the system.
    pub fn seen_by(self, actor: Actor) -> VisibleUser {
        let private = matches!(actor, Actor::System) || actor == Actor::User(self.id);
        self.seen(private)
    }

    /// What every actor may see.
    pub fn seen_by_others(self) -> VisibleUser {
        self.seen(false)
    }

    fn seen(self, private: bool) -> VisibleUser {
        VisibleUser {
            id: self.id,
            username: self.username,
            email: private.then_some(self.email),
            display_name: self.display_name,
            avatar_file_id: self.avatar_file_id,
            external_id: self.external_id.filter(|_| private),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// What is left of a user that was deleted: whose messages those were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletedUser {
    /// Its id, which nobody else ever has.
    pub id: UserId,
}

impl DeletedUser {
    /// What stands in place of its name. It is free: a living user may have the same one.
    pub fn username(self) -> Username {
        Username::trusted(format!("deleted-{}", self.id))
    }
}

/// A user that lives, or lived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundUser<U> {
    /// It lives.
    Living(U),
    /// It was deleted.
    Deleted(DeletedUser),
}

impl<U> FoundUser<U> {
    /// The user, if it lives.
    pub fn living(self) -> Option<U> {
        match self {
            Self::Living(user) => Some(user),
            Self::Deleted(_) => None,
        }
    }

    /// The same of what `change` makes of a living user.
    pub fn map<V>(self, change: impl FnOnce(U) -> V) -> FoundUser<V> {
        match self {
            Self::Living(user) => FoundUser::Living(change(user)),
            Self::Deleted(user) => FoundUser::Deleted(user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_and_an_external_id_are_for_their_user_and_the_system() {
        let (ada, bob) = (UserId::parse(1).unwrap(), UserId::parse(2).unwrap());
        let user = User {
            id: ada,
            username: Username::parse("ada").unwrap(),
            email: EmailAddress::parse("ada@example.org").unwrap(),
            display_name: DisplayName::parse("Ada Lovelace").ok(),
            avatar_file_id: FileId::parse(3).ok(),
            external_id: ExternalId::parse("a|1").ok(),
            created_at: Timestamp::from_micros(1),
            updated_at: Timestamp::from_micros(1),
        };
        let seen_by = |actor| user.clone().seen_by(actor);
        for (actor, private) in [
            (Actor::System, true),
            (Actor::User(ada), true),
            (Actor::User(bob), false),
        ] {
            let seen = seen_by(actor);
            assert_eq!(seen.email.is_some(), private, "{actor:?}");
            assert_eq!(seen.external_id.is_some(), private, "{actor:?}");
            assert!(seen.display_name.is_some() && seen.avatar_file_id.is_some());
        }
    }

    #[test]
    fn what_is_left_of_a_deleted_user_has_a_name_that_can_be_one() {
        let id = UserId::parse(crate::MAX_ID).unwrap();
        let name = DeletedUser { id }.username();
        assert_eq!(name.as_str(), "deleted-9007199254740991");
        assert!(Username::parse(name.as_str()).is_ok());
    }
}
