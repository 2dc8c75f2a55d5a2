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
use crate::recount::{Found, Meter, Recount};
use crate::rows::Queried;
use crate::schema::{
    conversations, events, group_members, messages, participants, seen_ranges, seens,
};

/// Counts inside the transaction of the caller; with `mending`, mends what it finds and can mend.
///
/// The log comes first: it tells who joined elsewhere than is stored, which the tables alone can't.
pub(in super::super) fn recount(
    conn: &mut Conn,
    mending: bool,
    tell: &mut dyn FnMut(u64, u64),
) -> Queried<Recount> {
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
    let mut found = if mending {
        Found::mending()
    } else {
        Found::looking()
    };

    meter.part(events);
    log::positions(conn, &mut found, &mut meter)?;
    meter.part(by_conversation);
    let doubted = log::conversations(conn, &mut found, &mut meter)?;
    meter.part(by_message);
    log::messages(conn, &mut found, &mut meter)?;
    mend::all(conn, &mut found)?;
    meter.part(in_tables);
    tables::lost(conn, &mut found)?;
    tables::conversations(conn, &doubted, &mut found, &mut meter)?;
    meter.finish();

    (recount.differences, recount.found) = found.into_parts();
    Ok(recount)
}
