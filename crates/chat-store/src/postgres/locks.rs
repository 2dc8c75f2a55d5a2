//! Row locks of the shared queries, each a statement of its own: the next one then has a snapshot in
//! which everything is that was committed before the lock was given.
//!
//! None is as strong as `FOR UPDATE`: references to a locked row (a message to its conversation, a file
//! to its blob) are no change of it, and need not wait.

use chat_domain::{
    Actor, BlobHash, BlobId, ConversationId, DirectPair, FileId, GroupId, IdempotencyKey,
    MessageId, UploadId, UserId,
};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{Conn, errors};
use crate::rows::{Queried, QueryError, owner};
use crate::schema::{
    blobs, conversations, event_log, file_releases, files, messages, participants, uploads, users,
};

diesel::define_sql_function! {
    /// Waits for a lock on a number, and holds it until the transaction ends.
    fn pg_advisory_xact_lock(key: BigInt) -> Text;
}

diesel::define_sql_function! {
    /// A number made of a text.
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
}

/// Tells the numbers of keys from those of other locks.
const KEYS: i64 = 0x6368_6174_6b65_7973;

/// A key may have no row yet, so that a number made of it is locked. Two keys with one number only wait
/// for each other.
pub(super) fn key(conn: &mut Conn, actor: Actor, key: &IdempotencyKey) -> Queried<()> {
    let name = format!("{} {}", owner(actor), key.as_str());
    let lock = pg_advisory_xact_lock(hashtextextended(name, KEYS));
    match diesel::select(lock).execute(conn) {
        Ok(_) => Ok(()),
        Err(error) if errors::is_lock_timeout(&error) => Err(QueryError::KeyInFlight),
        Err(error) => Err(error.into()),
    }
}

/// The head of the log: nothing gets a place in it meanwhile.
pub(super) fn log(conn: &mut Conn) -> Queried<()> {
    event_log::table
        .find(1)
        .select(event_log::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn conversation(conn: &mut Conn, id: ConversationId) -> Queried<()> {
    conversations::table
        .find(id.get())
        .select(conversations::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn group_conversation(conn: &mut Conn, group: GroupId) -> Queried<()> {
    conversations::table
        .filter(conversations::group_id.eq(group.get()))
        .select(conversations::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn direct_conversation(conn: &mut Conn, pair: DirectPair) -> Queried<()> {
    conversations::table
        .filter(conversations::low_user_id.eq(pair.low().get()))
        .filter(conversations::high_user_id.eq(pair.high().get()))
        .select(conversations::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

/// Shared: any number of readers may mark a message while nobody deletes it.
pub(super) fn hold_message(conn: &mut Conn, id: MessageId) -> Queried<()> {
    messages::table
        .find(id.get())
        .select(messages::id)
        .for_share()
        .execute(conn)?;
    Ok(())
}

pub(super) fn message(conn: &mut Conn, id: MessageId) -> Queried<()> {
    messages::table
        .find(id.get())
        .select(messages::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn participant(
    conn: &mut Conn,
    conversation: ConversationId,
    user: UserId,
) -> Queried<()> {
    participants::table
        .find((user.get(), conversation.get()))
        .select(participants::user_id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn participants(conn: &mut Conn, conversation: ConversationId) -> Queried<()> {
    participants::table
        .filter(participants::conversation_id.eq(conversation.get()))
        .order(participants::user_id)
        .select(participants::user_id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn file(conn: &mut Conn, id: FileId) -> Queried<()> {
    files::table
        .find(id.get())
        .select(files::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn release(conn: &mut Conn, conversation: i64) -> Queried<()> {
    file_releases::table
        .find(conversation)
        .select(file_releases::conversation_id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn blob(conn: &mut Conn, id: BlobId) -> Queried<()> {
    blobs::table
        .find(id.get())
        .select(blobs::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn blob_of(conn: &mut Conn, hash: BlobHash) -> Queried<()> {
    blobs::table
        .filter(blobs::hash.eq(hash.as_bytes().as_slice()))
        .filter(blobs::doomed.is_null())
        .select(blobs::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

pub(super) fn upload(conn: &mut Conn, id: UploadId) -> Queried<()> {
    uploads::table
        .find(id.get())
        .select(uploads::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

/// Shared: any number may make a user a member while nobody deletes it.
pub(super) fn hold_user(conn: &mut Conn, id: UserId) -> Queried<()> {
    users::table
        .find(id.get())
        .select(users::id)
        .for_share()
        .execute(conn)?;
    Ok(())
}

pub(super) fn user(conn: &mut Conn, id: UserId) -> Queried<()> {
    users::table
        .find(id.get())
        .select(users::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}
