//! That somebody is writing: told to the others at once, and over by itself.

use std::time::Duration;

use chat_domain::ports::{Cost, ReadTx};
use chat_domain::{Actor, ConversationId, DirectPair, Recipient, Signal, Typing, UserId, policy};

use crate::access::{group_standing, known_actor, living_user};
use crate::{ChatService, ServiceError};

/// How long a user is taken to be writing, unless it says so again.
const LASTS: Duration = Duration::from_secs(6);

impl ChatService {
    /// Tells the others of a conversation that the actor is writing there; for six seconds, unless it comes
    /// again. Between two users who have not written yet nobody is told.
    ///
    /// # Errors
    /// `Forbidden` for the system, `UserNotFound`, `GroupNotFound`, `Invalid` for oneself.
    pub async fn typing(&self, actor: Actor, recipient: Recipient) -> Result<(), ServiceError> {
        let Actor::User(user_id) = actor else {
            return Err(ServiceError::Forbidden("only a user can be writing"));
        };
        let place = self
            .read(Cost::Bounded, move |tx| place(tx, user_id, recipient))
            .await?;
        if let Some(conversation_id) = place {
            self.hub.0.bus.publish(Signal::Typing(Typing {
                user_id,
                conversation_id,
                expires_at: self.now().later_by(LASTS),
            }));
        }
        Ok(())
    }
}

/// The conversation of the user with this recipient, if there is one yet.
fn place(
    tx: &mut dyn ReadTx,
    user: UserId,
    recipient: Recipient,
) -> Result<Option<ConversationId>, ServiceError> {
    let actor = Actor::User(user);
    match recipient {
        Recipient::User(peer) => {
            known_actor(tx, actor)?;
            let pair = DirectPair::parse(user, peer).map_err(|invalid| {
                let field = "receiver_id";
                ServiceError::Invalid { field, invalid }
            })?;
            living_user(tx, peer)?;
            let conversation = tx.direct_conversation(pair)?;
            Ok(conversation.map(|conversation| conversation.id))
        }
        Recipient::Group(id) => {
            let missing = ServiceError::GroupNotFound { id, actor };
            policy::know(group_standing(tx, actor, id)?).map_err(|_| missing.clone())?;
            let group = tx.group(id)?.ok_or(missing)?;
            Ok(Some(group.conversation_id))
        }
    }
}
