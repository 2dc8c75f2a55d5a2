//! The port of conversations and of who takes part in them.

use chat_domain::ports::{
    Conversations, ConversationsRead, GroupsRead, MembersRead, MessagesRead, StoreResult, UsersRead,
};
use chat_domain::{
    Conversation, ConversationId, ConversationKind, DirectPair, GroupId, Overview, Page, PageLimit,
    Participant, Seq, Timeline, Timestamp, UserId, With,
};
use diesel::prelude::*;

use super::facts::{OfGroup, OfPair};
use super::prepared::{CutDsl, update};
use super::{Conn, Tx, locks, one, strands};
use crate::rows::{ConversationRow, ParticipantRow, Place, Queried, QueryError};
use crate::schema::{conversations, groups, participants};

impl ConversationsRead for Tx<'_> {
    fn conversation(&mut self, id: ConversationId) -> StoreResult<Option<Conversation>> {
        self.read(|conn| by_id(conn, id))
    }

    fn direct_conversation(&mut self, pair: DirectPair) -> StoreResult<Option<Conversation>> {
        self.read(|conn| by_pair(conn, pair))
    }

    fn kinds_of(
        &mut self,
        ids: &[ConversationId],
    ) -> StoreResult<Vec<(ConversationId, ConversationKind)>> {
        self.read(|conn| {
            let numbers: Vec<i64> = ids.iter().map(|id| id.get()).collect();
            let mut kinds = Vec::with_capacity(ids.len());
            for part in strands::parts(&numbers) {
                let rows = conversations::table
                    .filter(conversations::id.eq_any(part))
                    .select(ConversationRow::as_select())
                    .load::<ConversationRow>(conn)?;
                for row in rows {
                    let Conversation { id, kind, .. } = row.try_into()?;
                    kinds.push((id, kind));
                }
            }
            Ok(kinds)
        })
    }

    fn directs(&mut self, user: UserId) -> StoreResult<Vec<(ConversationId, UserId)>> {
        self.read(|conn| {
            let rows = participants::table
                .inner_join(
                    conversations::table.on(conversations::id.eq(participants::conversation_id)),
                )
                .filter(participants::user_id.eq(user.get()))
                .filter(conversations::group_id.is_null())
                .order(participants::conversation_id)
                .select(ConversationRow::as_select())
                .load::<ConversationRow>(conn)?;
            let mut directs = Vec::with_capacity(rows.len());
            for row in rows {
                let Conversation { id, kind, .. } = row.try_into()?;
                if let ConversationKind::Direct(pair) = kind {
                    let peer = if pair.low() == user {
                        pair.high()
                    } else {
                        pair.low()
                    };
                    directs.push((id, peer));
                }
            }
            Ok(directs)
        })
    }

    fn overviews(
        &mut self,
        user: UserId,
        after: Option<ConversationId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Overview>> {
        let after = after.map_or(0, ConversationId::get);
        let rows = self.read(|conn| {
            let parts = participants::table
                .inner_join(
                    conversations::table.on(conversations::id.eq(participants::conversation_id)),
                )
                .filter(participants::user_id.eq(user.get()))
                .filter(participants::conversation_id.gt(after))
                .order(participants::conversation_id)
                .select((ConversationRow::as_select(), participants::cleared))
                .cut(0, limit.get() + 1)
                .load::<(ConversationRow, i64)>(conn)?;
            let mut rows = Vec::with_capacity(parts.len());
            for (row, cleared) in parts {
                rows.push((Conversation::try_from(row)?, cleared));
            }
            Ok(rows)
        })?;
        let most = usize::try_from(limit.get()).unwrap_or(0);
        let more = rows.len() > most;
        let mut items = Vec::new();
        for (conversation, cleared) in rows.into_iter().take(most) {
            let Conversation { id, kind, last_seq } = conversation;
            let with = match kind {
                ConversationKind::Direct(pair) => {
                    let peer = if pair.low() == user {
                        pair.high()
                    } else {
                        pair.low()
                    };
                    self.any_user(peer)?.map(With::User)
                }
                ConversationKind::Group(group) => {
                    let role = self.role(group, user)?;
                    let group = self.group(group)?;
                    group
                        .zip(role)
                        .map(|(group, role)| With::Group { group, role })
                }
            };
            let Some(with) = with else { continue };
            let last = self.messages_older(Timeline::Conversation(id), None, 0, 1)?;
            items.push(Overview {
                conversation_id: id,
                with,
                last_seq,
                last_message: last.into_iter().next(),
                unseen_count: last_seq.get() - cleared,
            });
        }
        Ok(Page { items, more })
    }

    fn participant(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> StoreResult<Option<Participant>> {
        self.read(|conn| participant(conn, conversation, user))
    }
}

impl Conversations for Tx<'_> {
    fn lock_conversation(&mut self, id: ConversationId) -> StoreResult<Option<Conversation>> {
        self.read(|conn| {
            locks::conversation(conn, id)?;
            by_id(conn, id)
        })
    }

    fn lock_group_conversation(&mut self, group: GroupId) -> StoreResult<Option<Conversation>> {
        self.known(OfGroup(group), |conn| {
            locks::group_conversation(conn, group)?;
            by_group(conn, group)
        })
    }

    fn lock_or_open_direct(
        &mut self,
        pair: DirectPair,
        at: Timestamp,
    ) -> StoreResult<Conversation> {
        let lock = |conn: &mut Conn| {
            locks::direct_conversation(conn, pair)?;
            by_pair(conn, pair)
        };
        if let Some(conversation) = self.known(OfPair(pair), lock)? {
            return Ok(conversation);
        }
        self.write(|conn| match open_direct(conn, pair, at)? {
            Some(conversation) => Ok(conversation),
            // Opened by another between the look and the insert: theirs is the one.
            None => lock(conn)?.ok_or_else(|| {
                let (low, high) = (pair.low(), pair.high());
                QueryError::Broken(format!("users {low} and {high} have half a conversation"))
            }),
        })
    }

    fn lock_participant(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> StoreResult<Option<Participant>> {
        self.read(|conn| {
            locks::participant(conn, conversation, user)?;
            participant(conn, conversation, user)
        })
    }

    fn insert_participant(&mut self, participant: &Participant) -> StoreResult<()> {
        self.write(|conn| insert(conn, participant))
    }

    fn update_participant(&mut self, participant: &Participant) -> StoreResult<()> {
        self.write(|conn| {
            let Participant {
                user_id,
                conversation_id,
                ..
            } = participant;
            let this = participants::user_id
                .eq(user_id.get())
                .and(participants::conversation_id.eq(conversation_id.get()));
            let changes = (
                participants::joined_seq.eq(participant.joined_seq.get()),
                participants::seen_through.eq(participant.seen_through.get()),
                participants::cleared.eq(participant.cleared),
            );
            let changed = update(participants::table, this, changes).execute(conn)?;
            one(
                changed,
                format_args!("participant {user_id} of conversation {conversation_id}"),
            )
        })
    }

    fn delete_participant(
        &mut self,
        conversation: ConversationId,
        user: UserId,
    ) -> StoreResult<()> {
        self.write(|conn| {
            let deleted =
                diesel::delete(participants::table.find((user.get(), conversation.get())))
                    .execute(conn)?;
            one(
                deleted,
                format_args!("participant {user} of conversation {conversation}"),
            )
        })
    }
}

/// Living conversations: of two users, or of a group that was not deleted. Narrowed by the caller.
macro_rules! living {
    () => {
        conversations::table
            .left_join(groups::table.on(conversations::group_id.eq(groups::id.nullable())))
            .filter(groups::deleted_at.is_null())
            .select(ConversationRow::as_select())
    };
}

fn by_id(conn: &mut Conn, id: ConversationId) -> Queried<Option<Conversation>> {
    whole(
        living!()
            .filter(conversations::id.eq(id.get()))
            .get_result(conn),
    )
}

fn by_group(conn: &mut Conn, group: GroupId) -> Queried<Option<Conversation>> {
    whole(
        living!()
            .filter(conversations::group_id.eq(group.get()))
            .get_result(conn),
    )
}

fn by_pair(conn: &mut Conn, pair: DirectPair) -> Queried<Option<Conversation>> {
    let found = conversations::table
        .filter(conversations::low_user_id.eq(pair.low().get()))
        .filter(conversations::high_user_id.eq(pair.high().get()))
        .select(ConversationRow::as_select())
        .get_result(conn);
    whole(found)
}

fn whole(found: QueryResult<ConversationRow>) -> Queried<Option<Conversation>> {
    let row = found.optional()?;
    row.map(Conversation::try_from).transpose()
}

/// Makes the conversation of two users, in which both take part from its start; none if there is one.
fn open_direct(conn: &mut Conn, pair: DirectPair, at: Timestamp) -> Queried<Option<Conversation>> {
    let id: Option<i64> = diesel::insert_into(conversations::table)
        .values((
            conversations::low_user_id.eq(pair.low().get()),
            conversations::high_user_id.eq(pair.high().get()),
            conversations::created_at.eq(at.as_micros()),
        ))
        .on_conflict_do_nothing()
        .returning(conversations::id)
        .get_result(conn)
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    let id = Place::row("conversations", id).read("id", id, ConversationId::parse)?;
    for user in [pair.low(), pair.high()] {
        insert(conn, &Participant::joining(id, user, Seq::START))?;
    }
    Ok(Some(Conversation {
        id,
        kind: ConversationKind::Direct(pair),
        last_seq: Seq::START,
    }))
}

fn participant(
    conn: &mut Conn,
    conversation: ConversationId,
    user: UserId,
) -> Queried<Option<Participant>> {
    participants::table
        .find((user.get(), conversation.get()))
        .select(ParticipantRow::as_select())
        .get_result(conn)
        .optional()?
        .map(Participant::try_from)
        .transpose()
}

fn insert(conn: &mut Conn, participant: &Participant) -> Queried<()> {
    diesel::insert_into(participants::table)
        .values((
            participants::user_id.eq(participant.user_id.get()),
            participants::conversation_id.eq(participant.conversation_id.get()),
            participants::joined_seq.eq(participant.joined_seq.get()),
            participants::seen_through.eq(participant.seen_through.get()),
            participants::cleared.eq(participant.cleared),
        ))
        .execute(conn)?;
    Ok(())
}
