//! Many at once, in a few statements for all of them: here every statement is a journey to the server.
//!
//! Whoever changes more than one of the participants locked here holds their conversations, each of which
//! one transaction holds at a time, and who marks messages changes one and waits for nothing then. So
//! these may wait for each other in any order, and not in a circle.

mod appends;
mod looks;

use chat_domain::ports::{Many, Messages, StoreResult};
use chat_domain::{
    Content, ConversationId, ConversationKind, GroupId, Message, MessageBody, NewEvent, NewMessage,
    UserId,
};

use super::{Conn, Tx, columns};

impl Many for Tx<'_> {
    fn lock_free_conversations(
        &mut self,
        of: &[ConversationKind],
    ) -> StoreResult<Vec<Option<ConversationId>>> {
        self.read(|conn| {
            let mut found = looks::lock_groups(conn, of)?;
            found.extend(looks::lock_pairs(conn, of)?);
            Ok(of.iter().map(|kind| found.get(kind).copied()).collect())
        })
    }

    fn are_members(&mut self, of: &[(GroupId, UserId)]) -> StoreResult<Vec<bool>> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        self.read(|conn| looks::members_among(conn, of))
    }

    fn users_exist(&mut self, ids: &[UserId]) -> StoreResult<Vec<bool>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.read(|conn| looks::living_among(conn, ids))
    }

    fn append_messages(&mut self, messages: &[NewMessage]) -> StoreResult<Vec<Message>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        // A file is changed by what carries it: those go one by one.
        let texts: Option<Vec<&MessageBody>> = messages.iter().map(text_of).collect();
        let Some(texts) = texts else {
            let append = |message| self.append_message(message);
            return messages.iter().map(append).collect();
        };
        self.write(|conn| {
            let places = appends::take_places(conn, messages)?;
            let ids = appends::insert_messages(conn, messages, &texts, &places)?;
            appends::clear_for_senders(conn, messages)?;
            let stored =
                |((message, text), (seq, id)): ((&NewMessage, &&MessageBody), _)| Message {
                    id,
                    conversation_id: message.conversation_id,
                    seq,
                    sender_id: message.sender_id,
                    recipient: message.recipient,
                    content: Content::Text(MessageBody::clone(text)),
                    created_at: message.at,
                    updated_at: message.at,
                };
            let given = places.into_iter().zip(ids);
            let all = messages.iter().zip(&texts).zip(given);
            Ok(all.map(stored).collect())
        })
    }

    fn append_events(&mut self, events: &[NewEvent]) -> StoreResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.write(|conn| appends::insert_events(conn, events))?;
        self.grow_log();
        Ok(())
    }
}

fn text_of(message: &NewMessage) -> Option<&MessageBody> {
    match &message.content {
        Content::Text(body) => Some(body),
        Content::Image { .. } | Content::File { .. } => None,
    }
}
