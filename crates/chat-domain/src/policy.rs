//! Who may know and who may do what, as pure functions of where an actor stands.
//!
//! ```
//! use chat_domain::Role;
//! use chat_domain::policy::{self, Denial, Standing};
//!
//! let admin = Standing::Member(Role::Admin);
//! assert_eq!(policy::delete_group(admin), Err(Denial::Forbidden));
//! assert_eq!(policy::delete_group(Standing::Stranger), Err(Denial::Unknown));
//! ```

use crate::{Actor, Role, UserId};

/// Where an actor stands towards a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The system: it may know and do everything.
    System,
    /// A user who is not in it, and may not know that it exists.
    Stranger,
    /// One of the two users of a direct conversation.
    Peer,
    /// A member of the group.
    Member(Role),
}

impl Standing {
    /// Where a user with this membership stands towards the group.
    pub fn of_role(role: Option<Role>) -> Self {
        role.map_or(Self::Stranger, Self::Member)
    }
}

/// Why an actor may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It may not know the thing: told exactly what is told of a missing one.
    Unknown,
    /// It knows the thing and may not do this.
    Forbidden,
    /// The owner must hand the group over first.
    OwnerMustTransfer,
    /// Something else still uses it.
    InUse,
}

/// What adding a user to a group comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It joins with this role.
    Join(Role),
    /// It is a member already, and stays as it is.
    Keep,
    /// It is a member already, and gets this role, which is not `Owner`.
    Change(Role),
    /// It becomes the owner; who was owner until now becomes an admin. It joins if it was no member.
    HandOver,
}

/// What removing a member from a group comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It leaves, others stay.
    Leave,
    /// It was the last: the group goes with it.
    LastLeaves,
}

/// May create users: only the system.
pub fn create_user(actor: Actor) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(_) => Err(Denial::Forbidden),
    }
}

/// May change a user: itself, and the system, to whom alone an external id belongs.
pub fn change_user(actor: Actor, user: UserId, external_id: bool) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(oneself) if oneself == user && !external_id => Ok(()),
        Actor::User(_) => Err(Denial::Forbidden),
    }
}

/// May delete a user: itself, and the system.
pub fn delete_user(actor: Actor, user: UserId) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(oneself) if oneself == user => Ok(()),
        Actor::User(_) => Err(Denial::Forbidden),
    }
}

/// Who owns a group that `actor` makes: the user itself, who can't name another; whom the system
/// names, if anyone.
pub fn create_group(actor: Actor, named: Option<UserId>) -> Result<Option<UserId>, Denial> {
    match (actor, named) {
        (Actor::System, named) => Ok(named),
        (Actor::User(user), Some(named)) if named != user => Err(Denial::Forbidden),
        (Actor::User(user), _) => Ok(Some(user)),
    }
}

/// May list what was sent to a user, whoever sent it: only the system.
pub fn read_inbox(actor: Actor) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(_) => Err(Denial::Forbidden),
    }
}

/// May know a conversation, its members and messages: the system, and who is in it.
pub fn know(standing: Standing) -> Result<(), Denial> {
    match standing {
        Standing::Stranger => Err(Denial::Unknown),
        Standing::System | Standing::Peer | Standing::Member(_) => Ok(()),
    }
}

/// May change a group's own fields: its admins, and the system.
pub fn update_group(standing: Standing) -> Result<(), Denial> {
    match standing {
        Standing::System => Ok(()),
        Standing::Member(role) if role.is_admin() => Ok(()),
        Standing::Stranger => Err(Denial::Unknown),
        Standing::Peer | Standing::Member(_) => Err(Denial::Forbidden),
    }
}

/// May delete a group: its owner, and the system.
pub fn delete_group(standing: Standing) -> Result<(), Denial> {
    match standing {
        Standing::System | Standing::Member(Role::Owner) => Ok(()),
        Standing::Stranger => Err(Denial::Unknown),
        Standing::Peer | Standing::Member(Role::Admin | Role::Member) => Err(Denial::Forbidden),
    }
}

/// May add a user, or change its role.
///
/// Admins add members; only the owner (and the system) grants `admin`, changes a role, or hands
/// over by granting `owner`. What changes nothing is kept, so that it can be asked again.
///
/// `current` is the user's role now, if it is a member; `wanted` the role asked for, if any.
pub fn put_member(
    standing: Standing,
    current: Option<Role>,
    wanted: Option<Role>,
) -> Result<Membership, Denial> {
    let full = match standing {
        Standing::System | Standing::Member(Role::Owner) => true,
        Standing::Member(Role::Admin) => false,
        Standing::Stranger => return Err(Denial::Unknown),
        Standing::Peer | Standing::Member(Role::Member) => return Err(Denial::Forbidden),
    };
    match (current, wanted) {
        (Some(_), None) => Ok(Membership::Keep),
        (Some(current), Some(wanted)) if current == wanted => Ok(Membership::Keep),
        (None, None | Some(Role::Member)) => Ok(Membership::Join(Role::Member)),
        _ if !full => Err(Denial::Forbidden),
        (None, Some(Role::Admin)) => Ok(Membership::Join(Role::Admin)),
        (_, Some(Role::Owner)) => Ok(Membership::HandOver),
        (Some(Role::Owner), Some(_)) => Err(Denial::OwnerMustTransfer),
        (Some(_), Some(role)) => Ok(Membership::Change(role)),
    }
}

/// May remove a member: oneself, an admin for a plain member, the owner and the system for anyone.
/// An owner goes only when no other member is left.
pub fn remove_member(
    standing: Standing,
    oneself: bool,
    target: Role,
    member_count: i64,
) -> Result<Removal, Denial> {
    let allowed = match standing {
        Standing::System | Standing::Member(Role::Owner) => true,
        Standing::Member(Role::Admin) => oneself || target == Role::Member,
        Standing::Member(Role::Member) => oneself,
        Standing::Stranger => return Err(Denial::Unknown),
        Standing::Peer => false,
    };
    if !allowed {
        return Err(Denial::Forbidden);
    }
    match (target, member_count) {
        (_, ..=1) => Ok(Removal::LastLeaves),
        (Role::Owner, _) => Err(Denial::OwnerMustTransfer),
        _ => Ok(Removal::Leave),
    }
}

/// May delete a message: its sender while still in the conversation, an admin of its group, the
/// system.
pub fn delete_message(standing: Standing, sender: bool) -> Result<(), Denial> {
    match standing {
        Standing::System => Ok(()),
        Standing::Stranger => Err(Denial::Unknown),
        Standing::Member(role) if role.is_admin() || sender => Ok(()),
        Standing::Peer if sender => Ok(()),
        Standing::Member(_) | Standing::Peer => Err(Denial::Forbidden),
    }
}

/// May send to a group in the name of a user, who must be a member: a fact that binds the system
/// too. A user who acts itself and is no member may not know the group.
pub fn send_to_group(actor: Actor, member: bool) -> Result<(), Denial> {
    match actor {
        _ if member => Ok(()),
        Actor::System => Err(Denial::Forbidden),
        Actor::User(_) => Err(Denial::Unknown),
    }
}

/// May mark a message as seen in the name of a reader, who must be in the conversation and not the
/// sender: a fact that binds the system too. A user who acts itself and is not in the conversation
/// may not know the message.
pub fn mark_seen(actor: Actor, in_conversation: bool, sender: bool) -> Result<(), Denial> {
    match actor {
        Actor::User(_) if !in_conversation => Err(Denial::Unknown),
        _ if !in_conversation || sender => Err(Denial::Forbidden),
        _ => Ok(()),
    }
}

/// May read and send a file: its uploader; whoever is in a conversation where it was sent; everyone
/// while it is somebody's avatar; the system.
pub fn read_file(
    actor: Actor,
    uploader: Option<UserId>,
    sent_to_actor: bool,
    avatar: bool,
) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(user) if uploader == Some(user) || sent_to_actor || avatar => Ok(()),
        Actor::User(_) => Err(Denial::Unknown),
    }
}

/// May delete a file: the system, and its uploader while nothing uses it. Who may read it and did
/// not upload it knows it, and may not.
pub fn delete_file(
    actor: Actor,
    uploader: Option<UserId>,
    known: bool,
    in_use: bool,
) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(user) if uploader == Some(user) => {
            if in_use {
                Err(Denial::InUse)
            } else {
                Ok(())
            }
        }
        Actor::User(_) if known => Err(Denial::Forbidden),
        Actor::User(_) => Err(Denial::Unknown),
    }
}

/// May know an upload, go on with it and end it: who began it, and the system.
pub fn know_upload(actor: Actor, uploader: Option<UserId>) -> Result<(), Denial> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(user) if uploader == Some(user) => Ok(()),
        Actor::User(_) => Err(Denial::Unknown),
    }
}

#[cfg(test)]
mod tests;
