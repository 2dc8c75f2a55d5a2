//! Looking for much at once: one journey to the database, and a short search by an index for each.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer};

use super::Conn;
use crate::rows::{EventRow, Queried};

/// Each search stops by itself: together they read no more than `take` of each.
const OF: &str = "\
    SELECT e.* FROM unnest($1) AS c(id) CROSS JOIN LATERAL ( \
        SELECT position, kind, conversation_id, message_id, user_id, role, actor_id, at FROM events \
        WHERE conversation_id = c.id AND position > $2 AND position <= $3 ORDER BY position LIMIT $4) e \
    UNION ALL ( \
        SELECT position, kind, conversation_id, message_id, user_id, role, actor_id, at FROM events \
        WHERE conversation_id IS NULL AND position > $2 AND position <= $3 ORDER BY position LIMIT $4) \
    ORDER BY position LIMIT $4";

const ENDS_OF: &str = "\
    SELECT c.id AS conversation_id, e.position, e.kind FROM unnest($1) AS c(id) CROSS JOIN LATERAL ( \
        SELECT position, kind FROM events \
        WHERE conversation_id = c.id AND position <= $2 ORDER BY position DESC LIMIT 1) e";

/// The parts of a list of ids that are looked for in one statement.
pub(super) fn parts(ids: &[i64]) -> impl Iterator<Item = &[i64]> {
    std::iter::once(ids)
}

/// At most `take` entries of these conversations, and of none, after `after` and up to `through`; in order.
pub(super) fn of(
    conn: &mut Conn,
    conversations: &[i64],
    after: i64,
    through: i64,
    take: i64,
) -> Queried<Vec<EventRow>> {
    Ok(diesel::sql_query(OF)
        .bind::<Array<BigInt>, _>(conversations)
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(through)
        .bind::<BigInt, _>(take)
        .load(conn)?)
}

#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = BigInt)]
    conversation_id: i64,
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = Integer)]
    kind: i32,
}

/// The last entry of each of these conversations up to `through`: where, its place, and its kind.
pub(super) fn ends_of(
    conn: &mut Conn,
    conversations: &[i64],
    through: i64,
) -> Queried<Vec<(i64, i64, i32)>> {
    let ends = diesel::sql_query(ENDS_OF)
        .bind::<Array<BigInt>, _>(conversations)
        .bind::<BigInt, _>(through)
        .load::<End>(conn)?;
    let ends = ends.into_iter();
    Ok(ends
        .map(|end| (end.conversation_id, end.position, end.kind))
        .collect())
}
