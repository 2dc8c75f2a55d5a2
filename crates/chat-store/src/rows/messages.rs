//! Rows of `messages`, read together with the file that each carries.

use chat_domain::{
    Caption, Content, ConversationId, File, GroupId, Message, MessageBody, MessageId, MessageKind,
    Recipient, Seq, Timestamp, Tombstone, UserId,
};
use diesel::prelude::*;

use super::{FileRow, Place, Queried};
use crate::schema::messages;

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageRow {
    id: i64,
    conversation_id: i64,
    seq: i64,
    sender_id: i64,
    receiver_id: Option<i64>,
    group_id: Option<i64>,
    kind: String,
    content: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl MessageRow {
    /// What is left of the message when it is deleted, and of one that is not, too.
    pub(crate) fn tombstone(&self) -> Queried<Tombstone> {
        let place = Place::row("messages", self.id);
        let recipient = match (self.receiver_id, self.group_id) {
            (Some(user), None) => {
                Recipient::User(place.read("receiver_id", user, UserId::parse)?)
            }
            (None, Some(group)) => {
                Recipient::Group(place.read("group_id", group, GroupId::parse)?)
            }
            _ => return Err(place.broken("group_id", "must stand in place of a receiver")),
        };
        Ok(Tombstone {
            id: place.read("id", self.id, MessageId::parse)?,
            conversation_id: place.read(
                "conversation_id",
                self.conversation_id,
                ConversationId::parse,
            )?,
            seq: place.read("seq", self.seq, Seq::parse)?,
            sender_id: place.read("sender_id", self.sender_id, UserId::parse)?,
            recipient,
            kind: place.read("type", self.kind.as_str(), str::parse)?,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }

    /// The living message, which carries this file.
    pub(crate) fn with_file(self, file: Option<FileRow>) -> Queried<Message> {
        let Tombstone {
            id,
            conversation_id,
            seq,
            sender_id,
            recipient,
            kind,
            created_at,
            updated_at,
        } = self.tombstone()?;
        let place = Place::row("messages", self.id);
        Ok(Message {
            id,
            conversation_id,
            seq,
            sender_id,
            recipient,
            content: content(place, kind, self.content, file)?,
            created_at,
            updated_at,
        })
    }
}

fn content(
    place: Place,
    kind: MessageKind,
    text: Option<String>,
    file: Option<FileRow>,
) -> Queried<Content<File>> {
    let carried = |file| File::try_from(place.required("file_id", file)?);
    Ok(match kind {
        MessageKind::Text => Content::Text(MessageBody::trusted(place.required("content", text)?)),
        MessageKind::Image => Content::Image {
            file: carried(file)?,
            caption: text.map(Caption::trusted),
        },
        MessageKind::File => Content::File {
            file: carried(file)?,
            caption: text.map(Caption::trusted),
        },
    })
}
