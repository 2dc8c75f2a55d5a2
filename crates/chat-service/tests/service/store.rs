//! The store that a test runs on, whichever it is.

use std::path::Path;
use std::sync::Arc;

use chat_domain::ports::Store;
use chat_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, postgres};
use chat_testing::{Postgres, Template, TestDatabase};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

static MIGRATED: Template = Template::new("chat", |url| {
    postgres::migrate(&PostgresOptions::new(url)).expect("an empty database");
})
// What is copied is one log; each store has one of its own.
.renewed_by("UPDATE event_log SET log_id = replace(gen_random_uuid()::text, '-', '')");

/// How many jobs run at a time, where that is more than one.
const CONNECTIONS: u32 = 4;

/// An open store on an empty database.
pub(crate) enum TestStore {
    Sqlite(Arc<SqliteStore>, Database),
    Postgres(Arc<PostgresStore>, TestDatabase),
}

impl TestStore {
    /// Opens one; if it lies in a file, here.
    pub(crate) fn open(dir: &Path) -> Self {
        if chat_testing::on_postgres() {
            let server = Postgres::shared().expect("PostgreSQL");
            let database = server.database(&MIGRATED);
            let options = PostgresOptions::new(database.url()).pool_size(CONNECTIONS);
            let store = PostgresStore::open(&options).expect("an empty database");
            return Self::Postgres(Arc::new(store), database);
        }
        let file = dir.join("chat.db");
        let store = SqliteStore::open(&SqliteOptions::new(&file)).expect("an empty database");
        Self::Sqlite(Arc::new(store), Database(file.display().to_string()))
    }

    pub(crate) fn port(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store, _) => store.clone(),
            Self::Postgres(store, _) => store.clone(),
        }
    }

    pub(crate) fn close(&self) {
        match self {
            Self::Sqlite(store, _) => store.close(),
            Self::Postgres(store, _) => store.close(),
        }
    }

    pub(crate) fn database(&self) -> Database {
        match self {
            Self::Sqlite(_, database) => database.clone(),
            Self::Postgres(_, database) => Database(database.url().to_owned()),
        }
    }
}

/// Where a database is: a file, or a URL.
#[derive(Clone)]
pub(crate) struct Database(String);

impl Database {
    /// Changes it behind its service's back.
    pub(crate) fn execute(&self, sql: &str) {
        let done = if self.is_postgres() {
            let mut stranger = PgConnection::establish(&self.0).expect("the database opens");
            stranger.batch_execute(sql)
        } else {
            let mut stranger = SqliteConnection::establish(&self.0).expect("the database opens");
            stranger.batch_execute(sql)
        };
        done.expect("it is done");
    }

    /// Bytes, as SQL has them there.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if self.is_postgres() {
            format!("decode('{hex}', 'hex')")
        } else {
            format!("x'{hex}'")
        }
    }

    fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres://")
    }
}
