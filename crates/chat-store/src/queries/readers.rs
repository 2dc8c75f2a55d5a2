//! Who has seen a place of a conversation within a range.
//!
//! A reader who marks often has many ranges, and only the first that ends at the place or after it
//! counts. So the index is not scanned but walked: from a reader straight to the next one, and
//! into each reader's ranges at the place. The cost grows with the readers, never with their ranges.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};

use super::Conn;

/// Readers with a range over `seq`, by id, who have not marked the message by name. A query of its own
/// type, and not text, so that it is prepared once.
pub(super) struct RangeReaders {
    pub(super) conversation: i64,
    pub(super) message: i64,
    pub(super) seq: i64,
    pub(super) sender: i64,
    pub(super) after: i64,
    pub(super) take: i64,
}

impl<DB> QueryFragment<DB> for RangeReaders
where
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "WITH RECURSIVE reader (user_id) AS (\
             SELECT min(user_id) FROM seen_ranges WHERE conversation_id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.conversation)?;
        out.push_sql(" AND user_id > ");
        out.push_bind_param::<BigInt, _>(&self.after)?;
        out.push_sql(
            " UNION ALL SELECT (\
             SELECT min(r.user_id) FROM seen_ranges r WHERE r.conversation_id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.conversation)?;
        out.push_sql(
            " AND r.user_id > reader.user_id) FROM reader WHERE reader.user_id IS NOT NULL\
             ), covered (user_id, seen_at) AS (\
             SELECT reader.user_id, (\
             SELECT CASE WHEN r.from_seq <= ",
        );
        out.push_bind_param::<BigInt, _>(&self.seq)?;
        out.push_sql(" THEN r.seen_at END FROM seen_ranges r WHERE r.conversation_id = ");
        out.push_bind_param::<BigInt, _>(&self.conversation)?;
        out.push_sql(" AND r.user_id = reader.user_id AND r.to_seq >= ");
        out.push_bind_param::<BigInt, _>(&self.seq)?;
        out.push_sql(
            " ORDER BY r.to_seq LIMIT 1) FROM reader WHERE reader.user_id IS NOT NULL\
             ) SELECT user_id, seen_at FROM covered \
             WHERE seen_at IS NOT NULL AND user_id <> ",
        );
        out.push_bind_param::<BigInt, _>(&self.sender)?;
        out.push_sql(
            " AND NOT EXISTS (SELECT 1 FROM seens s WHERE s.user_id = covered.user_id \
             AND s.message_id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.message)?;
        // The walk goes up by user id. Sorting would first finish it; this way the limit ends it.
        // It is no bare value for the same reason as that of a `Cut`.
        out.push_sql(") LIMIT (");
        out.push_bind_param::<BigInt, _>(&self.take)?;
        out.push_sql(" + 0)");
        Ok(())
    }
}

impl QueryId for RangeReaders {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for RangeReaders {
    type SqlType = (BigInt, BigInt);
}

impl RunQueryDsl<Conn> for RangeReaders {}
