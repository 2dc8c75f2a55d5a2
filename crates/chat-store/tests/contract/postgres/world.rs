//! Stores in a database of its own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use chat_domain::ports::{Outcome, StoreResult, Verdict, WriteTx};
use chat_store::postgres::{NativeJob, migrate};
use chat_store::{PostgresOptions, PostgresStore, PostgresTx};
use chat_testing::{Postgres, Template, TestDatabase};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use crate::harness::{Db, Ended, Pending, begin};

static MIGRATED: Template = Template::new("chat", |url| {
    migrate(&PostgresOptions::new(url)).unwrap();
});

static EMPTY: Template = Template::new("empty", |_| {});

/// A store for the suite; none where there is no PostgreSQL.
pub(crate) fn fresh() -> Option<Db> {
    let world = World::new()?;
    let node = world.node();
    Some(Db::new(node, world))
}

/// A database, and stores over it.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
}

impl World {
    /// In the schema of this version.
    pub(crate) fn new() -> Option<Self> {
        Some(Self::on(Postgres::shared()?))
    }

    /// On a server of the test's own.
    pub(crate) fn on(server: &Postgres) -> Self {
        let world = Self {
            database: server.database(&MIGRATED),
        };
        // What is copied is one log; each database has one of its own.
        world.execute("UPDATE event_log SET log_id = replace(gen_random_uuid()::text, '-', '')");
        world
    }

    /// Without any table.
    pub(crate) fn empty() -> Option<Self> {
        Some(Self {
            database: Postgres::shared()?.database(&EMPTY),
        })
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::new(self.database.url()).pool_size(8)
    }

    /// One more node.
    pub(crate) fn node(&self) -> Arc<PostgresStore> {
        self.node_with(|options| options)
    }

    pub(crate) fn node_with(
        &self,
        change: impl FnOnce(PostgresOptions) -> PostgresOptions,
    ) -> Arc<PostgresStore> {
        Arc::new(PostgresStore::open(&change(self.options())).unwrap())
    }

    /// A connection of a stranger.
    pub(crate) fn stranger(&self) -> PgConnection {
        self.database.connect()
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.stranger().batch_execute(sql).unwrap();
    }

    /// The one number that a query gives.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        number(&mut self.stranger(), sql)
    }

    /// Ends every connection of nodes, as a server that goes down does.
    pub(crate) fn cut_off(&self) {
        self.number(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'chat-server'",
        );
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// The one number that a query gives.
pub(crate) fn number(conn: &mut PgConnection, sql: &str) -> i64 {
    let sql = format!("SELECT ({sql})::bigint AS number");
    let row: Number = diesel::sql_query(sql).get_result(conn).unwrap();
    row.number
}

/// The store as the suite's helpers know it.
pub(crate) fn db(store: &Arc<PostgresStore>) -> Db {
    Db::new(store.clone(), ())
}

/// A write that stays inside its transaction until it is let go on.
pub(crate) struct Held<T> {
    go_on: Sender<()>,
    pending: Pending<T>,
}

/// Begins a write, and returns when the first part of it is done.
pub(crate) fn hold<T: Send + 'static>(
    store: &Arc<PostgresStore>,
    mut first: impl FnMut(&mut dyn WriteTx) -> StoreResult<T> + Send + 'static,
) -> Held<T> {
    let (inside, is_inside) = channel();
    let (go_on, wait) = channel::<()>();
    let pending = begin(&**store, move |tx| {
        let done = first(tx)?;
        inside.send(()).unwrap();
        // Ends by the other end's drop too.
        let _ = wait.recv();
        Ok(done)
    })
    .unwrap();
    is_inside.recv().unwrap();
    Held { go_on, pending }
}

impl<T> Held<T> {
    /// Lets it go on, and tells what became of it.
    pub(crate) fn end(self) -> Ended {
        let _ = self.go_on.send(());
        self.pending.ended()
    }
}

struct Native<F>(F, Sender<Ended>);

impl<F> NativeJob for Native<F>
where
    F: FnMut(&mut PostgresTx<'_>) -> Verdict + Send,
{
    fn run(&mut self, tx: &mut PostgresTx<'_>) -> Verdict {
        (self.0)(tx)
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        self.1.send(outcome.into()).unwrap();
    }
}

/// Runs a native write to its end.
pub(crate) fn native(
    store: &PostgresStore,
    work: impl FnMut(&mut PostgresTx<'_>) -> Verdict + Send + 'static,
) -> Ended {
    let (ended, wait): (_, Receiver<Ended>) = channel();
    let accepted = store.submit_native(Box::new(Native(work, ended)));
    assert!(accepted.is_ok());
    wait.recv().unwrap()
}
