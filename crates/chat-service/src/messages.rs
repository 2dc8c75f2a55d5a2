//! Messages: sent into a conversation, read in windows, deleted by their sender or an admin.

use chat_domain::policy::{self, Denial};
use chat_domain::ports::{Cost, WriteTx};
use chat_domain::{
    Actor, Content, Conversation, DirectPair, EventKind, FileId, GroupId, Message, MessageId,
    MessageKind, MessagePage, NewEvent, NewMessage, PageLimit, Recipient, Timestamp, UserId,
    Window,
};

use crate::access::{acts_as, denied, known_actor, known_message, living_user};
use crate::command::Shared;
use crate::files::{image, lock_known_file};
use crate::fingerprint::Fields;
use crate::{ChatService, Command, Conditional, Precondition, ServiceError};

pub(crate) mod together;
mod window;
mod with_file;

pub use with_file::SendFile;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendMessage {
    /// Who sends it; the actor itself, or anyone the system names.
    pub sender: UserId,
    /// Whom it is for.
    pub recipient: Recipient,
    /// What it says.
    pub content: Content<FileId>,
}

impl Command for SendMessage {
    type Done = Message;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            sender,
            recipient,
            content,
        } = self;
        fields.text("send").number(sender.get());
        fields.recipient(*recipient).content(content);
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Message, ServiceError> {
        send(tx, actor, self, at)
    }

    fn share<'s>(&self, service: &'s ChatService, actor: Actor) -> Option<Shared<'s, Message>> {
        let together = service.together.as_ref()?;
        Some(Box::pin(together.send(actor, self.clone())))
    }
}

/// A message to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteMessage {
    /// The message.
    pub message: MessageId,
}

impl Command for DeleteMessage {
    type Done = ();

    fn tell(&self, fields: &mut Fields) {
        let Self { message } = self;
        fields.text("delete_message").number(message.get());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<(), ServiceError> {
        self.run_if(tx, actor, at, &Precondition::none())
    }
}

impl Conditional for DeleteMessage {
    type Thing = Message;

    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<Message>,
    ) -> Result<(), ServiceError> {
        delete(tx, actor, self.message, at, precondition)
    }
}

/// Whose messages are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageSource {
    /// A group's.
    Group(GroupId),
    /// Those between two users, both ways; `user` is the actor, or anyone the system names.
    Direct {
        /// The one.
        user: UserId,
        /// The other.
        peer: UserId,
    },
    /// The direct messages sent to this user, whoever sent them; for the system.
    Inbox(UserId),
}

/// A page of messages to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMessages {
    /// Whose.
    pub source: MessageSource,
    /// Which part of them.
    pub window: Window,
    /// At most how many.
    pub limit: PageLimit,
}

impl ChatService {
    /// Sends a message: it gets the next `seq` of its conversation.
    ///
    /// # Errors
    /// `ActorMismatch`, `Invalid` (to oneself; an image message whose file is no image),
    /// `UserNotFound`, `GroupNotFound`, `FileNotFound`, `NotAMember` for a sender that the system
    /// names.
    pub async fn send(&self, actor: Actor, command: SendMessage) -> Result<Message, ServiceError> {
        self.run(actor, command).await
    }

    /// A message.
    ///
    /// # Errors
    /// `MessageNotFound`, also for who is not in its conversation.
    pub async fn message(&self, actor: Actor, id: MessageId) -> Result<Message, ServiceError> {
        self.read(Cost::Bounded, move |tx| Ok(known_message(tx, actor, id)?.0))
            .await
    }

    /// A page of messages, oldest first.
    ///
    /// # Errors
    /// `GroupNotFound`, `UserNotFound`, `MessageNotFound` for `Around` a message of elsewhere,
    /// `ActorMismatch`, `Forbidden` for a user who asks for an inbox, `Invalid` for a direct
    /// conversation with oneself.
    pub async fn messages(
        &self,
        actor: Actor,
        command: ListMessages,
    ) -> Result<MessagePage<Message>, ServiceError> {
        // Skipping walks over what it skips.
        let cost = match command.window {
            Window::Offset(_) => Cost::Scan,
            _ => Cost::Bounded,
        };
        self.read(cost, move |tx| window::list(tx, actor, command))
            .await
    }

    /// Deletes a message: its content is erased, its `seq` stays used, and it is unseen to nobody.
    ///
    /// # Errors
    /// `MessageNotFound`, `Forbidden` unless its sender, an admin of its group or the system acts.
    pub async fn delete_message(
        &self,
        actor: Actor,
        command: DeleteMessage,
    ) -> Result<(), ServiceError> {
        self.run(actor, command).await
    }
}

fn send(
    tx: &mut dyn WriteTx,
    actor: Actor,
    command: &SendMessage,
    at: Timestamp,
) -> Result<Message, ServiceError> {
    let sender = command.sender;
    acts_as(actor, sender)?;
    let conversation = match command.recipient {
        Recipient::Group(group) => lock_for_sender(tx, actor, group, command)?,
        Recipient::User(receiver) => {
            known_actor(tx, actor)?;
            let pair =
                DirectPair::parse(sender, receiver).map_err(|invalid| ServiceError::Invalid {
                    field: "receiver_id",
                    invalid,
                })?;
            if actor == Actor::System {
                living_user(tx, sender)?;
            }
            living_user(tx, receiver)?;
            tx.lock_or_open_direct(pair, at)?
        }
    };
    check_file(tx, actor, &command.content)?;
    let message = tx.append_message(&NewMessage {
        conversation_id: conversation.id,
        sender_id: sender,
        recipient: command.recipient,
        content: command.content.clone(),
        at,
    })?;
    tx.append_event(&event(EventKind::MessageCreated, actor, &message, at))?;
    Ok(message)
}

/// Locks the conversation of a group that the sender is in. Membership proves that sender and group
/// live, so that a good send pays for no other look.
fn lock_for_sender(
    tx: &mut dyn WriteTx,
    actor: Actor,
    group: GroupId,
    command: &SendMessage,
) -> Result<Conversation, ServiceError> {
    let conversation = tx.lock_group_conversation(group)?;
    let member = tx.role(group, command.sender)?.is_some();
    let missing = ServiceError::GroupNotFound { id: group, actor };
    let Err(denial) = policy::send_to_group(actor, member) else {
        return conversation.ok_or(missing);
    };
    known_actor(tx, actor)?;
    living_user(tx, command.sender)?;
    if denial == Denial::Unknown || conversation.is_none() {
        return Err(missing);
    }
    // Whatever else is missing is told before what is not allowed.
    check_file(tx, actor, &command.content)?;
    let user = command.sender;
    Err(ServiceError::NotAMember { group, user })
}

fn check_file(
    tx: &mut dyn WriteTx,
    actor: Actor,
    content: &Content<FileId>,
) -> Result<(), ServiceError> {
    let Some(&id) = content.file() else {
        return Ok(());
    };
    let file = lock_known_file(tx, actor, id)?;
    if content.kind() == MessageKind::Image {
        image("file_id", &file)?;
    }
    Ok(())
}

fn delete(
    tx: &mut dyn WriteTx,
    actor: Actor,
    id: MessageId,
    at: Timestamp,
    precondition: &Precondition<Message>,
) -> Result<(), ServiceError> {
    let (message, _) = known_message(tx, actor, id)?;
    // Read again under the locks, in their order: it may have been deleted, or the actor removed.
    tx.lock_conversation(message.conversation_id)?;
    tx.lock_message(id)?;
    let (message, standing) = known_message(tx, actor, id)?;
    let sender = actor == Actor::User(message.sender_id);
    policy::delete_message(standing, sender).map_err(|denial| match message.recipient {
        Recipient::Group(group) => denied(
            denial,
            group,
            actor,
            "a message is deleted by its sender or an admin of its group",
        ),
        Recipient::User(_) => ServiceError::Forbidden("a direct message is deleted by its sender"),
    })?;
    precondition.check(&message)?;
    tx.delete_message(&message, at)?;
    tx.append_event(&event(EventKind::MessageDeleted, actor, &message, at))?;
    Ok(())
}

fn event(kind: EventKind, actor: Actor, message: &Message, at: Timestamp) -> NewEvent {
    NewEvent {
        message_id: Some(message.id),
        user_id: Some(message.sender_id),
        ..NewEvent::new(kind, message.conversation_id, actor, at)
    }
}
