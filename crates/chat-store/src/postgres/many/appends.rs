//! What many sends write.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use chat_domain::{
    ConversationId, GroupId, MessageBody, MessageId, NewEvent, NewMessage, Recipient, Role, Seq,
    UserId,
};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Conn;
use super::columns::{Column, Over, Sql};
use crate::rows::{Place, Queried, QueryError};

struct TakePlaces;

impl Sql for TakePlaces {
    const PARTS: &'static [&'static str] = &[
        "UPDATE conversations AS c SET last_seq = c.last_seq + given.count FROM unnest(",
        ", ",
        ") AS given (id, count) WHERE c.id = given.id RETURNING c.id, c.last_seq",
    ];
    type Row = (BigInt, BigInt);
}

/// Takes the places after the latest of each conversation.
pub(super) fn take_places(conn: &mut Conn, messages: &[NewMessage]) -> Queried<Vec<Seq>> {
    let counts = counted(messages.iter().map(|message| message.conversation_id.get()));
    let (ids, many): (Vec<i64>, Vec<i64>) = counts.iter().copied().unzip();
    let latest: Vec<(i64, i64)> =
        Over::<TakePlaces>::new(vec![Column::Numbers(ids), Column::Numbers(many)]).load(conn)?;
    all(latest.len(), counts.len(), "conversations")?;
    let latest: HashMap<i64, i64> = latest.into_iter().collect();
    let mut next: HashMap<i64, i64> = HashMap::with_capacity(counts.len());
    for (id, count) in counts {
        let latest = Place::row("conversations", id).required("last_seq", latest.get(&id))?;
        next.insert(id, latest - count);
    }
    let take = |message: &NewMessage| {
        let id = message.conversation_id.get();
        let place = Place::row("conversations", id);
        let taken = next.get_mut(&id).map(|last| {
            *last += 1;
            *last
        });
        place.read("last_seq", place.required("last_seq", taken)?, Seq::parse)
    };
    messages.iter().map(take).collect()
}

/// How often each is there, in the order of first coming.
fn counted<K: Copy + Eq + Hash>(keys: impl Iterator<Item = K>) -> Vec<(K, i64)> {
    let mut counts: Vec<(K, i64)> = Vec::new();
    let mut places: HashMap<K, usize> = HashMap::new();
    for key in keys {
        match places.entry(key) {
            Entry::Occupied(place) => counts[*place.get()].1 += 1,
            Entry::Vacant(place) => {
                place.insert(counts.len());
                counts.push((key, 1));
            }
        }
    }
    counts
}

/// Asserts that a statement about so many rows has changed all of them.
fn all(changed: usize, rows: usize, what: &str) -> Queried<()> {
    if changed == rows {
        return Ok(());
    }
    Err(QueryError::Broken(format!(
        "{what}: {changed} rows were changed instead of {rows}"
    )))
}

struct InsertMessages;

impl Sql for InsertMessages {
    const PARTS: &'static [&'static str] = &[
        "INSERT INTO messages (conversation_id, seq, sender_id, receiver_id, group_id, type, content, \
         created_at, updated_at) \
         SELECT conversation_id, seq, sender_id, receiver_id, group_id, type, content, at, at \
         FROM unnest(",
        ", ",
        ", ",
        ", ",
        ", ",
        ", ",
        ", ",
        ", ",
        ") WITH ORDINALITY AS given (conversation_id, seq, sender_id, receiver_id, group_id, type, \
         content, at, number) ORDER BY number RETURNING id, conversation_id, seq",
    ];
    type Row = (BigInt, BigInt, BigInt);
}

/// The ids are drawn after the rows are put in order.
pub(super) fn insert_messages(
    conn: &mut Conn,
    messages: &[NewMessage],
    texts: &[&MessageBody],
    places: &[Seq],
) -> Queried<Vec<MessageId>> {
    let numbers =
        |column: fn(&NewMessage) -> i64| Column::Numbers(messages.iter().map(column).collect());
    let perhaps = |column: fn(&NewMessage) -> Option<i64>| {
        Column::PerhapsNumbers(messages.iter().map(column).collect())
    };
    let stored: Vec<(i64, i64, i64)> = Over::<InsertMessages>::new(vec![
        numbers(|message| message.conversation_id.get()),
        Column::Numbers(places.iter().map(|seq| seq.get()).collect()),
        numbers(|message| message.sender_id.get()),
        perhaps(|message| receiver(message).map(UserId::get)),
        perhaps(|message| group(message).map(GroupId::get)),
        Column::Texts(messages.iter().map(|m| m.content.kind().as_str()).collect()),
        Column::Texts(texts.iter().map(|text| text.as_str()).collect()),
        numbers(|message| message.at.as_micros()),
    ])
    .load(conn)?;
    all(stored.len(), messages.len(), "messages")?;
    let ids: HashMap<(i64, i64), i64> = stored
        .into_iter()
        .map(|(id, conversation, seq)| ((conversation, seq), id))
        .collect();
    let id = |(message, seq): (&NewMessage, &Seq)| {
        let conversation = message.conversation_id;
        let id = ids.get(&(conversation.get(), seq.get())).ok_or_else(|| {
            QueryError::Broken(format!(
                "message {seq} of conversation {conversation} was not stored"
            ))
        })?;
        Place::row("messages", *id).read("id", *id, MessageId::parse)
    };
    messages.iter().zip(places).map(id).collect()
}

fn receiver(message: &NewMessage) -> Option<UserId> {
    match message.recipient {
        Recipient::User(user) => Some(user),
        Recipient::Group(_) => None,
    }
}

fn group(message: &NewMessage) -> Option<GroupId> {
    match message.recipient {
        Recipient::User(_) => None,
        Recipient::Group(group) => Some(group),
    }
}

struct ClearForSenders;

impl Sql for ClearForSenders {
    const PARTS: &'static [&'static str] = &[
        "UPDATE participants AS p SET cleared = p.cleared + given.count FROM unnest(",
        ", ",
        ", ",
        ") AS given (user_id, conversation_id, count) \
         WHERE p.user_id = given.user_id AND p.conversation_id = given.conversation_id",
    ];
    type Row = ();
}

/// Nobody has own messages unseen.
pub(super) fn clear_for_senders(conn: &mut Conn, messages: &[NewMessage]) -> Queried<()> {
    let counts = counted(
        messages
            .iter()
            .map(|message| (message.sender_id.get(), message.conversation_id.get())),
    );
    let cleared = Over::<ClearForSenders>::new(vec![
        Column::Numbers(counts.iter().map(|((user, _), _)| *user).collect()),
        Column::Numbers(
            counts
                .iter()
                .map(|((_, conversation), _)| *conversation)
                .collect(),
        ),
        Column::Numbers(counts.iter().map(|(_, count)| *count).collect()),
    ])
    .execute(conn)?;
    all(cleared, counts.len(), "participants who send")
}

struct InsertEvents;

impl Sql for InsertEvents {
    const PARTS: &'static [&'static str] = &[
        "INSERT INTO event_outbox (kind, conversation_id, message_id, user_id, role, actor_id, at) \
         SELECT kind, conversation_id, message_id, user_id, role, actor_id, at FROM unnest(",
        ", ",
        ", ",
        ", ",
        ", ",
        ", ",
        ", ",
        ") WITH ORDINALITY AS given (kind, conversation_id, message_id, user_id, role, actor_id, at, \
         number) ORDER BY number",
    ];
    type Row = ();
}

pub(super) fn insert_events(conn: &mut Conn, events: &[NewEvent]) -> Queried<()> {
    let perhaps = |column: fn(&NewEvent) -> Option<i64>| {
        Column::PerhapsNumbers(events.iter().map(column).collect())
    };
    let appended = Over::<InsertEvents>::new(vec![
        Column::Codes(events.iter().map(|event| event.kind.code()).collect()),
        perhaps(|event| event.conversation_id.map(ConversationId::get)),
        perhaps(|event| event.message_id.map(MessageId::get)),
        perhaps(|event| event.user_id.map(UserId::get)),
        Column::PerhapsTexts(
            events
                .iter()
                .map(|event| event.role.map(Role::as_str))
                .collect(),
        ),
        perhaps(|event| event.actor_id.map(UserId::get)),
        Column::Numbers(events.iter().map(|event| event.at.as_micros()).collect()),
    ])
    .execute(conn)?;
    all(appended, events.len(), "events")
}
