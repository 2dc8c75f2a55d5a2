//! Looking for much at once. Here a search is a call, and one after the other is the shortest way.

use diesel::prelude::*;

use super::Conn;
use super::queries::prepared::CutDsl;
use crate::rows::{EventRow, Queried};
use crate::schema::events;

/// How many ids one statement takes: there is one for each number of them, and all are kept prepared.
const AT_ONCE: usize = 32;

/// The parts of a list of ids that are looked for in one statement.
pub(super) fn parts(ids: &[i64]) -> impl Iterator<Item = &[i64]> {
    ids.chunks(AT_ONCE)
}

/// At most `take` entries of these conversations, and of none, after `after` and up to `through`; in order.
pub(super) fn of(
    conn: &mut Conn,
    conversations: &[i64],
    after: i64,
    through: i64,
    take: i64,
) -> Queried<Vec<EventRow>> {
    macro_rules! entries {
        ($filter:expr) => {
            events::table
                .filter($filter)
                .filter(events::position.gt(after))
                .filter(events::position.le(through))
                .order(events::position)
                .select(EventRow::as_select())
                .cut(0, take)
                .load::<EventRow>(conn)?
        };
    }
    let mut found = entries!(events::conversation_id.is_null());
    for conversation in conversations {
        found.extend(entries!(events::conversation_id.eq(conversation)));
    }
    found.sort_unstable_by_key(|entry| entry.position);
    found.truncate(usize::try_from(take).unwrap_or(usize::MAX));
    Ok(found)
}

/// The last entry of each of these conversations up to `through`: where, its place, and its kind.
pub(super) fn ends_of(
    conn: &mut Conn,
    conversations: &[i64],
    through: i64,
) -> Queried<Vec<(i64, i64, i32)>> {
    let mut ends = Vec::with_capacity(conversations.len());
    for conversation in conversations {
        let last = events::table
            .filter(events::conversation_id.eq(conversation))
            .filter(events::position.le(through))
            .order(events::position.desc())
            .select((events::position, events::kind))
            .cut(0, 1)
            .load::<(i64, i32)>(conn)?;
        let last = last.first();
        ends.extend(last.map(|(position, kind)| (*conversation, *position, *kind)));
    }
    Ok(ends)
}
