//! Users: created by the system, known to everyone.

use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{
    Actor, EmailAddress, NewUser, Page, PageLimit, Timestamp, UserId, Username, VisibleUser, policy,
};

use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, ServiceError};

/// A user to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateUser {
    /// Its name.
    pub username: Username,
    /// Its email address.
    pub email: EmailAddress,
}

impl Command for CreateUser {
    type Done = VisibleUser;

    fn tell(&self, fields: &mut Fields) {
        let Self { username, email } = self;
        fields.text("create_user");
        fields.text(username.as_str()).text(email.as_str());
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
            at,
        };
        Ok(tx.insert_user(&new)?.seen_by(actor))
    }
}

impl ChatService {
    /// Creates a user.
    ///
    /// # Errors
    /// `Forbidden` unless the system acts, `Taken` if a user has this name or address already.
    pub async fn create_user(
        &self,
        actor: Actor,
        command: CreateUser,
    ) -> Result<VisibleUser, ServiceError> {
        self.run(actor, command).await
    }

    /// A living user.
    ///
    /// # Errors
    /// `UserNotFound`.
    pub async fn user(&self, actor: Actor, id: UserId) -> Result<VisibleUser, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            known_actor(tx, actor)?;
            let user = tx.user(id)?.ok_or(ServiceError::UserNotFound(id))?;
            Ok(user.seen_by(actor))
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
