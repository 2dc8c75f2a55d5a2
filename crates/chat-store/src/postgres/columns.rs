//! Statements over many rows, which are given as arrays: one for each column.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};

/// A column of the rows that are given.
pub(super) enum Column<'a> {
    Numbers(Vec<i64>),
    PerhapsNumbers(Vec<Option<i64>>),
    Codes(Vec<i32>),
    Texts(Vec<&'a str>),
    PerhapsTexts(Vec<Option<&'a str>>),
}

/// The text of a statement, whose columns stand between its parts; and what its rows are.
pub(super) trait Sql: 'static {
    const PARTS: &'static [&'static str];
    type Row;
}

/// A statement and the rows that are given to it. Found by its type, it is prepared once.
pub(super) struct Over<'a, S> {
    columns: Vec<Column<'a>>,
    sql: PhantomData<S>,
}

impl<'a, S: Sql> Over<'a, S> {
    pub(super) fn new(columns: Vec<Column<'a>>) -> Self {
        debug_assert_eq!(columns.len() + 1, S::PARTS.len());
        Self {
            columns,
            sql: PhantomData,
        }
    }
}

impl<S: Sql> QueryFragment<Pg> for Over<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut columns = self.columns.iter();
        for part in S::PARTS {
            out.push_sql(part);
            match columns.next() {
                None => {}
                Some(Column::Numbers(given)) => out.push_bind_param::<Array<BigInt>, _>(given)?,
                Some(Column::PerhapsNumbers(given)) => {
                    out.push_bind_param::<Array<Nullable<BigInt>>, _>(given)?;
                }
                Some(Column::Codes(given)) => out.push_bind_param::<Array<Integer>, _>(given)?,
                Some(Column::Texts(given)) => out.push_bind_param::<Array<Text>, _>(given)?,
                Some(Column::PerhapsTexts(given)) => {
                    out.push_bind_param::<Array<Nullable<Text>>, _>(given)?;
                }
            }
        }
        Ok(())
    }
}

impl<S: Sql> QueryId for Over<'_, S> {
    type QueryId = S;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Sql> Query for Over<'_, S> {
    type SqlType = S::Row;
}

impl<S> RunQueryDsl<PgConnection> for Over<'_, S> {}
