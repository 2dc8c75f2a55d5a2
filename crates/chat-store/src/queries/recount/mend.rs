//! Writing what must be there in place of what is.

use diesel::prelude::*;

use super::super::{Conn, one};
use crate::recount::{Difference, Found};
use crate::rows::Queried;
use crate::schema::{conversations, event_log, groups, participants, seen_ranges, seens};

/// Mends what was found since the last time, if this is a repair.
pub(super) fn all(conn: &mut Conn, found: &mut Found) -> Queried<()> {
    for difference in found.take_due() {
        let changed = mend(conn, &difference)?;
        one(changed, &difference)?;
        found.mended(difference);
    }
    Ok(())
}

/// Mends one difference; how many rows were changed.
fn mend(conn: &mut Conn, difference: &Difference) -> QueryResult<usize> {
    match *difference {
        Difference::LastSeq {
            conversation, must, ..
        } => diesel::update(conversations::table.find(conversation))
            .set(conversations::last_seq.eq(must))
            .execute(conn),
        Difference::MemberCount { group, must, .. } => diesel::update(groups::table.find(group))
            .set(groups::member_count.eq(must))
            .execute(conn),
        Difference::Cleared {
            conversation,
            user,
            must,
            ..
        } => diesel::update(participants::table.find((user, conversation)))
            .set(participants::cleared.eq(must))
            .execute(conn),
        Difference::SeenThrough {
            conversation,
            user,
            must,
            ..
        } => diesel::update(participants::table.find((user, conversation)))
            .set(participants::seen_through.eq(must))
            .execute(conn),
        Difference::SeenAt {
            message,
            user,
            must,
            ..
        } => diesel::update(seens::table.find((message, user)))
            .set(seens::seen_at.eq(must))
            .execute(conn),
        Difference::RangeSeenAt {
            conversation,
            user,
            to_seq,
            must,
            ..
        } => diesel::update(seen_ranges::table.find((user, conversation, to_seq)))
            .set(seen_ranges::seen_at.eq(must))
            .execute(conn),
        Difference::LogPosition { must, .. } => diesel::update(event_log::table.find(1))
            .set(event_log::position.eq(must))
            .execute(conn),
        _ => Ok(0),
    }
}
