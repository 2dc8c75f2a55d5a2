//! Statements without parameters for which diesel has no types. Sent as text they would be parsed each
//! time; as types of their own they are prepared once for each connection.

macro_rules! statement {
    ($name:ident, $sql:literal) => {
        struct $name;

        impl diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
            ) -> diesel::result::QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::RunQueryDsl<diesel::sqlite::SqliteConnection> for $name {}
    };
}

pub(super) use statement;
