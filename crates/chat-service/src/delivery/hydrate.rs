//! From entries of the log, which only refer to things, to events that say what those are.

use std::collections::HashMap;

use chat_domain::ports::ReadTx;
use chat_domain::{
    ConversationId, ConversationKind, Cursor, DeletedUser, EventKind, FoundMessage, Group, GroupId,
    LogId, LoggedEvent, Member, MessageId, NewEvent, Role, Tombstone, User, UserId,
};

use super::{Event, EventData, Membership};
use crate::ServiceError;

type Result<T> = std::result::Result<T, ServiceError>;

/// Whose the conversations are.
pub(super) type Kinds = HashMap<ConversationId, ConversationKind>;

/// What these entries tell, in the state of now and in their order. One that refers to something that is not
/// there is left out, and is a line in the log: it must not stand in the way of all that comes after it.
pub(super) fn hydrate(
    tx: &mut dyn ReadTx,
    log: LogId,
    entries: &[&LoggedEvent],
    kind: impl Fn(ConversationId) -> Option<ConversationKind>,
) -> Result<Vec<Event>> {
    let messages = messages(tx, entries)?;
    let mut events = Vec::with_capacity(entries.len());
    for LoggedEvent { position, event } in entries {
        let Some(data) = data(tx, event, &messages, &kind)? else {
            log::error!("entry {position} of the log refers to what is not there");
            continue;
        };
        let cursor = Cursor {
            log,
            position: *position,
        };
        events.push(Event::new(cursor, event.at, event.conversation_id, data));
    }
    Ok(events)
}

/// The messages that the entries are about, all by one query.
fn messages(
    tx: &mut dyn ReadTx,
    entries: &[&LoggedEvent],
) -> Result<HashMap<MessageId, FoundMessage>> {
    // The mark of one message says all there is to say of it.
    let about = entries.iter().filter(|entry| {
        matches!(
            entry.event.kind,
            EventKind::MessageCreated | EventKind::MessageDeleted | EventKind::MessageSeenUpTo
        )
    });
    let mut ids: Vec<_> = about.filter_map(|entry| entry.event.message_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = tx.found_messages(&ids)?.into_iter();
    Ok(found.map(|message| (message.id(), message)).collect())
}

/// What one entry tells; none if it refers to what is not there.
fn data(
    tx: &mut dyn ReadTx,
    event: &NewEvent,
    messages: &HashMap<MessageId, FoundMessage>,
    kind: &dyn Fn(ConversationId) -> Option<ConversationKind>,
) -> Result<Option<EventData>> {
    let message = event.message_id.and_then(|id| messages.get(&id));
    let by = event.actor_id;
    Ok(match event.kind {
        EventKind::MessageCreated => message.cloned().map(EventData::MessageCreated),
        EventKind::MessageDeleted => message.map(|message| EventData::MessageDeleted {
            message: tombstone(message),
            by,
        }),
        EventKind::MessageSeen => seen(tx, event, None)?,
        EventKind::MessageSeenUpTo => seen(tx, event, message)?,
        EventKind::GroupCreated => group(tx, event)?.map(EventData::GroupCreated),
        EventKind::GroupUpdated => group(tx, event)?.map(EventData::GroupUpdated),
        EventKind::GroupDeleted => group(tx, event)?.map(EventData::GroupDeleted),
        EventKind::MemberAdded => membership(tx, event, kind)?.map(EventData::MemberAdded),
        EventKind::MemberRoleChanged => {
            membership(tx, event, kind)?.map(EventData::MemberRoleChanged)
        }
        EventKind::MemberRemoved => membership(tx, event, kind)?.map(EventData::MemberRemoved),
        EventKind::UserUpdated => {
            let user = match event.user_id {
                Some(id) => tx.any_user(id)?,
                None => None,
            };
            // As those see it who are neither the user nor the system: all get the same.
            user.map(|user| EventData::UserUpdated(user.map(User::seen_by_others)))
        }
        EventKind::UserDeleted => event
            .user_id
            .map(|id| EventData::UserDeleted(DeletedUser { id })),
    })
}

fn seen(
    tx: &mut dyn ReadTx,
    event: &NewEvent,
    message: Option<&FoundMessage>,
) -> Result<Option<EventData>> {
    let (Some(message_id), Some(user_id)) = (event.message_id, event.user_id) else {
        return Ok(None);
    };
    // With all before it, it may have been marked again: the first time stands.
    let seen_at = match message {
        Some(FoundMessage::Living(message)) => tx.seen_at(message, user_id)?,
        _ => None,
    };
    Ok(Some(EventData::MessageSeen {
        message_id,
        user_id,
        seen_at: seen_at.unwrap_or(event.at),
        up_to: event.kind == EventKind::MessageSeenUpTo,
    }))
}

fn group(tx: &mut dyn ReadTx, event: &NewEvent) -> Result<Option<Group>> {
    match event.conversation_id {
        Some(id) => Ok(tx.any_group_of(id)?),
        None => Ok(None),
    }
}

fn membership(
    tx: &mut dyn ReadTx,
    event: &NewEvent,
    kind: &dyn Fn(ConversationId) -> Option<ConversationKind>,
) -> Result<Option<Membership>> {
    let kind = event.conversation_id.and_then(kind);
    let (Some(ConversationKind::Group(group)), Some(user), Some(role)) =
        (kind, event.user_id, event.role)
    else {
        return Ok(None);
    };
    let member = match event.kind {
        EventKind::MemberRemoved => None,
        _ => tx.member(group, user)?,
    };
    let member = member.unwrap_or_else(|| past(group, event, user, role));
    let by = event.actor_id;
    Ok(Some(Membership { member, by }))
}

/// A member that has gone: all that is left of it is what the log says.
fn past(group: GroupId, event: &NewEvent, user: UserId, role: Role) -> Member {
    Member {
        group_id: group,
        user_id: user,
        role,
        created_at: event.at,
        updated_at: event.at,
    }
}

fn tombstone(message: &FoundMessage) -> Tombstone {
    match message {
        FoundMessage::Deleted(tombstone) => *tombstone,
        FoundMessage::Living(message) => Tombstone {
            id: message.id,
            conversation_id: message.conversation_id,
            seq: message.seq,
            sender_id: message.sender_id,
            recipient: message.recipient,
            kind: message.content.kind(),
            created_at: message.created_at,
            updated_at: message.updated_at,
        },
    }
}

/// Whose the conversations of these entries are, put to those that are known.
pub(super) fn learn_kinds(
    tx: &mut dyn ReadTx,
    ids: impl Iterator<Item = ConversationId>,
    kinds: &mut Kinds,
) -> Result<()> {
    let mut unknown: Vec<_> = ids.filter(|id| !kinds.contains_key(id)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        kinds.extend(tx.kinds_of(&unknown)?);
    }
    Ok(())
}
