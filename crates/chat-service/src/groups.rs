//! Groups: made by a user or the system, deleted by their owner.

use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{
    Actor, Conversation, EventKind, Group, GroupId, GroupName, Member, NewEvent, NewGroup, Role,
    Timestamp, UserId, policy,
};

use crate::access::{denied, group_standing, known_actor, living_user, lock_group};
use crate::members::join;
use crate::{ChatService, ServiceError};

/// A group just made, with the members it has from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedGroup {
    /// The group.
    pub group: Group,
    /// Its owner, if it has one.
    pub members: Vec<Member>,
}

impl ChatService {
    /// Creates a group. The acting user becomes its owner; the system may name an `owner`, or
    /// leave the group without one until somebody is granted the role.
    ///
    /// # Errors
    /// `Forbidden` if a user names another as owner, `UserNotFound` for the owner, `Taken` if a
    /// living group has this name.
    pub async fn create_group(
        &self,
        actor: Actor,
        name: GroupName,
        owner: Option<UserId>,
    ) -> Result<CreatedGroup, ServiceError> {
        self.write(move |tx, at| create(tx, actor, &name, owner, at))
            .await
    }

    /// A living group.
    ///
    /// # Errors
    /// `GroupNotFound`, also for a user who is no member.
    pub async fn group(&self, actor: Actor, id: GroupId) -> Result<Group, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            let missing = ServiceError::GroupNotFound { id, actor };
            policy::know(group_standing(tx, actor, id)?).map_err(|_| missing.clone())?;
            tx.group(id)?.ok_or(missing)
        })
        .await
    }

    /// Deletes a group: its messages and unseen counts are gone for everyone.
    ///
    /// # Errors
    /// `GroupNotFound`, `Forbidden` unless its owner or the system acts.
    pub async fn delete_group(&self, actor: Actor, id: GroupId) -> Result<(), ServiceError> {
        self.write(move |tx, at| {
            let (conversation, standing) = lock_group(tx, actor, id)?;
            policy::delete_group(standing)
                .map_err(|d| denied(d, id, actor, "only the owner deletes a group"))?;
            delete(tx, actor, &conversation, id, at)
        })
        .await
    }
}

fn create(
    tx: &mut dyn WriteTx,
    actor: Actor,
    name: &GroupName,
    owner: Option<UserId>,
    at: Timestamp,
) -> Result<CreatedGroup, ServiceError> {
    known_actor(tx, actor)?;
    let owner = match (actor, owner) {
        (Actor::System, owner) => owner,
        (Actor::User(user), None) => Some(user),
        (Actor::User(user), Some(owner)) => {
            living_user(tx, owner)?;
            if owner != user {
                return Err(ServiceError::Forbidden(
                    "a user can't name another user as owner",
                ));
            }
            Some(owner)
        }
    };
    if let (Actor::System, Some(owner)) = (actor, owner) {
        living_user(tx, owner)?;
    }
    let group = tx.insert_group(&NewGroup {
        name: name.clone(),
        at,
    })?;
    let conversation = tx.lock_group_conversation(group.id)?;
    tx.append_event(&NewEvent {
        user_id: owner,
        ..NewEvent::new(EventKind::GroupCreated, group.conversation_id, actor, at)
    })?;
    let mut members = Vec::new();
    if let (Some(owner), Some(conversation)) = (owner, conversation) {
        members.push(join(
            tx,
            actor,
            &conversation,
            group.id,
            owner,
            Role::Owner,
            at,
        )?);
    }
    let group = tx.group(group.id)?.ok_or(ServiceError::GroupNotFound {
        id: group.id,
        actor,
    })?;
    Ok(CreatedGroup { group, members })
}

/// Deletes a locked group.
pub(crate) fn delete(
    tx: &mut dyn WriteTx,
    actor: Actor,
    conversation: &Conversation,
    id: GroupId,
    at: Timestamp,
) -> Result<(), ServiceError> {
    let group = tx
        .group(id)?
        .ok_or(ServiceError::GroupNotFound { id, actor })?;
    tx.delete_group(&group, at)?;
    tx.append_event(&NewEvent::new(
        EventKind::GroupDeleted,
        conversation.id,
        actor,
        at,
    ))?;
    Ok(())
}
