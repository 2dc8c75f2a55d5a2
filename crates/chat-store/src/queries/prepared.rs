//! Statements that would be prepared anew each time they run, kept prepared.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};

use super::Conn;

/// A statement with one text. Diesel keeps no UPDATE and no upsert, because one that sets columns only
/// sometimes has many texts; those of the ports always set the same ones.
pub(super) struct Prepared<Q>(pub(super) Q);

impl<Q, DB> QueryFragment<DB> for Prepared<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Prepared<Q> {
    // Found by its text.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<Conn> for Prepared<Q> {}

/// A query of which only a part is wanted.
pub(super) struct Cut<Q> {
    query: Q,
    skip: i64,
    take: i64,
}

/// Cutting a part out of a query, in place of diesel's `limit` and `offset`.
pub(super) trait CutDsl: Sized {
    /// At most `take` rows after the first `skip`.
    fn cut(self, skip: i64, take: i64) -> Cut<Self> {
        Cut {
            query: self,
            skip,
            take,
        }
    }
}

impl<Q: Query> CutDsl for Q {}

impl<Q, DB> QueryFragment<DB> for Cut<Q>
where
    DB: Backend + HasSqlType<BigInt>,
    Q: QueryFragment<DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        // Not the value alone: SQLite plans by the value of a limit, and so prepares the statement anew
        // whenever it is given one, which costs several times as much as to read a page.
        out.push_sql(" LIMIT (");
        out.push_bind_param::<BigInt, _>(&self.take)?;
        out.push_sql(" + 0) OFFSET (");
        out.push_bind_param::<BigInt, _>(&self.skip)?;
        out.push_sql(" + 0)");
        Ok(())
    }
}

impl<Q: QueryId> QueryId for Cut<Q> {
    type QueryId = Cut<Q::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Cut<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<Conn> for Cut<Q> {}
