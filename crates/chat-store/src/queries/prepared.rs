//! Statements that would be prepared anew each time they run, kept prepared.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};

use super::Conn;

/// An UPDATE. Diesel's own is never kept, because one that sets columns only sometimes has many texts;
/// those of the ports always set the same ones.
pub(in super::super) struct Update<F, C, W, I> {
    from: F,
    changes: C,
    filter: W,
    /// The table and the values as they were given, which have ids; what diesel makes of them has none.
    given: PhantomData<I>,
}

/// Changes the rows of the table for which the filter holds.
pub(in super::super) fn update<T, V, W>(
    table: T,
    filter: W,
    changes: V,
) -> Update<T::FromClause, V::Changeset, W, (T, V)>
where
    T: Table + Copy,
    V: AsChangeset<Target = T>,
    W: Expression<SqlType = Bool> + AppearsOnTable<T>,
{
    Update {
        from: table.from_clause(),
        changes: changes.as_changeset(),
        filter,
        given: PhantomData,
    }
}

impl<F, C, W, I, DB> QueryFragment<DB> for Update<F, C, W, I>
where
    DB: Backend,
    F: QueryFragment<DB>,
    C: QueryFragment<DB>,
    W: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.from.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.filter.walk_ast(out.reborrow())
    }
}

/// Found by its type. If it were found by its text, that would be written anew each time it runs.
/// Values that set a column only sometimes have no id, so that they can't be given here.
impl<F, C, W: QueryId, I: QueryId> QueryId for Update<F, C, W, I> {
    type QueryId = Update<(), (), W::QueryId, I::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = W::HAS_STATIC_QUERY_ID && I::HAS_STATIC_QUERY_ID;
}

impl<F, C, W, I> RunQueryDsl<Conn> for Update<F, C, W, I> {}

/// A query of which only a part is wanted.
pub(in super::super) struct Cut<Q> {
    query: Q,
    skip: i64,
    take: i64,
}

/// Cutting a part out of a query, in place of diesel's `limit` and `offset`.
pub(in super::super) trait CutDsl: Sized {
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

/// A query that counts, as a value in another one, of whose rows it knows nothing. Diesel's
/// `single_value` would put a limit on its one row.
pub(super) struct Count<Q>(pub(super) Q);

impl<Q, DB> QueryFragment<DB> for Count<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<Q: QueryId> QueryId for Count<Q> {
    type QueryId = Count<Q::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query<SqlType = BigInt>> Expression for Count<Q> {
    type SqlType = BigInt;
}

impl<Q, T> AppearsOnTable<T> for Count<Q> where Self: Expression {}

impl<Q, T> SelectableExpression<T> for Count<Q> where Self: Expression {}

impl<Q, G> ValidGrouping<G> for Count<Q> {
    type IsAggregate = is_aggregate::Never;
}
