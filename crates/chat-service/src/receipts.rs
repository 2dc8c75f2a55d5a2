//! Read receipts and unseen counts, exact at a cost that does not grow with history.
//!
//! A participant's `cleared` counts the places of its conversation that are not unseen to it, so
//! that unseen is `last_seq - cleared`: a send moves `last_seq` and its sender's `cleared`, and
//! touches no row of any reader.

use chat_domain::policy::{self, Denial};
use chat_domain::ports::{Cost, ReadTx, WriteTx};
use chat_domain::{
    Actor, EventKind, Message, MessageId, NewEvent, Page, PageLimit, Participant, Receipt,
    SeenRange, Timestamp, Unseen, UserId,
};

use crate::access::{acts_as, known_actor, known_message, lives, living_user};
use crate::fingerprint::Fields;
use crate::{ChatService, Command, ServiceError};

/// A message to be marked as seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkSeen {
    /// The message.
    pub message: MessageId,
    /// Who has seen it; the actor itself, or anyone the system names.
    pub reader: UserId,
    /// Whether everything before it, since the reader joined, is marked too.
    pub up_to: bool,
}

impl Command for MarkSeen {
    type Done = Seen;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            message,
            reader,
            up_to,
        } = self;
        fields.text("mark_seen");
        fields.number(message.get()).number(reader.get());
        fields.number((*up_to).into());
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<Seen, ServiceError> {
        mark(tx, actor, *self, at)
    }
}

/// A message as seen by one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The message.
    pub message_id: MessageId,
    /// The reader.
    pub user_id: UserId,
    /// When it first saw the message.
    pub seen_at: Timestamp,
}

impl ChatService {
    /// Marks a message as seen; the first time stands.
    ///
    /// # Errors
    /// `ActorMismatch`, `MessageNotFound`, `UserNotFound` for a reader that the system names,
    /// `NotARecipient` for its sender and for a named reader outside its conversation.
    pub async fn mark_seen(&self, actor: Actor, command: MarkSeen) -> Result<Seen, ServiceError> {
        self.run(actor, command).await
    }

    /// Who has seen a message, by user id, from the one after `after`; members of now and then,
    /// never its sender.
    ///
    /// # Errors
    /// `MessageNotFound`.
    pub async fn receipts(
        &self,
        actor: Actor,
        message: MessageId,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> Result<Page<Receipt>, ServiceError> {
        self.read(Cost::Scan, move |tx| {
            let (message, _) = known_message(tx, actor, message)?;
            Ok(tx.receipts(&message, after, limit)?)
        })
        .await
    }

    /// What a user has not seen, latest message first.
    ///
    /// # Errors
    /// `ActorMismatch` for another user, `UserNotFound`.
    pub async fn unseen(&self, actor: Actor, user: UserId) -> Result<Unseen, ServiceError> {
        self.read(Cost::Bounded, move |tx| {
            acts_as(actor, user)?;
            acting_lives(tx, actor, user)?;
            Ok(tx.unseen(user)?)
        })
        .await
    }
}

fn mark(
    tx: &mut dyn WriteTx,
    actor: Actor,
    command: MarkSeen,
    at: Timestamp,
) -> Result<Seen, ServiceError> {
    let reader = command.reader;
    acts_as(actor, reader)?;
    let Some(message) = tx.hold_message(command.message)? else {
        known_actor(tx, actor)?;
        return Err(ServiceError::MessageNotFound {
            id: command.message,
            actor,
        });
    };
    let participant = tx.lock_participant(message.conversation_id, reader)?;
    if participant.is_some() {
        acting_lives(tx, actor, reader)?;
    }
    let sender = message.sender_id == reader;
    let denial = policy::mark_seen(actor, participant.is_some(), sender).err();
    let (Some(mut participant), None) = (participant, denial) else {
        return Err(refusal(tx, actor, &message, reader, denial)?);
    };

    let before = tx.seen_at(&message, reader)?;
    if before.is_none() {
        tx.insert_seen(message.id, reader, at)?;
        if message.seq > participant.joined_seq {
            participant.cleared += 1;
        }
    }
    let advanced = command.up_to && advance(tx, &mut participant, &message, at)?;
    if before.is_none() || advanced {
        tx.update_participant(&participant)?;
        let kind = if advanced {
            EventKind::MessageSeenUpTo
        } else {
            EventKind::MessageSeen
        };
        tx.append_event(&NewEvent {
            message_id: Some(message.id),
            user_id: Some(reader),
            ..NewEvent::new(kind, message.conversation_id, actor, at)
        })?;
    }
    Ok(Seen {
        message_id: message.id,
        user_id: reader,
        seen_at: before.unwrap_or(at),
    })
}

/// Fails unless the user lives in whose name the actor acts: a user that was deleted still has its part in
/// what is direct.
fn acting_lives(tx: &mut dyn ReadTx, actor: Actor, user: UserId) -> Result<(), ServiceError> {
    match actor {
        Actor::System => living_user(tx, user),
        Actor::User(_) => known_actor(tx, actor),
    }
}

/// Marks everything up to `message`, which is marked by name already, as one range. False when all
/// of it was marked before, or lies before the reader joined.
fn advance(
    tx: &mut dyn WriteTx,
    participant: &mut Participant,
    message: &Message,
    at: Timestamp,
) -> Result<bool, ServiceError> {
    let (conversation, reader) = (participant.conversation_id, participant.user_id);
    let through = participant.seen_through;
    if message.seq <= through {
        return Ok(false);
    }
    // What is newly cleared can be counted from either end; the shorter way is taken.
    let last = tx
        .conversation(conversation)?
        .map_or(message.seq, |c| c.last_seq);
    if last.since(message.seq) < message.seq.since(through) {
        let (last, unseen) = tx.count_unmarked_tail(conversation, reader, message.seq)?;
        participant.cleared = last.get() - unseen;
    } else {
        participant.cleared += tx.count_unmarked(conversation, reader, through, message.seq)?;
    }
    tx.insert_seen_range(&SeenRange {
        user_id: reader,
        conversation_id: conversation,
        from: through.next(),
        to: message.seq,
        seen_at: at,
    })?;
    participant.seen_through = message.seq;
    Ok(true)
}

/// Why this reader can't mark this message, in the order in which a client is told: whoever or whatever
/// is missing comes before what is denied.
fn refusal(
    tx: &mut dyn ReadTx,
    actor: Actor,
    message: &Message,
    reader: UserId,
    denial: Option<Denial>,
) -> Result<ServiceError, ServiceError> {
    known_actor(tx, actor)?;
    if denial == Some(Denial::Unknown) || !lives(tx, message.conversation_id)? {
        let id = message.id;
        return Ok(ServiceError::MessageNotFound { id, actor });
    }
    living_user(tx, reader)?;
    Ok(ServiceError::NotARecipient {
        message: message.id,
        user: reader,
    })
}
