//! Where a client begins: its conversations as they are, and the cursor from which on it is told what changes.

use chat_domain::ports::Cost;
use chat_domain::{Actor, ConversationId, Cursor, Overview, Page, PageLimit};

use super::page;
use crate::access::known_actor;
use crate::{ChatService, ServiceError};

/// A part of a user's conversations, and from where on to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The conversations are at least as new as this. What is read from here on may tell of what they show
    /// already: a message is new if its `seq` is above the `last_seq` of its conversation.
    pub cursor: Cursor,
    /// The conversations, by id; the system has none.
    pub conversations: Page<Overview>,
}

impl ChatService {
    /// The actor's conversations by id, from the one after `after`, and the cursor to go on from. A page after the
    /// first is asked for with the first one's `cursor`: whoever has all of them reads on from that.
    ///
    /// # Errors
    /// `CursorExpired`.
    pub async fn sync(
        &self,
        actor: Actor,
        cursor: Option<Cursor>,
        after: Option<ConversationId>,
        limit: PageLimit,
    ) -> Result<Synced, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            let log = tx.log_state()?;
            known_actor(tx, actor)?;
            let now = Cursor {
                log: log.id,
                position: log.position,
            };
            let cursor = cursor.unwrap_or(now);
            page::check(cursor, &log)?;
            let conversations = match actor {
                Actor::System => Page {
                    items: Vec::new(),
                    more: false,
                },
                Actor::User(user) => tx.overviews(user, after, limit)?,
            };
            Ok(Synced {
                cursor,
                conversations,
            })
        })
        .await
    }
}
