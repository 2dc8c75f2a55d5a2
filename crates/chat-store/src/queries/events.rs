//! The port of the log.

use chat_domain::ports::{Events, EventsRead, StoreResult};
use chat_domain::{
    ConversationId, EventKind, LogId, LogState, LoggedEvent, MessageId, NewEvent, Role, Stay,
    Timestamp, UserId,
};
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Conn, Tx, event_intake, one};
use crate::rows::{EventRow, Place, Queried};
use crate::schema::{event_log, events};

/// Entries of the log; narrowed by the caller.
macro_rules! entries {
    ($conn:expr, $take:expr, $filter:expr) => {
        events::table
            .filter($filter)
            .order(events::position)
            .select(EventRow::as_select())
            .cut(0, $take)
            .load($conn)?
            .into_iter()
            .map(LoggedEvent::try_from)
            .collect::<Queried<Vec<_>>>()
    };
}

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
    entries!(conn, take, events::position.gt(after))
}

/// The last entry of a conversation up to `through`.
fn last_of(
    conn: &mut Conn,
    conversation: ConversationId,
    through: i64,
) -> Queried<Option<(i64, i32)>> {
    Ok(events::table
        .filter(events::conversation_id.eq(conversation.get()))
        .filter(events::position.le(through))
        .order(events::position.desc())
        .select((events::position, events::kind))
        .cut(0, 1)
        .load::<(i64, i32)>(conn)?
        .pop())
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
        self.read(|conn| {
            let range = events::position.gt(after).and(events::position.le(through));
            let mut found = entries!(conn, take, events::conversation_id.is_null().and(range))?;
            for conversation in conversations {
                let here = events::conversation_id.eq(conversation.get());
                found.extend(entries!(conn, take, here.and(range))?);
            }
            found.sort_unstable_by_key(|entry| entry.position);
            found.truncate(usize::try_from(take).unwrap_or(usize::MAX));
            Ok(found)
        })
    }

    fn stays(&mut self, user: UserId, through: i64) -> StoreResult<Vec<Stay>> {
        self.read(|conn| {
            let kinds = [
                EventKind::GroupCreated,
                EventKind::MemberAdded,
                EventKind::MemberRemoved,
            ];
            let rows = events::table
                .filter(events::user_id.eq(user.get()))
                .filter(events::kind.eq_any(kinds.map(EventKind::code)))
                .filter(events::position.le(through))
                .order(events::position)
                .select(EventRow::as_select())
                .load(conn)?;
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
            for stay in stays.iter_mut().filter(|stay| stay.to.is_none()) {
                if let Some((position, kind)) = last_of(conn, stay.conversation_id, through)?
                    && kind == EventKind::GroupDeleted.code()
                {
                    stay.to = Some(position);
                }
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
