//! Counting everything anew: reads the rows that are counted, in the order in which they are, and
//! mends what was found.
//!
//! It reads every row there is. Nothing of that is held in memory but the rows of one conversation
//! that the count keeps; what has to be sorted, the database sorts.

mod log;
mod mend;
mod tables;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::Conn;
use crate::recount::{Doubts, Found, Meter, Recount, Repair};
use crate::rows::Queried;
use crate::schema::{
    conversations, events, group_members, messages, participants, seen_ranges, seens,
};

/// Counts inside the transaction of the caller.
pub(in super::super) fn recount(
    conn: &mut Conn,
    tell: &mut dyn FnMut(u64, u64),
) -> Queried<Recount> {
    count(conn, &mut Found::looking(), tell)
}

/// Counts, mends what can be mended, and counts once more, inside the transaction of the caller.
pub(in super::super) fn repair(conn: &mut Conn, tell: &mut dyn FnMut(u64, u64)) -> Queried<Repair> {
    let mut found = Found::mending();
    let before = count(conn, &mut found, tell)?;
    Ok(Repair {
        before,
        mended: found.take_mended(),
        after: recount(conn, tell)?,
    })
}

/// The log comes first: it tells what is in doubt, which the tables alone can't.
fn count(conn: &mut Conn, found: &mut Found, tell: &mut dyn FnMut(u64, u64)) -> Queried<Recount> {
    macro_rules! rows {
        ($table:ident) => {{
            let rows: i64 = $table::table.select(count_star()).get_result(conn)?;
            u64::try_from(rows).unwrap_or_default()
        }};
    }
    let mut recount = Recount {
        conversations: rows!(conversations),
        messages: rows!(messages),
        participants: rows!(participants),
        seens: rows!(seens),
        ranges: rows!(seen_ranges),
        events: rows!(events),
        ..Recount::default()
    };
    let Recount {
        conversations,
        messages,
        participants,
        seens,
        ranges,
        events,
        ..
    } = recount;
    let by_conversation = conversations + rows!(group_members) + events;
    let by_message = messages + seens + ranges + events;
    let in_tables = conversations + participants + ranges + messages + seens;
    let total = events + by_conversation + by_message + in_tables;
    let mut meter = Meter::new(total, tell);
    let mut doubts = Doubts::default();

    meter.part(events);
    let head = log::positions(conn, found, &mut doubts, &mut meter)?;
    meter.part(by_conversation);
    log::conversations(conn, found, &mut doubts, &mut meter)?;
    meter.part(by_message);
    log::messages(conn, found, &mut doubts, &mut meter)?;
    head.compare(found);
    mend::all(conn, found)?;
    meter.part(in_tables);
    tables::lost(conn, found)?;
    tables::conversations(conn, &doubts, found, &mut meter)?;
    meter.finish();

    (recount.differences, recount.found) = found.take_parts();
    Ok(recount)
}
