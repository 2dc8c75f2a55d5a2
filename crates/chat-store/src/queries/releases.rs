//! Files of deleted groups: each is told that no message there carries it any more, a few at a time.
//!
//! A group is deleted at a cost that never grows with its history, and its history has the files. So
//! what is left to be told stands in a row of its own, and is walked by file, however often each
//! was sent.

use chat_domain::{ConversationId, FileId, Timestamp};
use diesel::dsl::{exists, select};
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Conn, files, locks, one};
use crate::rows::{Place, Queried};
use crate::schema::{file_releases, messages};

/// A conversation, the last of its files that was told, and since when they may be unused.
type Release = (i64, i64, i64);

/// The group of this conversation is deleted: its files, if it has any, are told later.
pub(super) fn begin(conn: &mut Conn, id: ConversationId, at: Timestamp) -> Queried<()> {
    let carrying = messages::table
        .filter(messages::conversation_id.eq(id.get()))
        .filter(messages::file_id.is_not_null());
    if !select(exists(carrying)).get_result::<bool>(conn)? {
        return Ok(());
    }
    diesel::insert_into(file_releases::table)
        .values((
            file_releases::conversation_id.eq(id.get()),
            file_releases::after_file_id.eq(0),
            file_releases::unused_since.eq(at.as_micros()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Tells at most `limit` files, and says how many.
pub(super) fn go_on(conn: &mut Conn, limit: i64) -> Queried<usize> {
    let mut told = 0;
    let mut left = limit;
    while left > 0 {
        let Some((conversation, ..)) = first(conn)? else {
            break;
        };
        // Somebody else may go on with it, or have come to its end meanwhile.
        locks::release(conn, conversation)?;
        let Some(release) = find(conn, conversation)? else {
            continue;
        };
        let now = tell(conn, release, left)?;
        told += now;
        left -= i64::try_from(now).unwrap_or(left);
    }
    Ok(told)
}

/// The release that is done next.
fn first(conn: &mut Conn) -> Queried<Option<Release>> {
    Ok(file_releases::table
        // Every one has a positive id: said so that the first is searched for.
        .filter(file_releases::conversation_id.gt(0))
        .order(file_releases::conversation_id)
        .select((
            file_releases::conversation_id,
            file_releases::after_file_id,
            file_releases::unused_since,
        ))
        .cut(0, 1)
        .get_result(conn)
        .optional()?)
}

/// The release of this conversation, if it is not over.
fn find(conn: &mut Conn, conversation: i64) -> Queried<Option<Release>> {
    Ok(file_releases::table
        .find(conversation)
        .select((
            file_releases::conversation_id,
            file_releases::after_file_id,
            file_releases::unused_since,
        ))
        .get_result(conn)
        .optional()?)
}

/// Tells at most `limit` files of this release, which is over when it has no more.
fn tell(conn: &mut Conn, release: Release, limit: i64) -> Queried<usize> {
    let (conversation, mut after, since) = release;
    for told in 0..limit {
        let Some(file) = next_file(conn, conversation, after)? else {
            let over = file_releases::table.find(conversation);
            // One that stays would be gone on with for ever.
            let ended = diesel::delete(over).execute(conn)?;
            one(
                ended,
                format_args!("the release of conversation {conversation}"),
            )?;
            return Ok(usize::try_from(told).unwrap_or_default());
        };
        let id = Place::row("files", file).read("id", file, FileId::parse)?;
        files::released(conn, id, Timestamp::from_micros(since))?;
        after = file;
    }
    let this = file_releases::conversation_id.eq(conversation);
    let so_far = file_releases::after_file_id.eq(after);
    let changed = update(file_releases::table, this, so_far).execute(conn)?;
    one(
        changed,
        format_args!("the release of conversation {conversation}"),
    )?;
    Ok(usize::try_from(limit).unwrap_or_default())
}

/// The next file that a message of the conversation carries.
fn next_file(conn: &mut Conn, conversation: i64, after: i64) -> Queried<Option<i64>> {
    Ok(messages::table
        .filter(messages::conversation_id.eq(conversation))
        .filter(messages::file_id.gt(after))
        .order(messages::file_id)
        .select(messages::file_id.assume_not_null())
        .cut(0, 1)
        .get_result(conn)
        .optional()?)
}
