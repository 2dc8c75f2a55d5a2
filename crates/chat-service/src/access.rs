//! Where an actor stands, looked up inside the use case's own transaction.

use chat_domain::policy::{self, Denial, Standing};
use chat_domain::ports::{ReadTx, WriteTx};
use chat_domain::{Actor, Conversation, ConversationId, GroupId, Message, MessageId, UserId};

use crate::ServiceError;

type Result<T> = std::result::Result<T, ServiceError>;

/// Fails with `UnknownActor` if the actor is a user that does not live.
pub(crate) fn known_actor(tx: &mut dyn ReadTx, actor: Actor) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::User(id) if tx.user_exists(id)? => Ok(()),
        Actor::User(id) => Err(ServiceError::UnknownActor(id)),
    }
}

/// Fails with `UserNotFound` if the user does not live.
pub(crate) fn living_user(tx: &mut dyn ReadTx, id: UserId) -> Result<()> {
    if tx.user_exists(id)? {
        Ok(())
    } else {
        Err(ServiceError::UserNotFound(id))
    }
}

/// Fails with `UserNotFound` if there never was such a user. What one that was deleted has written, and what
/// was written to it, is there still.
pub(crate) fn user_of_history(tx: &mut dyn ReadTx, id: UserId) -> Result<()> {
    if tx.user_exists(id)? || tx.any_user(id)?.is_some() {
        Ok(())
    } else {
        Err(ServiceError::UserNotFound(id))
    }
}

/// Fails with `UserNotFound` unless the user lives, who is to be a member: it stays as it is, and
/// alive, until the transaction ends.
pub(crate) fn hold_living(tx: &mut dyn WriteTx, id: UserId) -> Result<()> {
    if tx.hold_user(id)? {
        Ok(())
    } else {
        Err(ServiceError::UserNotFound(id))
    }
}

/// Fails with `ActorMismatch` if a user acts in the name of another.
pub(crate) fn acts_as(actor: Actor, named: UserId) -> Result<()> {
    match actor {
        Actor::User(actor) if actor != named => Err(ServiceError::ActorMismatch { actor, named }),
        _ => Ok(()),
    }
}

/// Where the actor stands towards a group. A role proves that the user lives, so only a stranger
/// costs a second look.
pub(crate) fn group_standing(
    tx: &mut dyn ReadTx,
    actor: Actor,
    group: GroupId,
) -> Result<Standing> {
    let Some(user) = actor.user() else {
        return Ok(Standing::System);
    };
    let standing = Standing::of_role(tx.role(group, user)?);
    if standing == Standing::Stranger {
        known_actor(tx, actor)?;
    }
    Ok(standing)
}

/// Where the actor stands towards the conversation of a message.
fn conversation_standing(tx: &mut dyn ReadTx, actor: Actor, message: &Message) -> Result<Standing> {
    if let chat_domain::Recipient::Group(group) = message.recipient {
        return group_standing(tx, actor, group);
    }
    let Some(user) = actor.user() else {
        return Ok(Standing::System);
    };
    // A user that was deleted still has its part, for the sake of the other one.
    known_actor(tx, actor)?;
    let part = tx.participant(message.conversation_id, user)?;
    Ok(part.map_or(Standing::Stranger, |_| Standing::Peer))
}

/// Locks a living group that the actor may know, for a change in it.
pub(crate) fn lock_group(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: GroupId,
) -> Result<(Conversation, Standing)> {
    let conversation = tx.lock_group_conversation(id)?;
    let standing = group_standing(tx, actor, id)?;
    let missing = ServiceError::GroupNotFound { id, actor };
    match (policy::know(standing), conversation) {
        (Ok(()), Some(conversation)) => Ok((conversation, standing)),
        _ => Err(missing),
    }
}

/// A living message that the actor may know, and where the actor stands towards its conversation.
pub(crate) fn known_message(
    tx: &mut dyn ReadTx,
    actor: Actor,
    id: MessageId,
) -> Result<(Message, Standing)> {
    let missing = ServiceError::MessageNotFound { id, actor };
    let Some(message) = tx.message(id)? else {
        known_actor(tx, actor)?;
        return Err(missing);
    };
    let standing = conversation_standing(tx, actor, &message)?;
    policy::know(standing).map_err(|_| missing.clone())?;
    // Being in a conversation proves that it lives; the system is in none.
    if standing == Standing::System && !lives(tx, message.conversation_id)? {
        return Err(missing);
    }
    Ok((message, standing))
}

/// Whether a conversation lives: its group has not been deleted.
pub(crate) fn lives(tx: &mut dyn ReadTx, id: ConversationId) -> Result<bool> {
    Ok(tx.conversation(id)?.is_some())
}

/// The error for a denial about a group; `what` says in a sentence what may not be done.
pub(crate) fn denied(
    denial: Denial,
    group: GroupId,
    actor: Actor,
    what: &'static str,
) -> ServiceError {
    match denial {
        Denial::Unknown => ServiceError::GroupNotFound { id: group, actor },
        // Groups are in use by nothing.
        Denial::Forbidden | Denial::InUse => ServiceError::Forbidden(what),
        Denial::OwnerMustTransfer => ServiceError::OwnerMustTransfer(group),
    }
}
