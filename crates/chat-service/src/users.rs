//! Users: created by the system, known to everyone, changed and deleted by themselves.

use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{
    Actor, DisplayName, EmailAddress, ExternalId, FoundUser, NewUser, Page, PageLimit, Timestamp,
    UserId, Username, VisibleUser, policy,
};

use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, ServiceError};

mod changes;
mod claims;
mod deletion;

pub use changes::{Field, UpdateUser};
pub use claims::NewFromClaims;
pub use deletion::DeleteUser;

pub(crate) use changes::show_by_none;

/// A user to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateUser {
    /// Its name.
    pub username: Username,
    /// Its email address.
    pub email: EmailAddress,
    /// What it is called where people read it.
    pub display_name: Option<DisplayName>,
    /// By what the system knows it elsewhere.
    pub external_id: Option<ExternalId>,
}

impl Command for CreateUser {
    type Done = VisibleUser;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            username,
            email,
            display_name,
            external_id,
        } = self;
        fields.text("create_user");
        fields.text(username.as_str()).text(email.as_str());
        // By name and only when given, since there was a time before them.
        if let Some(name) = display_name {
            fields.text("display_name").text(name.as_str());
        }
        if let Some(id) = external_id {
            fields.text("external_id").text(id.as_str());
        }
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<VisibleUser, ServiceError> {
        known_actor(tx, actor)?;
        policy::create_user(actor)
            .map_err(|_| ServiceError::Forbidden("only the system creates users"))?;
        let new = NewUser {
            username: self.username.clone(),
            email: self.email.clone(),
            display_name: self.display_name.clone(),
            external_id: self.external_id.clone(),
            at,
        };
        Ok(tx.insert_user(&new)?.seen_by(actor))
    }
}

impl ChatService {
    /// Creates a user.
    ///
    /// # Errors
    /// `Forbidden` unless the system acts, `Taken` if a user has this name, address or external id
    /// already.
    pub async fn create_user(
        &self,
        actor: Actor,
        command: CreateUser,
    ) -> Result<VisibleUser, ServiceError> {
        self.run(actor, command).await
    }

    /// A user, or what is left of one that was deleted.
    ///
    /// # Errors
    /// `UserNotFound`.
    pub async fn user(
        &self,
        actor: Actor,
        id: UserId,
    ) -> Result<FoundUser<VisibleUser>, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            known_actor(tx, actor)?;
            let user = tx.any_user(id)?.ok_or(ServiceError::UserNotFound(id))?;
            Ok(user.map(|user| user.seen_by(actor)))
        })
        .await
    }

    /// Living users by id, from the one after `after`.
    ///
    /// # Errors
    /// Only those that every method has.
    pub async fn users(
        &self,
        actor: Actor,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> Result<Page<VisibleUser>, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            known_actor(tx, actor)?;
            Ok(tx.users(after, limit)?.map(|user| user.seen_by(actor)))
        })
        .await
    }
}
