//! The steps that stories are made of: people, groups, messages, and what was read.

use chat_domain::ports::{StoreResult, WriteTx};
use chat_domain::{
    Caption, Content, Conversation, ConversationId, DirectPair, EmailAddress, EventKind, File,
    FileName, FileSize, FileUrl, Group, GroupName, MediaType, Member, Message, MessageBody,
    MessageId, NewEvent, NewFile, NewFileSource, NewGroup, NewMessage, NewUser, PageLimit,
    Participant, Recipient, Role, SeenRange, Seq, Timestamp, User, UserId, Username,
};

use super::Db;

/// A time; larger is later.
pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn seq(number: i64) -> Seq {
    Seq::parse(number).unwrap()
}

pub(crate) fn limit(entries: i64) -> PageLimit {
    PageLimit::parse(entries).unwrap()
}

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(format!("{}@example.org", name.to_lowercase())).unwrap(),
        display_name: None,
        external_id: None,
        at: at(1),
    }
}

pub(crate) fn new_group(name: &str) -> NewGroup {
    NewGroup {
        name: GroupName::parse(name).unwrap(),
        at: at(2),
    }
}

pub(crate) fn new_file() -> NewFile {
    NewFile {
        source: NewFileSource::External(FileUrl::parse("https://example.org/a.png").unwrap()),
        name: Some(FileName::parse("a.png").unwrap()),
        size: Some(FileSize::parse(5_120).unwrap()),
        media_type: Some(MediaType::parse("image/png").unwrap()),
        uploader_id: None,
        at: at(3),
    }
}

pub(crate) fn pair(one: UserId, other: UserId) -> DirectPair {
    DirectPair::parse(one, other).unwrap()
}

/// Makes the user a member and a participant of the group.
pub(crate) fn join(
    tx: &mut dyn WriteTx,
    group: &Group,
    user: UserId,
    role: Role,
) -> StoreResult<()> {
    tx.insert_member(&Member {
        group_id: group.id,
        user_id: user,
        role,
        created_at: at(4),
        updated_at: at(4),
    })?;
    let conversation = tx.lock_group_conversation(group.id)?.unwrap();
    tx.insert_participant(&Participant::joining(
        conversation.id,
        user,
        conversation.last_seq,
    ))
}

/// Takes the user out of the group.
pub(crate) fn leave(tx: &mut dyn WriteTx, group: &Group, user: UserId) -> StoreResult<()> {
    tx.delete_member(group.id, user)?;
    tx.delete_participant(group.conversation_id, user)
}

/// A text for the conversation.
pub(crate) fn words(
    conversation: ConversationId,
    sender: UserId,
    recipient: Recipient,
    text: &str,
) -> NewMessage {
    NewMessage {
        conversation_id: conversation,
        sender_id: sender,
        recipient,
        content: Content::Text(MessageBody::parse(text).unwrap()),
        at: at(5),
    }
}

impl Db {
    pub(crate) fn user(&self, name: &str) -> User {
        let user = new_user(name);
        self.write(move |tx| tx.insert_user(&user))
    }

    pub(crate) fn users<const N: usize>(&self, names: [&str; N]) -> [UserId; N] {
        names.map(|name| self.user(name).id)
    }

    pub(crate) fn file(&self) -> File {
        self.write(|tx| tx.insert_file(&new_file()))
    }

    /// A group whose first member is its owner.
    pub(crate) fn group(&self, name: &str, members: &[UserId]) -> Group {
        let (group, members) = (new_group(name), members.to_vec());
        self.write(move |tx| {
            let group = tx.insert_group(&group)?;
            for (place, user) in members.iter().enumerate() {
                let role = if place == 0 {
                    Role::Owner
                } else {
                    Role::Member
                };
                join(tx, &group, *user, role)?;
            }
            Ok(tx.group(group.id)?.unwrap())
        })
    }

    /// The conversation of two users.
    pub(crate) fn direct(&self, one: UserId, other: UserId) -> Conversation {
        self.write(move |tx| tx.lock_or_open_direct(pair(one, other), at(4)))
    }

    /// Sends to a group.
    pub(crate) fn say(&self, group: &Group, sender: UserId, text: &str) -> Message {
        let message = words(
            group.conversation_id,
            sender,
            Recipient::Group(group.id),
            text,
        );
        self.write(move |tx| tx.append_message(&message))
    }

    /// Sends to another user.
    pub(crate) fn tell(&self, sender: UserId, receiver: UserId, text: &str) -> Message {
        let conversation = self.direct(sender, receiver).id;
        let message = words(conversation, sender, Recipient::User(receiver), text);
        self.write(move |tx| tx.append_message(&message))
    }

    /// Sends a picture to another user.
    pub(crate) fn show(
        &self,
        sender: UserId,
        receiver: UserId,
        file: &File,
        caption: Option<&str>,
    ) -> Message {
        let message = NewMessage {
            conversation_id: self.direct(sender, receiver).id,
            sender_id: sender,
            recipient: Recipient::User(receiver),
            content: Content::Image {
                file: file.id,
                caption: caption.map(|text| Caption::parse(text).unwrap()),
            },
            at: at(5),
        };
        self.write(move |tx| tx.append_message(&message))
    }

    pub(crate) fn delete(&self, message: &Message) {
        let message = message.clone();
        self.write(move |tx| tx.delete_message(&message, at(9)));
    }

    pub(crate) fn delete_group(&self, group: &Group) {
        let group = group.clone();
        self.write(move |tx| tx.delete_group(&group, at(9)));
    }

    /// Marks a message as seen by name, as a use case would.
    pub(crate) fn mark(&self, message: &Message, user: UserId, when: i64) {
        let message = message.clone();
        self.write(move |tx| {
            tx.insert_seen(message.id, user, at(when))?;
            let mut reader = tx.lock_participant(message.conversation_id, user)?.unwrap();
            reader.cleared += 1;
            tx.update_participant(&reader)
        });
    }

    /// Marks the places `from` to `to` as one range, and all of them as cleared.
    pub(crate) fn mark_range(
        &self,
        conversation: ConversationId,
        user: UserId,
        places: [i64; 2],
        when: i64,
    ) {
        self.write(move |tx| {
            let [from, to] = places.map(seq);
            tx.insert_seen_range(&SeenRange {
                user_id: user,
                conversation_id: conversation,
                from,
                to,
                seen_at: at(when),
            })?;
            let mut reader = tx.lock_participant(conversation, user)?.unwrap();
            reader.seen_through = to;
            reader.cleared += to.get() - from.get() + 1;
            tx.update_participant(&reader)
        });
    }

    pub(crate) fn participant(
        &self,
        conversation: ConversationId,
        user: UserId,
    ) -> Option<Participant> {
        self.read(move |tx| tx.participant(conversation, user))
    }

    /// How much the user has unseen, all in all.
    pub(crate) fn unseen(&self, user: UserId) -> i64 {
        self.read(move |tx| tx.unseen(user)).total()
    }
}

/// An event about a message of some conversation.
pub(crate) fn event(conversation: ConversationId, message: Option<MessageId>) -> NewEvent {
    NewEvent {
        kind: EventKind::MessageCreated,
        conversation_id: Some(conversation),
        message_id: message,
        user_id: None,
        role: None,
        actor_id: None,
        at: at(6),
    }
}

/// The ids of messages.
pub(crate) fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}
