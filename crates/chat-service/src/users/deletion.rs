//! Users that go: what they said of themselves is erased, what they said to others stays.

use chat_domain::policy::{self, Standing};
use chat_domain::ports::WriteTx;
use chat_domain::{Actor, EventKind, NewEvent, Timestamp, UserId, VisibleUser};

use super::changes::lock_living;
use crate::access::known_actor;
use crate::files::end_upload;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError, members};

/// A user to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteUser {
    /// The user.
    pub user: UserId,
}

impl Command for DeleteUser {
    type Done = ();

    fn tell(&self, fields: &mut Fields) {
        let Self { user } = self;
        fields.text("delete_user").number(user.get());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<(), ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

impl Conditional for DeleteUser {
    type Thing = VisibleUser;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<VisibleUser>,
    ) -> Result<(), ServiceError> {
        delete(tx, actor, self.user, at, precondition)
    }
}

impl ChatService {
    /// Deletes a user: its names are erased and free, it leaves its groups (the last to leave deletes one), its
    /// uploads are ended, and the answers that were kept for it are forgotten. Messages stay, as from a user
    /// of whom nothing is known but its id.
    ///
    /// # Errors
    /// `UserNotFound`, `Forbidden` by the rules of [`policy::delete_user`], `OwnerMustTransfer` while it owns
    /// a group with others in it.
    pub async fn delete_user(&self, actor: Actor, command: DeleteUser) -> Result<(), ServiceError> {
        self.run(actor, command).await
    }
}

fn delete(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: UserId,
    at: Timestamp,
    precondition: &Precondition<VisibleUser>,
) -> Result<(), ServiceError> {
    known_actor(tx, actor)?;
    let user = tx.user(id)?.ok_or(ServiceError::UserNotFound(id))?;
    policy::delete_user(actor, id)
        .map_err(|_| ServiceError::Forbidden("a user is deleted by itself or the system"))?;
    // In the order of locks: conversations, the file, the user.
    for (conversation, _) in tx.memberships(id)? {
        tx.lock_conversation(conversation)?;
    }
    if let Some(avatar) = user.avatar_file_id {
        tx.lock_file(avatar)?;
    }
    let user = lock_living(tx, actor, id)?;
    precondition.check(&user.clone().seen_by(actor))?;
    leave_groups(tx, actor, id, at)?;
    for upload in tx.uploads_of(id)? {
        if let Some(upload) = tx.lock_upload(upload)? {
            // What is staged of it is swept, which takes its time; the user need not wait for that.
            drop(end_upload(tx, upload)?);
        }
    }
    tx.forget_answers_to(Actor::User(id))?;
    tx.delete_user(&user, at)?;
    Ok(tx.append_event(&NewEvent::of_user(EventKind::UserDeleted, id, actor, at))?)
}

/// Takes a locked user out of all its groups, which nobody lets it join meanwhile.
fn leave_groups(
    tx: &mut dyn WriteTx,
    actor: Actor,
    user: UserId,
    at: Timestamp,
) -> Result<(), ServiceError> {
    for (conversation, group) in tx.memberships(user)? {
        // Locked already, but for one that it has joined between the two looks. That is so seldom that a
        // lock out of the order does no harm: who waits for another in a circle is run again.
        let conversation = tx.lock_conversation(conversation)?;
        let role = tx.role(group, user)?;
        let found = tx.group(group)?;
        let (Some(conversation), Some(role), Some(found)) = (conversation, role, found) else {
            continue;
        };
        let removal = policy::remove_member(Standing::System, true, role, found.member_count);
        let removal = removal.map_err(|_| ServiceError::OwnerMustTransfer(group))?;
        members::leave(tx, actor, &conversation, &found, (user, role), removal, at)?;
    }
    Ok(())
}
