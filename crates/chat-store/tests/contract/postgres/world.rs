//! A store in a database of its own.

use std::sync::Arc;

use chat_store::postgres::migrate;
use chat_store::{PostgresOptions, PostgresStore};
use chat_testing::{Postgres, Template};
use diesel::connection::SimpleConnection;

use crate::harness::Db;

static MIGRATED: Template = Template::new("chat", |url| {
    migrate(&PostgresOptions::new(url)).unwrap();
});

/// A store for the suite; none where there is no PostgreSQL.
pub(crate) fn fresh() -> Option<Db> {
    let database = Postgres::shared()?.database(&MIGRATED);
    // What is copied is one log; each store has one of its own.
    database
        .connect()
        .batch_execute("UPDATE event_log SET log_id = replace(gen_random_uuid()::text, '-', '')")
        .unwrap();
    let options = PostgresOptions::new(database.url()).pool_size(8);
    let store = Arc::new(PostgresStore::open(&options).unwrap());
    Some(Db::new(store, database))
}
