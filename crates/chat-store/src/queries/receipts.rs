//! The port of read receipts and unseen counts.

use chat_domain::ports::{Receipts, ReceiptsRead, StoreResult};
use chat_domain::{
    ConversationId, Message, MessageId, Page, PageLimit, Receipt, SeenRange, Seq, Timestamp,
    Unseen, UserId,
};
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;

use super::Tx;
use super::prepared::{Count, CutDsl};
use super::readers::RangeReaders;
use crate::rows::{Place, Queried, ReceiptRow, UnseenRow};
use crate::schema::{conversations, groups, messages, participants, seen_ranges, seens, users};

/// Living messages of a conversation after a place, neither the user's own nor marked by it by name.
macro_rules! unmarked {
    ($conversation:expr, $user:expr, $after:expr) => {
        messages::table
            .filter(messages::conversation_id.eq($conversation.get()))
            .filter(messages::seq.gt($after.get()))
            .filter(messages::deleted_at.is_null())
            .filter(messages::sender_id.ne($user.get()))
            .filter(not(exists(
                seens::table
                    .filter(seens::message_id.eq(messages::id))
                    .filter(seens::user_id.eq($user.get())),
            )))
            .select(count_star())
    };
}

impl ReceiptsRead for Tx<'_> {
    fn seen_at(&mut self, message: &Message, user: UserId) -> StoreResult<Option<Timestamp>> {
        self.read(|conn| {
            let by_name = seens::table
                .find((message.id.get(), user.get()))
                .select(seens::seen_at)
                .get_result::<i64>(conn)
                .optional()?;
            if let Some(at) = by_name {
                return Ok(Some(Timestamp::from_micros(at)));
            }
            let range = seen_ranges::table
                .filter(seen_ranges::user_id.eq(user.get()))
                .filter(seen_ranges::conversation_id.eq(message.conversation_id.get()))
                .filter(seen_ranges::to_seq.ge(message.seq.get()))
                .order(seen_ranges::to_seq)
                .select((seen_ranges::from_seq, seen_ranges::seen_at))
                .cut(0, 1)
                .get_result::<(i64, i64)>(conn)
                .optional()?;
            Ok(range
                .filter(|(from, _)| *from <= message.seq.get())
                .map(|(_, at)| Timestamp::from_micros(at)))
        })
    }

    fn receipts(
        &mut self,
        message: &Message,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Receipt>> {
        self.read(|conn| {
            let after = after.map_or(0, UserId::get);
            let take = limit.get() + 1;
            let by_name = seens::table
                .filter(seens::message_id.eq(message.id.get()))
                .filter(seens::user_id.gt(after))
                .filter(seens::user_id.ne(message.sender_id.get()))
                .order(seens::user_id)
                .select((seens::user_id, seens::seen_at))
                .cut(0, take)
                .load::<ReceiptRow>(conn)?;
            let by_range = RangeReaders {
                conversation: message.conversation_id.get(),
                message: message.id.get(),
                seq: message.seq.get(),
                sender: message.sender_id.get(),
                after,
                take,
            }
            .load::<ReceiptRow>(conn)?;

            let named = by_name
                .into_iter()
                .map(|row| row.of("seens", message.id.get()));
            let ranged = by_range
                .into_iter()
                .map(|row| row.of("seen_ranges", message.conversation_id.get()));
            let mut readers = named.chain(ranged).collect::<Queried<Vec<Receipt>>>()?;
            readers.sort_unstable_by_key(|receipt| receipt.user_id);
            Ok(Page::cut(readers, limit))
        })
    }

    fn unseen(&mut self, user: UserId) -> StoreResult<Unseen> {
        self.read(|conn| {
            let count = conversations::last_seq - participants::cleared;
            // The one of the pair that is not the user.
            let peer = conversations::low_user_id + conversations::high_user_id - user.get();
            let latest = messages::conversation_id
                .eq(conversations::id)
                .and(messages::seq.eq(conversations::last_seq));
            let rows = participants::table
                .inner_join(
                    conversations::table.on(conversations::id.eq(participants::conversation_id)),
                )
                .inner_join(messages::table.on(latest))
                .left_join(groups::table.on(groups::id.nullable().eq(conversations::group_id)))
                .left_join(users::table.on(users::id.nullable().eq(peer)))
                .filter(participants::user_id.eq(user.get()))
                .filter(count.gt(0))
                // Ids order messages across conversations; deleted ones keep theirs.
                .order(messages::id.desc())
                .select((
                    conversations::id,
                    count,
                    (groups::id, groups::name).nullable(),
                    (users::id, users::username).nullable(),
                ))
                .load::<UnseenRow>(conn)?;
            let mut unseen = Unseen::default();
            for row in rows {
                row.add_to(&mut unseen)?;
            }
            Ok(unseen)
        })
    }
}

impl Receipts for Tx<'_> {
    fn insert_seen(&mut self, message: MessageId, user: UserId, at: Timestamp) -> StoreResult<()> {
        self.write(|conn| {
            diesel::insert_into(seens::table)
                .values((
                    seens::message_id.eq(message.get()),
                    seens::user_id.eq(user.get()),
                    seens::seen_at.eq(at.as_micros()),
                ))
                .execute(conn)?;
            Ok(())
        })
    }

    fn insert_seen_range(&mut self, range: &SeenRange) -> StoreResult<()> {
        self.write(|conn| {
            diesel::insert_into(seen_ranges::table)
                .values((
                    seen_ranges::user_id.eq(range.user_id.get()),
                    seen_ranges::conversation_id.eq(range.conversation_id.get()),
                    seen_ranges::to_seq.eq(range.to.get()),
                    seen_ranges::from_seq.eq(range.from.get()),
                    seen_ranges::seen_at.eq(range.seen_at.as_micros()),
                ))
                .execute(conn)?;
            Ok(())
        })
    }

    fn count_unmarked(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        after: Seq,
        through: Seq,
    ) -> StoreResult<i64> {
        self.read(|conn| {
            Ok(unmarked!(conversation, user, after)
                .filter(messages::seq.le(through.get()))
                .get_result(conn)?)
        })
    }

    fn count_unmarked_tail(
        &mut self,
        conversation: ConversationId,
        user: UserId,
        after: Seq,
    ) -> StoreResult<(Seq, i64)> {
        self.read(|conn| {
            let place = Place::row("conversations", conversation.get());
            // One statement, so that both are of one moment on every backend.
            let found = conversations::table
                .find(conversation.get())
                .select((
                    conversations::last_seq,
                    Count(unmarked!(conversation, user, after)),
                ))
                .get_result::<(i64, i64)>(conn)
                .optional()?;
            let (last_seq, count) = place.required("id", found)?;
            Ok((place.read("last_seq", last_seq, Seq::parse)?, count))
        })
    }
}
