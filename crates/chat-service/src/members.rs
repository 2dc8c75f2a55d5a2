//! Membership: who joins, who leaves, who becomes what.

use chat_domain::policy::{self, Membership, Removal};
use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{
    Actor, Conversation, EventKind, Group, GroupId, Member, NewEvent, Page, PageLimit, Participant,
    Role, Timestamp, UserId,
};

use crate::access::{denied, group_standing, hold_living, lock_group};
use crate::fingerprint::Fields;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError, groups};

/// A user to be a member of a group, and the role it shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutMember {
    /// The group.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
    /// The role; without one a new member is `member`, and an existing one stays as it is.
    pub role: Option<Role>,
}

impl Command for PutMember {
    type Done = (Member, bool);

    fn tell(&self, fields: &mut Fields) {
        let Self { group, user, role } = self;
        fields.text("put_member");
        fields.number(group.get()).number(user.get());
        fields.perhaps(*role, |fields, role| fields.text(role.as_str()));
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<(Member, bool), ServiceError> {
        put(tx, actor, *self, at)
    }
}

/// A member to be removed from a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoveMember {
    /// The group.
    pub group: GroupId,
    /// The member.
    pub user: UserId,
}

impl Command for RemoveMember {
    type Done = ();

    fn tell(&self, fields: &mut Fields) {
        let Self { group, user } = self;
        fields.text("remove_member");
        fields.number(group.get()).number(user.get());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<(), ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

/// Of a member nothing but its role is looked at, and there is nothing else of it that changes.
impl Conditional for RemoveMember {
    type Thing = Role;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<Role>,
    ) -> Result<(), ServiceError> {
        remove(tx, actor, *self, at, precondition)
    }
}

impl ChatService {
    /// Adds a user to a group or changes its role; granting `owner` hands the group over. The
    /// flag says whether the user was added.
    ///
    /// # Errors
    /// `GroupNotFound`, `UserNotFound`, `Forbidden` by the rules of
    /// [`policy::put_member`], `OwnerMustTransfer` for a change of the owner's own role.
    pub async fn put_member(
        &self,
        actor: Actor,
        command: PutMember,
    ) -> Result<(Member, bool), ServiceError> {
        self.run(actor, command).await
    }

    /// Removes a member from a group, or leaves it; the last to leave deletes it.
    ///
    /// # Errors
    /// `GroupNotFound`, `MemberNotFound`, `Forbidden` by the rules of
    /// [`policy::remove_member`], `OwnerMustTransfer` for the owner while others are members.
    pub async fn remove_member(
        &self,
        actor: Actor,
        command: RemoveMember,
    ) -> Result<(), ServiceError> {
        self.run(actor, command).await
    }

    /// The members of a group by user id, from the one after `after`.
    ///
    /// # Errors
    /// `GroupNotFound`, also for a user who is no member.
    pub async fn members(
        &self,
        actor: Actor,
        group: GroupId,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> Result<Page<Member>, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            let missing = ServiceError::GroupNotFound { id: group, actor };
            policy::know(group_standing(tx, actor, group)?).map_err(|_| missing.clone())?;
            // A role proves that the group lives; the system has none.
            if actor == Actor::System && tx.group(group)?.is_none() {
                return Err(missing);
            }
            Ok(tx.members(group, after, limit)?)
        })
        .await
    }
}

fn put(
    tx: &mut dyn WriteTx,
    actor: Actor,
    PutMember { group, user, role }: PutMember,
    at: Timestamp,
) -> Result<(Member, bool), ServiceError> {
    let (conversation, standing) = lock_group(tx, actor, group)?;
    hold_living(tx, user)?;
    let current = tx.role(group, user)?;
    let change = policy::put_member(standing, current, role).map_err(|d| {
        denied(
            d,
            group,
            actor,
            "admins add members; only the owner grants or changes roles",
        )
    })?;
    match change {
        Membership::Keep => {}
        Membership::Join(role) => {
            join(tx, actor, &conversation, group, user, role, at)?;
        }
        Membership::Change(role) => set_role(tx, actor, &conversation, group, user, role, at)?,
        Membership::HandOver => {
            // The old owner steps back first: a group never has two.
            if let Some(owner) = tx.owner(group)? {
                set_role(tx, actor, &conversation, group, owner, Role::Admin, at)?;
            }
            if current.is_some() {
                set_role(tx, actor, &conversation, group, user, Role::Owner, at)?;
            } else {
                join(tx, actor, &conversation, group, user, Role::Owner, at)?;
            }
        }
    }
    let member = tx
        .member(group, user)?
        .ok_or(ServiceError::MemberNotFound { group, user })?;
    Ok((member, current.is_none()))
}

/// Makes a user a member of a locked group; what was sent before is not unseen to it.
pub(crate) fn join(
    tx: &mut dyn WriteTx,
    actor: Actor,
    conversation: &Conversation,
    group: GroupId,
    user: UserId,
    role: Role,
    at: Timestamp,
) -> Result<Member, ServiceError> {
    let member = Member {
        group_id: group,
        user_id: user,
        role,
        created_at: at,
        updated_at: at,
    };
    tx.insert_member(&member)?;
    tx.insert_participant(&Participant::joining(
        conversation.id,
        user,
        conversation.last_seq,
    ))?;
    tx.append_event(&event(
        EventKind::MemberAdded,
        actor,
        conversation,
        (user, role),
        at,
    ))?;
    Ok(member)
}

fn set_role(
    tx: &mut dyn WriteTx,
    actor: Actor,
    conversation: &Conversation,
    group: GroupId,
    user: UserId,
    role: Role,
    at: Timestamp,
) -> Result<(), ServiceError> {
    tx.set_role(group, user, role, at)?;
    tx.append_event(&event(
        EventKind::MemberRoleChanged,
        actor,
        conversation,
        (user, role),
        at,
    ))?;
    Ok(())
}

fn remove(
    tx: &mut dyn WriteTx,
    actor: Actor,
    RemoveMember { group, user }: RemoveMember,
    at: Timestamp,
    precondition: &Precondition<Role>,
) -> Result<(), ServiceError> {
    let (conversation, standing) = lock_group(tx, actor, group)?;
    let target = tx
        .role(group, user)?
        .ok_or(ServiceError::MemberNotFound { group, user })?;
    let found = groups::locked(tx, actor, group)?;
    let oneself = actor == Actor::User(user);
    let removal = policy::remove_member(standing, oneself, target, found.member_count);
    precondition.check_after(&removal, &target)?;
    let removal = removal.map_err(|d| {
        denied(
            d,
            group,
            actor,
            "admins remove members; only the owner removes admins",
        )
    })?;
    leave(
        tx,
        actor,
        &conversation,
        &found,
        (user, target),
        removal,
        at,
    )
}

/// Takes a member, who has this role, out of a locked group; with the last the group goes.
pub(crate) fn leave(
    tx: &mut dyn WriteTx,
    actor: Actor,
    conversation: &Conversation,
    group: &Group,
    (user, role): (UserId, Role),
    removal: Removal,
    at: Timestamp,
) -> Result<(), ServiceError> {
    tx.delete_member(group.id, user)?;
    tx.delete_participant(conversation.id, user)?;
    tx.append_event(&event(
        EventKind::MemberRemoved,
        actor,
        conversation,
        (user, role),
        at,
    ))?;
    match removal {
        Removal::Leave => Ok(()),
        Removal::LastLeaves => groups::delete(tx, actor, group, at),
    }
}

fn event(
    kind: EventKind,
    actor: Actor,
    conversation: &Conversation,
    (user, role): (UserId, Role),
    at: Timestamp,
) -> NewEvent {
    NewEvent {
        user_id: Some(user),
        role: Some(role),
        ..NewEvent::new(kind, conversation.id, actor, at)
    }
}
