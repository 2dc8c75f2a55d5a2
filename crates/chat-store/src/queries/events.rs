//! The port of the log.

use std::collections::HashMap;

use chat_domain::ports::{Events, EventsRead, StoreResult};
use chat_domain::{
    ConversationId, EventKind, LogId, LogState, LoggedEvent, MessageId, NewEvent, Role, Stay,
    Timestamp, UserId,
};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::prepared::{CutDsl, update};
use super::{Conn, Tx, event_intake, locks, one, strands};
use crate::rows::{EventRow, Place, Queried};
use crate::schema::{event_log, events};

fn state(conn: &mut Conn) -> Queried<LogState> {
    let (id, position, forgotten) = event_log::table
        .find(1)
        .select((event_log::log_id, event_log::position, event_log::forgotten))
        .get_result::<(String, i64, i64)>(conn)?;
    let place = Place::row("event_log", 1);
    Ok(LogState {
        id: place.read("log_id", id.as_str(), LogId::parse)?,
        position,
        forgotten,
    })
}

fn after(conn: &mut Conn, after: i64, take: i64) -> Queried<Vec<LoggedEvent>> {
    let rows = events::table
        .filter(events::position.gt(after))
        .order(events::position)
        .select(EventRow::as_select())
        .cut(0, take)
        .load::<EventRow>(conn)?;
    rows.into_iter().map(LoggedEvent::try_from).collect()
}

/// What an index of its own is of. The kinds stand in it as they are: with bound ones neither database
/// would see that the index has all that is asked for.
fn is_of_membership() -> SqlLiteral<Bool> {
    sql("kind IN (20, 40, 42)")
}

impl EventsRead for Tx<'_> {
    fn log_state(&mut self) -> StoreResult<LogState> {
        self.catch_up()?;
        self.read(state)
    }

    fn events(&mut self, from: i64, take: i64) -> StoreResult<Vec<LoggedEvent>> {
        self.catch_up()?;
        self.read(|conn| after(conn, from, take))
    }

    fn events_by_now(&mut self, from: i64, take: i64) -> StoreResult<(LogState, Vec<LoggedEvent>)> {
        self.read(|conn| Ok((state(conn)?, after(conn, from, take)?)))
    }

    fn events_of(
        &mut self,
        conversations: &[ConversationId],
        after: i64,
        through: i64,
        take: i64,
    ) -> StoreResult<Vec<LoggedEvent>> {
        let conversations: Vec<i64> = conversations.iter().map(|id| id.get()).collect();
        self.read(|conn| {
            let rows = strands::of(conn, &conversations, after, through, take)?;
            rows.into_iter().map(LoggedEvent::try_from).collect()
        })
    }

    fn first_event_of(&mut self, conversation: ConversationId) -> StoreResult<Option<LoggedEvent>> {
        self.read(|conn| {
            let rows = events::table
                .filter(events::conversation_id.eq(conversation.get()))
                .order(events::position)
                .select(EventRow::as_select())
                .cut(0, 1)
                .load::<EventRow>(conn)?;
            let first = rows.into_iter().next();
            first.map(LoggedEvent::try_from).transpose()
        })
    }

    fn stays(&mut self, user: UserId, through: i64) -> StoreResult<Vec<Stay>> {
        self.read(|conn| {
            let rows = events::table
                .filter(events::user_id.eq(user.get()))
                .filter(is_of_membership())
                .filter(events::position.le(through))
                .order(events::position)
                .select(EventRow::as_select())
                .load::<EventRow>(conn)?;
            let mut stays: Vec<Stay> = Vec::new();
            for row in rows {
                let LoggedEvent { position, event } = row.try_into()?;
                let Some(conversation_id) = event.conversation_id else {
                    continue;
                };
                let open = stays
                    .iter_mut()
                    .find(|stay| stay.conversation_id == conversation_id && stay.to.is_none());
                match (event.kind, open) {
                    (EventKind::MemberRemoved, Some(stay)) => stay.to = Some(position),
                    (EventKind::MemberRemoved, None) | (_, Some(_)) => {}
                    (_, None) => stays.push(Stay {
                        conversation_id,
                        from: position,
                        to: None,
                    }),
                }
            }
            // The deletion of a group is the last that happens there, and names none of its members.
            let open: Vec<i64> = stays
                .iter()
                .filter(|stay| stay.to.is_none())
                .map(|stay| stay.conversation_id.get())
                .collect();
            let ends: HashMap<i64, i64> = strands::ends_of(conn, &open, through)?
                .into_iter()
                .filter(|(_, _, kind)| *kind == EventKind::GroupDeleted.code())
                .map(|(conversation, position, _)| (conversation, position))
                .collect();
            for stay in stays.iter_mut().filter(|stay| stay.to.is_none()) {
                stay.to = ends.get(&stay.conversation_id.get()).copied();
            }
            Ok(stays)
        })
    }
}

impl Events for Tx<'_> {
    fn append_event(&mut self, event: &NewEvent) -> StoreResult<()> {
        self.write(|conn| {
            diesel::insert_into(event_intake::table)
                .values((
                    event_intake::kind.eq(event.kind.code()),
                    event_intake::conversation_id
                        .eq(event.conversation_id.map(ConversationId::get)),
                    event_intake::message_id.eq(event.message_id.map(MessageId::get)),
                    event_intake::user_id.eq(event.user_id.map(UserId::get)),
                    event_intake::role.eq(event.role.map(Role::as_str)),
                    event_intake::actor_id.eq(event.actor_id.map(UserId::get)),
                    event_intake::at.eq(event.at.as_micros()),
                ))
                .execute(conn)?;
            Ok(())
        })?;
        self.grow_log();
        Ok(())
    }

    fn forget_events(&mut self, before: Timestamp, most: i64) -> StoreResult<usize> {
        self.write(|conn| {
            locks::log(conn)?;
            let forgotten = state(conn)?.forgotten;
            let old = after(conn, forgotten, most)?;
            let old: Vec<_> = old
                .iter()
                .take_while(|entry| entry.event.at < before)
                .collect();
            let Some(last) = old.last() else {
                return Ok(0);
            };
            let kept = old
                .iter()
                .filter(|entry| entry.event.kind.is_of_membership());
            let kept: Vec<i64> = kept.map(|entry| entry.position).collect();
            diesel::delete(
                events::table
                    .filter(events::position.gt(forgotten))
                    .filter(events::position.le(last.position))
                    .filter(events::position.ne_all(kept)),
            )
            .execute(conn)?;
            let head = event_log::id.eq(1);
            let to = event_log::forgotten.eq(last.position);
            one(update(event_log::table, head, to).execute(conn)?, "the log")?;
            Ok(old.len())
        })
    }
}
