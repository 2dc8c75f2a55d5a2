//! The log, in the three orders in which it is compared with the tables.
//!
//! Each order brings the tables' rows and the log's together in one stream, sorted by the database:
//! whatever is missing on either side is missed in passing. Standard SQL without bound values, so
//! that every backend runs it as it stands.

use chat_domain::EventKind;
use diesel::prelude::*;

use super::super::{Conn, Loading, given};
use crate::recount::log::conversations::Conversations;
use crate::recount::log::messages::Messages;
use crate::recount::log::positions::{Head, Positions};
use crate::recount::{Doubts, Found, Meter};
use crate::rows::{ConversationEntryRow, MessageEntryRow, Queried, QueryError, table_rows};
use crate::schema::{event_log, events};

/// By position: where the log ends, to be compared when all of it was read.
pub(super) fn positions(
    conn: &mut Conn,
    found: &mut Found,
    doubts: &mut Doubts,
    meter: &mut Meter<'_>,
) -> Queried<Head> {
    let head: Option<(i64, i64)> = event_log::table
        .find(1)
        .select((event_log::position, event_log::forgotten))
        .get_result(conn)
        .optional()?;
    let (head, forgotten) =
        head.ok_or_else(|| QueryError::Broken("the table event_log has no row".into()))?;
    let given = given::last_position(conn)?;
    let mut log = Positions::since(forgotten);
    let positions = events::table
        .order(events::position)
        .select(events::position)
        .load_iter::<i64, Loading>(conn)?;
    for position in positions {
        log.event(position?, found);
        meter.step();
    }
    Ok(log.end(head, given, doubts))
}

/// By conversation.
pub(super) fn conversations(
    conn: &mut Conn,
    found: &mut Found,
    doubts: &mut Doubts,
    meter: &mut Meter<'_>,
) -> Queried<()> {
    let (thing, member) = (table_rows::THING, table_rows::MEMBER);
    let kinds = codes(&[
        EventKind::MessageCreated,
        EventKind::GroupCreated,
        EventKind::GroupDeleted,
        EventKind::MemberAdded,
        EventKind::MemberRoleChanged,
        EventKind::MemberRemoved,
    ]);
    let sql = format!(
        "SELECT c.id AS conversation_id, CAST(0 AS BIGINT) AS position, {thing} AS what, \
         CAST(0 AS BIGINT) AS user_id, CAST(NULL AS TEXT) AS role, \
         CAST(CASE WHEN c.group_id IS NULL THEN 0 WHEN g.deleted_at IS NULL THEN 1 ELSE 2 END \
         AS BIGINT) AS number \
         FROM conversations c LEFT JOIN groups g ON g.id = c.group_id \
         UNION ALL \
         SELECT c.id, 0, {member}, m.user_id, m.role, p.joined_seq FROM group_members m \
         JOIN conversations c ON c.group_id = m.group_id \
         LEFT JOIN participants p ON p.user_id = m.user_id AND p.conversation_id = c.id \
         UNION ALL \
         SELECT coalesce(e.conversation_id, 0), e.position, e.kind, coalesce(e.user_id, 0), e.role, \
         m.seq FROM events e LEFT JOIN messages m ON m.id = e.message_id \
         WHERE e.kind IN ({kinds}) \
         ORDER BY conversation_id, position, what"
    );
    let mut log = Conversations::default();
    let rows = diesel::sql_query(sql).load_iter::<ConversationEntryRow, Loading>(conn)?;
    for row in rows {
        let row = row?;
        let (conversation, position) = (row.conversation_id, row.position);
        log.entry(conversation, position, row.entry()?, found, doubts);
        meter.step();
    }
    log.end(found, doubts);
    Ok(())
}

/// By message.
pub(super) fn messages(
    conn: &mut Conn,
    found: &mut Found,
    doubts: &mut Doubts,
    meter: &mut Meter<'_>,
) -> Queried<()> {
    let (thing, seen, range) = (table_rows::THING, table_rows::SEEN, table_rows::RANGE);
    let marks = [EventKind::MessageSeen, EventKind::MessageSeenUpTo];
    let kinds = codes(&[
        EventKind::MessageCreated,
        EventKind::MessageDeleted,
        marks[0],
        marks[1],
    ]);
    let marks = codes(&marks);
    // A CROSS JOIN keeps SQLite to this order. For the sake of the sort, some versions of it would go
    // through the messages, and for each through all ranges of its conversation.
    let sql = format!(
        "SELECT id AS message_id, CAST(0 AS BIGINT) AS user_id, CAST(0 AS BIGINT) AS position, \
         {thing} AS what, conversation_id, CAST(0 AS BIGINT) AS at, \
         CAST(CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END AS BIGINT) AS number FROM messages \
         UNION ALL \
         SELECT message_id, user_id, 0, {seen}, 0, seen_at, 0 FROM seens \
         UNION ALL \
         SELECT m.id, r.user_id, 0, {range}, r.conversation_id, r.seen_at, r.to_seq \
         FROM seen_ranges r CROSS JOIN messages m \
         WHERE m.conversation_id = r.conversation_id AND m.seq = r.to_seq \
         UNION ALL \
         SELECT coalesce(message_id, 0), \
         CASE WHEN kind IN ({marks}) THEN coalesce(user_id, 0) ELSE 0 END, \
         position, kind, coalesce(conversation_id, 0), at, 0 FROM events WHERE kind IN ({kinds}) \
         ORDER BY message_id, user_id, position, what"
    );
    let mut log = Messages::default();
    let rows = diesel::sql_query(sql).load_iter::<MessageEntryRow, Loading>(conn)?;
    for row in rows {
        let row = row?;
        log.entry(row.message_id, row.position, row.entry()?, found, doubts);
        meter.step();
    }
    log.end(found, doubts);
    Ok(())
}

/// Kinds of events as a list in SQL.
fn codes(kinds: &[EventKind]) -> String {
    let codes: Vec<String> = kinds.iter().map(|kind| kind.code().to_string()).collect();
    codes.join(", ")
}
