//! The port of messages.

use chat_domain::ports::{Messages, MessagesRead, StoreResult};
use chat_domain::{
    Content, ConversationId, File, FileId, FoundMessage, GroupId, Message, MessageId, NewMessage,
    Recipient, Seq, Timeline, Timestamp, UserId,
};
use diesel::dsl::{exists, not, select};
use diesel::prelude::*;

use super::facts::Latest;
use super::prepared::{CutDsl, update};
use super::{Conn, Tx, given, locks, one, strands};
use crate::rows::{FileRow, MessageRow, Place, Queried, QueryError};
use crate::schema::{conversations, files, groups, messages, participants, seens};

type Found = (MessageRow, Option<FileRow>);

/// Living messages with their files; narrowed, ordered and loaded by the caller.
macro_rules! living {
    () => {
        messages::table
            .left_join(files::table.on(messages::file_id.eq(files::id.nullable())))
            .filter(messages::deleted_at.is_null())
            .select((MessageRow::as_select(), Option::<FileRow>::as_select()))
    };
}

impl MessagesRead for Tx<'_> {
    fn message(&mut self, id: MessageId) -> StoreResult<Option<Message>> {
        self.read(|conn| by_id(conn, id))
    }

    fn found_messages(&mut self, ids: &[MessageId]) -> StoreResult<Vec<FoundMessage>> {
        self.read(|conn| {
            let numbers: Vec<i64> = ids.iter().map(|id| id.get()).collect();
            let mut messages = Vec::with_capacity(ids.len());
            for part in strands::parts(&numbers) {
                messages.extend(found(conn, part)?);
            }
            Ok(messages)
        })
    }

    fn timeline_contains(&mut self, timeline: Timeline, id: MessageId) -> StoreResult<bool> {
        self.read(|conn| {
            let message = messages::table.find(id.get());
            Ok(match timeline {
                Timeline::Conversation(conversation) => select(exists(
                    message.filter(messages::conversation_id.eq(conversation.get())),
                ))
                .get_result(conn)?,
                Timeline::Inbox(user) => {
                    select(exists(message.filter(messages::receiver_id.eq(user.get()))))
                        .get_result(conn)?
                }
            })
        })
    }

    fn messages_older(
        &mut self,
        timeline: Timeline,
        below: Option<MessageId>,
        skip: i64,
        take: i64,
    ) -> StoreResult<Vec<Message>> {
        self.read(|conn| {
            let below = below.map_or(i64::MAX, MessageId::get);
            let page = living!()
                .filter(messages::id.lt(below))
                .order(messages::id.desc());
            read_all(match timeline {
                Timeline::Conversation(conversation) => page
                    .filter(messages::conversation_id.eq(conversation.get()))
                    .cut(skip, take)
                    .load(conn)?,
                Timeline::Inbox(user) => page
                    .filter(messages::receiver_id.eq(user.get()))
                    .cut(skip, take)
                    .load(conn)?,
            })
        })
    }

    fn messages_newer(
        &mut self,
        timeline: Timeline,
        above: Option<MessageId>,
        take: i64,
    ) -> StoreResult<Vec<Message>> {
        self.read(|conn| {
            let above = above.map_or(0, MessageId::get);
            let page = living!().filter(messages::id.gt(above)).order(messages::id);
            read_all(match timeline {
                Timeline::Conversation(conversation) => page
                    .filter(messages::conversation_id.eq(conversation.get()))
                    .cut(0, take)
                    .load(conn)?,
                Timeline::Inbox(user) => page
                    .filter(messages::receiver_id.eq(user.get()))
                    .cut(0, take)
                    .load(conn)?,
            })
        })
    }
}

impl Messages for Tx<'_> {
    fn append_message(&mut self, message: &NewMessage) -> StoreResult<Message> {
        let conversation = message.conversation_id;
        let latest = self.known(Latest(conversation), |conn| latest(conn, conversation))?;
        let message = self.write(|conn| {
            let seq = take_next(conn, conversation, latest)?;
            let id = insert(conn, message, seq)?;
            if let Some(file) = message.content.file() {
                super::files::used(conn, *file)?;
            }
            clear_for_sender(conn, message)?;
            Ok(Message {
                id,
                conversation_id: message.conversation_id,
                seq,
                sender_id: message.sender_id,
                recipient: message.recipient,
                content: with_file(conn, &message.content)?,
                created_at: message.at,
                updated_at: message.at,
            })
        })?;
        self.reached(message.conversation_id, message.seq);
        Ok(message)
    }

    fn hold_message(&mut self, id: MessageId) -> StoreResult<Option<Message>> {
        self.read(|conn| {
            locks::hold_message(conn, id)?;
            by_id(conn, id)
        })
    }

    fn lock_message(&mut self, id: MessageId) -> StoreResult<Option<Message>> {
        self.read(|conn| {
            locks::message(conn, id)?;
            by_id(conn, id)
        })
    }

    fn delete_message(&mut self, message: &Message, at: Timestamp) -> StoreResult<()> {
        self.write(|conn| {
            let living = messages::id
                .eq(message.id.get())
                .and(messages::deleted_at.is_null());
            let nothing = (
                messages::deleted_at.eq(at.as_micros()),
                messages::content.eq(None::<String>),
                messages::file_id.eq(None::<i64>),
            );
            let deleted = update(messages::table, living, nothing).execute(conn)?;
            one(deleted, format_args!("living message {}", message.id))?;
            if let Some(file) = message.content.file() {
                super::files::perhaps_unused(conn, file.id, at)?;
            }

            locks::participants(conn, message.conversation_id)?;
            let marked = seens::table
                .filter(seens::message_id.eq(message.id.get()))
                .filter(seens::user_id.eq(participants::user_id));
            let unseen_by = participants::conversation_id
                .eq(message.conversation_id.get())
                .and(participants::user_id.ne(message.sender_id.get()))
                .and(participants::seen_through.lt(message.seq.get()))
                .and(not(exists(marked)));
            let cleared = participants::cleared.eq(participants::cleared + 1);
            update(participants::table, unseen_by, cleared).execute(conn)?;
            Ok(())
        })
    }
}

/// The messages with these ids, or what is left of them; in no order.
fn found(conn: &mut Conn, ids: &[i64]) -> Queried<Vec<FoundMessage>> {
    type Row = (MessageRow, Option<FileRow>, Option<i64>, Option<i64>);
    let group = groups::table.on(messages::group_id.eq(groups::id.nullable()));
    let rows = messages::table
        .left_join(files::table.on(messages::file_id.eq(files::id.nullable())))
        .left_join(group)
        .filter(messages::id.eq_any(ids))
        .select((
            MessageRow::as_select(),
            Option::<FileRow>::as_select(),
            messages::deleted_at,
            groups::deleted_at.nullable(),
        ))
        .load::<Row>(conn)?;
    let found = |(message, file, deleted, without_group): Row| {
        if deleted.or(without_group).is_some() {
            message.tombstone().map(FoundMessage::Deleted)
        } else {
            message.with_file(file).map(FoundMessage::Living)
        }
    };
    rows.into_iter().map(found).collect()
}

fn by_id(conn: &mut Conn, id: MessageId) -> Queried<Option<Message>> {
    living!()
        .filter(messages::id.eq(id.get()))
        .get_result::<Found>(conn)
        .optional()?
        .map(|(message, file)| message.with_file(file))
        .transpose()
}

fn read_all(found: Vec<Found>) -> Queried<Vec<Message>> {
    found
        .into_iter()
        .map(|(message, file)| message.with_file(file))
        .collect()
}

/// The latest place of a locked conversation.
fn latest(conn: &mut Conn, id: ConversationId) -> Queried<Option<Seq>> {
    let seq = conversations::table
        .find(id.get())
        .select(conversations::last_seq)
        .get_result::<i64>(conn)
        .optional()?;
    Place::row("conversations", id.get()).read_some("last_seq", seq, Seq::parse)
}

/// Takes the place after the latest.
fn take_next(conn: &mut Conn, id: ConversationId, latest: Option<Seq>) -> Queried<Seq> {
    let latest = Place::row("conversations", id.get()).required("last_seq", latest)?;
    // Nobody else can have taken it; if a row says otherwise, nothing is stored rather than a place twice.
    let same = conversations::id
        .eq(id.get())
        .and(conversations::last_seq.eq(latest.get()));
    let next = latest.next();
    let taken = conversations::last_seq.eq(next.get());
    let changed = update(conversations::table, same, taken).execute(conn)?;
    one(changed, format_args!("conversation {id} after {latest}"))?;
    Ok(next)
}

fn insert(conn: &mut Conn, message: &NewMessage, seq: Seq) -> Queried<MessageId> {
    let (receiver, group) = match message.recipient {
        Recipient::User(user) => (Some(user), None),
        Recipient::Group(group) => (None, Some(group)),
    };
    let insert = diesel::insert_into(messages::table).values((
        messages::conversation_id.eq(message.conversation_id.get()),
        messages::seq.eq(seq.get()),
        messages::sender_id.eq(message.sender_id.get()),
        messages::receiver_id.eq(receiver.map(UserId::get)),
        messages::group_id.eq(group.map(GroupId::get)),
        messages::kind.eq(message.content.kind().as_str()),
        messages::content.eq(message.content.text()),
        messages::file_id.eq(message.content.file().map(|id| id.get())),
        messages::created_at.eq(message.at.as_micros()),
        messages::updated_at.eq(message.at.as_micros()),
    ));
    let id: Option<i64> = given::inserted!(conn, insert, messages::id);
    let id = id.ok_or_else(|| {
        let conversation = message.conversation_id;
        QueryError::Broken(format!(
            "message {seq} of conversation {conversation} was not stored"
        ))
    })?;
    Place::row("messages", id).read("id", id, MessageId::parse)
}

/// Nobody has own messages unseen.
fn clear_for_sender(conn: &mut Conn, message: &NewMessage) -> Queried<()> {
    let NewMessage {
        sender_id,
        conversation_id,
        ..
    } = message;
    let sender = participants::user_id
        .eq(sender_id.get())
        .and(participants::conversation_id.eq(conversation_id.get()));
    let own = participants::cleared.eq(participants::cleared + 1);
    let cleared = update(participants::table, sender, own).execute(conn)?;
    one(
        cleared,
        format_args!("participant {sender_id} of conversation {conversation_id}"),
    )
}

/// The content with its file in place of the file's id.
fn with_file(conn: &mut Conn, content: &Content<FileId>) -> Queried<Content<File>> {
    let mut whole = |id: &FileId| -> Queried<File> {
        files::table
            .find(id.get())
            .select(FileRow::as_select())
            .get_result(conn)
            .optional()?
            .ok_or_else(|| QueryError::Broken(format!("file {id} is sent and not stored")))?
            .try_into()
    };
    Ok(match content {
        Content::Text(body) => Content::Text(body.clone()),
        Content::Image { file, caption } => Content::Image {
            file: whole(file)?,
            caption: caption.clone(),
        },
        Content::File { file, caption } => Content::File {
            file: whole(file)?,
            caption: caption.clone(),
        },
    })
}
