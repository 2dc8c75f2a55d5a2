//! The tables, conversation by conversation.

use diesel::prelude::*;

use super::super::{Conn, Loading};
use super::mend;
use crate::recount::conversation::{Conversation, Count, Kind, Message, Participant};
use crate::recount::{Difference, Doubts, Found, Meter};
use crate::rows::{CountedRow, Queried};
use crate::schema::{
    conversations, files, group_members, groups, messages, participants, seen_ranges, seens, users,
};

/// How many rows are read at once.
const PAGE: i64 = 10_000;

/// What no conversation leads to: groups that have none, marks of messages that are not there, and what is
/// left of those who have gone.
pub(super) fn lost(conn: &mut Conn, found: &mut Found) -> Queried<()> {
    let without = groups::table
        .left_join(conversations::table.on(conversations::group_id.eq(groups::id.nullable())))
        .filter(conversations::id.is_null())
        .order(groups::id)
        .select(groups::id)
        .load_iter::<i64, Loading>(conn)?;
    for group in without {
        found.push(Difference::NoConversation { group: group? });
    }
    let marks = seens::table
        .left_join(messages::table.on(messages::id.eq(seens::message_id)))
        .filter(messages::id.is_null())
        .order((seens::message_id, seens::user_id))
        .select((seens::message_id, seens::user_id))
        .load_iter::<(i64, i64), Loading>(conn)?;
    for mark in marks {
        let (message, user) = mark?;
        found.push(Difference::SeenOfNothing { message, user });
    }
    deleted(conn, found)
}

/// What must have gone with a user or a file that was deleted.
fn deleted(conn: &mut Conn, found: &mut Found) -> Queried<()> {
    let members = group_members::table
        .inner_join(users::table.on(users::id.eq(group_members::user_id)))
        .filter(users::deleted_at.is_not_null())
        .order((group_members::group_id, group_members::user_id))
        .select((group_members::group_id, group_members::user_id))
        .load_iter::<(i64, i64), Loading>(conn)?;
    for member in members {
        let (group, user) = member?;
        found.push(Difference::DeletedMember { group, user });
    }
    let avatars = users::table
        .left_join(files::table.on(files::id.nullable().eq(users::avatar_file_id)))
        .filter(users::avatar_file_id.is_not_null())
        .filter(
            users::deleted_at
                .is_not_null()
                .or(files::id.nullable().is_null())
                .or(files::deleted_at.nullable().is_not_null()),
        )
        .order(users::id)
        .select((users::id, users::avatar_file_id.assume_not_null()))
        .load_iter::<(i64, i64), Loading>(conn)?;
    for avatar in avatars {
        let (user, file) = avatar?;
        found.push(Difference::Avatar { user, file });
    }
    Ok(())
}

/// Counts every conversation, and mends it before the next.
pub(super) fn conversations(
    conn: &mut Conn,
    doubts: &Doubts,
    found: &mut Found,
    meter: &mut Meter<'_>,
) -> Queried<()> {
    let mut after = i64::MIN;
    loop {
        let page: Vec<CountedRow> = conversations::table
            .left_join(groups::table.on(conversations::group_id.eq(groups::id.nullable())))
            .filter(conversations::id.gt(after))
            .order(conversations::id)
            .limit(PAGE)
            .select((
                conversations::id,
                conversations::group_id,
                conversations::low_user_id,
                conversations::high_user_id,
                conversations::last_seq,
                groups::deleted_at.nullable(),
                groups::member_count.nullable(),
            ))
            .load(conn)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.id;
        for row in page {
            let conversation = Conversation::try_from(row)?;
            let mut count = begin(conn, conversation, found, meter)?;
            read_messages(conn, conversation.id, &mut count, found, meter)?;
            count.end(doubts, found);
            mend::all(conn, found)?;
            meter.step();
        }
    }
}

/// Who takes part, who is a member, and what was marked as ranges.
fn begin(
    conn: &mut Conn,
    conversation: Conversation,
    found: &mut Found,
    meter: &mut Meter<'_>,
) -> Queried<Count> {
    let taking_part: Vec<Participant> = participants::table
        .filter(participants::conversation_id.eq(conversation.id))
        .order(participants::user_id)
        .select((
            participants::user_id,
            participants::joined_seq,
            participants::seen_through,
            participants::cleared,
        ))
        .load_iter::<(i64, i64, i64, i64), Loading>(conn)?
        .map(|row| {
            let (user, joined_seq, seen_through, cleared) = row?;
            meter.step();
            Ok(Participant {
                user,
                joined_seq,
                seen_through,
                cleared,
            })
        })
        .collect::<QueryResult<_>>()?;
    let members = match conversation.kind {
        Kind::Direct { .. } => Vec::new(),
        Kind::Group { id, .. } => group_members::table
            .filter(group_members::group_id.eq(id))
            .order(group_members::user_id)
            .select(group_members::user_id)
            .load(conn)?,
    };
    let ranges: Vec<(i64, (i64, i64))> = seen_ranges::table
        .filter(seen_ranges::conversation_id.eq(conversation.id))
        .order((seen_ranges::user_id, seen_ranges::to_seq))
        .select((
            seen_ranges::user_id,
            (seen_ranges::from_seq, seen_ranges::to_seq),
        ))
        .load_iter::<(i64, (i64, i64)), Loading>(conn)?
        .inspect(|_| meter.step())
        .collect::<QueryResult<_>>()?;
    Ok(Count::begin(
        conversation,
        taking_part,
        members,
        ranges,
        found,
    ))
}

/// The messages of a conversation by place, and who has marked them by name.
fn read_messages(
    conn: &mut Conn,
    conversation: i64,
    count: &mut Count,
    found: &mut Found,
    meter: &mut Meter<'_>,
) -> Queried<()> {
    let mut first = i64::MIN;
    loop {
        let page: Vec<(i64, i64, i64, bool)> = messages::table
            .filter(messages::conversation_id.eq(conversation))
            .filter(messages::seq.ge(first))
            .order(messages::seq)
            .limit(PAGE)
            .select((
                messages::id,
                messages::seq,
                messages::sender_id,
                messages::deleted_at.is_null(),
            ))
            .load(conn)?;
        let Some((_, through, ..)) = page.last().copied() else {
            return Ok(());
        };
        for row in &page {
            count.message(&message(*row), found);
            meter.step();
        }
        let marks = messages::table
            .inner_join(seens::table.on(seens::message_id.eq(messages::id)))
            .filter(messages::conversation_id.eq(conversation))
            .filter(messages::seq.ge(first))
            .filter(messages::seq.le(through))
            .select((
                (
                    messages::id,
                    messages::seq,
                    messages::sender_id,
                    messages::deleted_at.is_null(),
                ),
                seens::user_id,
            ))
            .load_iter::<((i64, i64, i64, bool), i64), Loading>(conn)?;
        for mark in marks {
            let (row, user) = mark?;
            count.seen(&message(row), user, found);
            meter.step();
        }
        let Some(next) = through.checked_add(1) else {
            return Ok(());
        };
        first = next;
    }
}

const fn message((id, seq, sender, living): (i64, i64, i64, bool)) -> Message {
    Message {
        id,
        seq,
        sender,
        living,
    }
}
