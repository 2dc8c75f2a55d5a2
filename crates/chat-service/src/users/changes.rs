//! What a user says of itself, changed: by itself, or by the system.

use chat_domain::ports::WriteTx;
use chat_domain::{
    Actor, DisplayName, EmailAddress, EventKind, ExternalId, File, FileId, NewEvent, Timestamp,
    User, UserId, Username, VisibleUser, policy,
};

use crate::access::known_actor;
use crate::files::{image, lock_known_file};
use crate::fingerprint::Fields;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError};

/// What becomes of a field that may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is empty from now on.
    Clear,
    /// It says this from now on.
    Set(T),
}

impl<T> Field<T> {
    /// Whether it stays as it is, whatever that is.
    pub const fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// What it says now that it said `before`.
    fn after(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// A user to be changed. What is not said stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateUser {
    /// The user.
    pub user: UserId,
    /// Its name.
    pub username: Option<Username>,
    /// Its email address.
    pub email: Option<EmailAddress>,
    /// What it is called where people read it.
    pub display_name: Field<DisplayName>,
    /// The image that shows it.
    pub avatar: Field<FileId>,
    /// By what the system knows it elsewhere, for the system to say.
    pub external_id: Field<ExternalId>,
}

impl UpdateUser {
    /// A change of nothing.
    pub const fn of(user: UserId) -> Self {
        Self {
            user,
            username: None,
            email: None,
            display_name: Field::Keep,
            avatar: Field::Keep,
            external_id: Field::Keep,
        }
    }

    /// The user as it is after the change.
    fn applied_to(&self, before: &User) -> User {
        let before = before.clone();
        let Self {
            user: _,
            username,
            email,
            display_name,
            avatar,
            external_id,
        } = self.clone();
        User {
            username: username.unwrap_or(before.username),
            email: email.unwrap_or(before.email),
            display_name: display_name.after(before.display_name),
            avatar_file_id: avatar.after(before.avatar_file_id),
            external_id: external_id.after(before.external_id),
            ..before
        }
    }
}

impl Command for UpdateUser {
    type Done = VisibleUser;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            user,
            username,
            email,
            display_name,
            avatar,
            external_id,
        } = self;
        fields.text("update_user").number(user.get());
        fields.perhaps(username.as_ref(), |fields, it| fields.text(it.as_str()));
        fields.perhaps(email.as_ref(), |fields, it| fields.text(it.as_str()));
        fields.field(display_name, |fields, it| fields.text(it.as_str()));
        fields.field(avatar, |fields, it| fields.number(it.get()));
        fields.field(external_id, |fields, it| fields.text(it.as_str()));
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<VisibleUser, ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

impl Conditional for UpdateUser {
    type Thing = VisibleUser;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<VisibleUser>,
    ) -> Result<VisibleUser, ServiceError> {
        update(tx, actor, self, at, precondition)
    }
}

impl ChatService {
    /// Changes a user. Every actor may read the image that it is shown by from now on.
    ///
    /// # Errors
    /// `UserNotFound`, `FileNotFound`, `Invalid` for a file that is no image, `Forbidden` by the rules of
    /// [`policy::change_user`], `Taken` if another user has this name, address or external id.
    pub async fn update_user(
        &self,
        actor: Actor,
        command: UpdateUser,
    ) -> Result<VisibleUser, ServiceError> {
        self.run(actor, command).await
    }
}

fn update(
    tx: &mut dyn WriteTx,
    actor: Actor,
    command: &UpdateUser,
    at: Timestamp,
    precondition: &Precondition<VisibleUser>,
) -> Result<VisibleUser, ServiceError> {
    let id = command.user;
    known_actor(tx, actor)?;
    let user = tx.user(id)?.ok_or(ServiceError::UserNotFound(id))?;
    let avatar = lock_avatars(tx, actor, &command.avatar, user.avatar_file_id)?;
    let user = lock_living(tx, actor, id)?;
    policy::change_user(actor, id, !command.external_id.is_kept()).map_err(|_| {
        ServiceError::Forbidden(
            "a user is changed by itself or the system, and its external id by the system alone",
        )
    })?;
    precondition.check(&user.clone().seen_by(actor))?;
    if let Some(avatar) = avatar {
        image("avatar_file_id", &avatar)?;
    }
    let mut changed = command.applied_to(&user);
    if changed != user {
        changed.updated_at = at;
        store(tx, actor, &user, &changed)?;
    }
    Ok(changed.seen_by(actor))
}

/// Locks a user that lives as far as is known.
pub(super) fn lock_living(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: UserId,
) -> Result<User, ServiceError> {
    tx.lock_user(id)?.ok_or_else(|| {
        // It was deleted since it was looked for.
        if actor == Actor::User(id) {
            ServiceError::UnknownActor(id)
        } else {
            ServiceError::UserNotFound(id)
        }
    })
}

/// Locks the file that is to be an avatar, which the actor must know, and the one that is: files before users,
/// and both in the order of their ids.
fn lock_avatars(
    tx: &mut dyn WriteTx,
    actor: Actor,
    avatar: &Field<FileId>,
    now: Option<FileId>,
) -> Result<Option<File>, ServiceError> {
    let &Field::Set(new) = avatar else {
        if let (Field::Clear, Some(now)) = (avatar, now) {
            tx.lock_file(now)?;
        }
        return Ok(None);
    };
    if let Some(now) = now.filter(|now| *now < new) {
        tx.lock_file(now)?;
    }
    let file = lock_known_file(tx, actor, new)?;
    if let Some(now) = now.filter(|now| *now > new) {
        tx.lock_file(now)?;
    }
    Ok(Some(file))
}

fn store(
    tx: &mut dyn WriteTx,
    actor: Actor,
    before: &User,
    user: &User,
) -> Result<(), ServiceError> {
    tx.update_user(before, user)?;
    let at = user.updated_at;
    Ok(tx.append_event(&NewEvent::of_user(
        EventKind::UserUpdated,
        user.id,
        actor,
        at,
    ))?)
}

/// Takes a locked file from all users that are shown by it. Nobody else makes it an avatar meanwhile.
pub(crate) fn show_by_none(
    tx: &mut dyn WriteTx,
    actor: Actor,
    file: FileId,
    at: Timestamp,
) -> Result<(), ServiceError> {
    for id in tx.users_shown_by(file)? {
        // It may have taken another, or have gone.
        let Some(user) = tx.lock_user(id)? else {
            continue;
        };
        if user.avatar_file_id == Some(file) {
            let without = User {
                avatar_file_id: None,
                updated_at: at,
                ..user.clone()
            };
            store(tx, actor, &user, &without)?;
        }
    }
    Ok(())
}
