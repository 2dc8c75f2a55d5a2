//! Groups: made by a user or the system, changed by their admins, deleted by their owner.

use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{
    Actor, Conversation, ConversationKind, EventKind, Group, GroupId, GroupName, Member, NewEvent,
    NewGroup, Page, PageLimit, Role, Seq, Timestamp, UserId, policy,
};

use crate::access::{denied, group_standing, hold_living, known_actor, lock_group};
use crate::fingerprint::Fields;
use crate::members::join;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError};

/// A group to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateGroup {
    /// Its name.
    pub name: GroupName,
    /// Its owner, for the system to name; a user becomes the owner itself.
    pub owner: Option<UserId>,
}

impl Command for CreateGroup {
    type Done = CreatedGroup;

    fn tell(&self, fields: &mut Fields) {
        let Self { name, owner } = self;
        fields.text("create_group").text(name.as_str());
        fields.perhaps(*owner, |fields, owner| fields.number(owner.get()));
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<CreatedGroup, ServiceError> {
        create(tx, actor, self, at)
    }
}

/// A group to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateGroup {
    /// The group.
    pub group: GroupId,
    /// Its name from now on; without one it keeps the one that it has.
    pub name: Option<GroupName>,
}

impl Command for UpdateGroup {
    type Done = Group;

    fn tell(&self, fields: &mut Fields) {
        let Self { group, name } = self;
        fields.text("update_group").number(group.get());
        fields.perhaps(name.as_ref(), |fields, name| fields.text(name.as_str()));
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Group, ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

impl Conditional for UpdateGroup {
    type Thing = Group;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<Group>,
    ) -> Result<Group, ServiceError> {
        let id = self.group;
        let (_, standing) = lock_group(tx, actor, id)?;
        policy::update_group(standing)
            .map_err(|d| denied(d, id, actor, "only admins change a group"))?;
        let group = locked(tx, actor, id)?;
        precondition.check(&group)?;
        match &self.name {
            Some(name) if *name != group.name => rename(tx, actor, &group, name, at),
            _ => Ok(group),
        }
    }
}

/// A group to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteGroup {
    /// The group.
    pub group: GroupId,
}

impl Command for DeleteGroup {
    type Done = ();

    fn tell(&self, fields: &mut Fields) {
        let Self { group } = self;
        fields.text("delete_group").number(group.get());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<(), ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

impl Conditional for DeleteGroup {
    type Thing = Group;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<Group>,
    ) -> Result<(), ServiceError> {
        let id = self.group;
        let (_, standing) = lock_group(tx, actor, id)?;
        policy::delete_group(standing)
            .map_err(|d| denied(d, id, actor, "only the owner deletes a group"))?;
        let group = locked(tx, actor, id)?;
        precondition.check(&group)?;
        delete(tx, actor, &group, at)
    }
}

/// A group just made, with the members it has from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedGroup {
    /// The group.
    pub group: Group,
    /// Its owner, if it has one.
    pub members: Vec<Member>,
}

impl ChatService {
    /// Creates a group. The acting user becomes its owner; the system may name one, or
    /// leave the group without one until somebody is granted the role.
    ///
    /// # Errors
    /// `Forbidden` if a user names another as owner, `UserNotFound` for the owner, `Taken` if a
    /// living group has this name.
    pub async fn create_group(
        &self,
        actor: Actor,
        command: CreateGroup,
    ) -> Result<CreatedGroup, ServiceError> {
        self.run(actor, command).await
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

    /// Living groups by id, from the one after `after`: those that the acting user is a member of, and for
    /// the system all.
    ///
    /// # Errors
    /// Only those that every method has.
    pub async fn groups(
        &self,
        actor: Actor,
        after: Option<GroupId>,
        limit: PageLimit,
    ) -> Result<Page<Group>, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            known_actor(tx, actor)?;
            Ok(match actor {
                Actor::System => tx.groups(after, limit)?,
                Actor::User(user) => tx.groups_of(user, after, limit)?,
            })
        })
        .await
    }

    /// Changes a group's own fields. What changes nothing leaves no trace.
    ///
    /// # Errors
    /// `GroupNotFound`, `Forbidden` unless an admin or the system acts, `Taken` if another living group
    /// has this name.
    pub async fn update_group(
        &self,
        actor: Actor,
        command: UpdateGroup,
    ) -> Result<Group, ServiceError> {
        self.run(actor, command).await
    }

    /// Deletes a group: its messages and unseen counts are gone for everyone.
    ///
    /// # Errors
    /// `GroupNotFound`, `Forbidden` unless its owner or the system acts.
    pub async fn delete_group(
        &self,
        actor: Actor,
        command: DeleteGroup,
    ) -> Result<(), ServiceError> {
        self.run(actor, command).await
    }
}

fn create(
    tx: &mut dyn WriteTx,
    actor: Actor,
    CreateGroup { name, owner }: &CreateGroup,
    at: Timestamp,
) -> Result<CreatedGroup, ServiceError> {
    known_actor(tx, actor)?;
    let owner = *owner;
    if let Some(owner) = owner {
        hold_living(tx, owner)?;
    }
    let owner = policy::create_group(actor, owner)
        .map_err(|_| ServiceError::Forbidden("a user can't name another user as owner"))?;
    if let Some(user) = actor.user()
        && !tx.hold_user(user)?
    {
        return Err(ServiceError::UnknownActor(user));
    }
    let mut group = tx.insert_group(&NewGroup {
        name: name.clone(),
        at,
    })?;
    tx.append_event(&NewEvent {
        user_id: owner,
        ..NewEvent::new(EventKind::GroupCreated, group.conversation_id, actor, at)
    })?;
    // Nobody else sees it before the commit, so there is nothing to lock.
    let conversation = Conversation {
        id: group.conversation_id,
        kind: ConversationKind::Group(group.id),
        last_seq: Seq::START,
    };
    let mut members = Vec::new();
    if let Some(owner) = owner {
        let owner = join(tx, actor, &conversation, group.id, owner, Role::Owner, at)?;
        members.push(owner);
        group.member_count = 1;
    }
    Ok(CreatedGroup { group, members })
}

/// Gives a locked group another name.
fn rename(
    tx: &mut dyn WriteTx,
    actor: Actor,
    group: &Group,
    name: &GroupName,
    at: Timestamp,
) -> Result<Group, ServiceError> {
    tx.rename_group(group.id, name, at)?;
    let conversation = group.conversation_id;
    tx.append_event(&NewEvent::new(
        EventKind::GroupUpdated,
        conversation,
        actor,
        at,
    ))?;
    Ok(Group {
        name: name.clone(),
        updated_at: at,
        ..*group
    })
}

/// A group whose conversation is locked: nothing of it changes until the transaction ends.
pub(crate) fn locked(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: GroupId,
) -> Result<Group, ServiceError> {
    tx.group(id)?
        .ok_or(ServiceError::GroupNotFound { id, actor })
}

/// Deletes a locked group.
pub(crate) fn delete(
    tx: &mut dyn WriteTx,
    actor: Actor,
    group: &Group,
    at: Timestamp,
) -> Result<(), ServiceError> {
    tx.delete_group(group, at)?;
    let conversation = group.conversation_id;
    tx.append_event(&NewEvent::new(
        EventKind::GroupDeleted,
        conversation,
        actor,
        at,
    ))?;
    Ok(())
}
