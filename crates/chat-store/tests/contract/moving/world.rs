//! Databases of both kinds, to move between.

use std::sync::Arc;

use chat_domain::ports::Store;
use chat_store::moving::{Database, MoveError, Progress, Report, relocate};
use chat_store::{
    PostgresOptions, PostgresStore, Recount, SqliteOptions, SqliteStore, postgres, sqlite,
};
use chat_testing::{Postgres, Template, TestDatabase};
use diesel::backend::Backend;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use tempfile::TempDir;

use crate::harness::Db;
use crate::sqlite::plans::scanning;

static EMPTY: Template = Template::new("nothing", |_| {});

/// A database without anything in it.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(TestDatabase),
}

/// A place of each kind; none where there is no PostgreSQL.
pub(crate) fn places() -> Option<[Place; 2]> {
    Some([Place::sqlite(), Place::postgres()?])
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) fn postgres() -> Option<Self> {
        Some(Self::Postgres(Postgres::shared()?.database(&EMPTY)))
    }

    fn path(dir: &TempDir) -> std::path::PathBuf {
        dir.path().join("chat.db")
    }

    pub(crate) fn database(&self) -> Database {
        match self {
            Self::Sqlite(dir) => Database::Sqlite(SqliteOptions::new(Self::path(dir))),
            Self::Postgres(database) => {
                let options = PostgresOptions::new(database.url());
                let soon = std::time::Duration::from_millis(200);
                Database::Postgres(options.pool_size(4).lock_timeout(soon))
            }
        }
    }

    /// Opens the store, and makes its tables; why it can't be opened.
    pub(crate) fn try_open(&self) -> Result<Db, String> {
        let store: Arc<dyn Store> = match self.database() {
            Database::Sqlite(options) => {
                Arc::new(SqliteStore::open(&options).map_err(|error| error.to_string())?)
            }
            Database::Postgres(options) => {
                Arc::new(PostgresStore::open(&options).map_err(|error| error.to_string())?)
            }
        };
        Ok(Db::new(store, ()))
    }

    pub(crate) fn open(&self) -> Db {
        self.try_open().unwrap()
    }

    pub(crate) fn migrate(&self) -> Result<(), String> {
        match self.database() {
            Database::Sqlite(options) => sqlite::migrate(&options)
                .map(drop)
                .map_err(|error| error.to_string()),
            Database::Postgres(options) => postgres::migrate(&options)
                .map(drop)
                .map_err(|error| error.to_string()),
        }
    }

    /// Runs so many of the migrations, oldest first.
    pub(crate) fn migrate_to(&self, count: usize) {
        let of = |backend| {
            let all = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
            FileBasedMigrations::from_path(all.join(backend)).unwrap()
        };
        match self {
            Self::Sqlite(dir) => run_first(&mut Self::stranger(dir), &of("sqlite"), count),
            Self::Postgres(database) => run_first(&mut database.connect(), &of("postgres"), count),
        }
    }

    pub(crate) fn recount(&self) -> Result<Recount, String> {
        let counted = |nothing: &mut dyn FnMut(u64, u64)| match self.database() {
            Database::Sqlite(options) => {
                sqlite::recount(&options, nothing).map_err(|error| error.to_string())
            }
            Database::Postgres(options) => {
                postgres::recount(&options, nothing).map_err(|error| error.to_string())
            }
        };
        scanning(|| counted(&mut |_, _| {})).0
    }

    /// Does this as a stranger, who asks no foreign key.
    pub(crate) fn execute(&self, statements: &str) {
        match self {
            Self::Sqlite(dir) => {
                let mut conn = Self::stranger(dir);
                conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
                conn.batch_execute(statements).unwrap();
            }
            Self::Postgres(database) => {
                let mut conn = database.connect();
                let unasked = "SET session_replication_role = replica";
                conn.batch_execute(unasked).unwrap();
                conn.batch_execute(statements).unwrap();
            }
        }
    }

    fn stranger(dir: &TempDir) -> SqliteConnection {
        SqliteConnection::establish(Self::path(dir).to_str().unwrap()).unwrap()
    }

    /// Names and details that a stranger asks for.
    pub(crate) fn ask(&self, sql: &str) -> Vec<(String, String)> {
        let rows: Vec<Pair> = scanning(|| match self {
            Self::Sqlite(dir) => diesel::sql_query(sql).load(&mut Self::stranger(dir)),
            Self::Postgres(database) => {
                let mut conn: PgConnection = database.connect();
                diesel::sql_query(sql).load(&mut conn)
            }
        })
        .0
        .unwrap();
        rows.into_iter().map(|row| (row.one, row.two)).collect()
    }
}

fn run_first<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    all: &FileBasedMigrations,
    count: usize,
) {
    for _ in 0..count {
        conn.run_next_migration(all.clone()).unwrap();
    }
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = diesel::sql_types::Text)]
    one: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    two: String,
}

/// Moves, and tells of each page.
pub(crate) fn try_move(
    from: &Place,
    to: &Place,
    tell: &mut dyn FnMut(Progress),
) -> Result<Report, MoveError> {
    scanning(|| relocate(&from.database(), &to.database(), tell)).0
}

/// Moves, which must be possible.
pub(crate) fn moved(from: &Place, to: &Place) -> Report {
    let report = try_move(from, to, &mut |_| {}).unwrap();
    assert!(report.agrees());
    report
}

/// Why it can't be moved.
pub(crate) fn refusal(from: &Place, to: &Place) -> MoveError {
    try_move(from, to, &mut |_| {}).unwrap_err()
}

/// Moves until so many pages were told of, and breaks off there as a process that dies does.
pub(crate) fn broken_off(from: &Place, to: &Place, pages: usize) -> bool {
    let mut told = 0;
    let moving = std::panic::AssertUnwindSafe(|| {
        try_move(from, to, &mut |_| {
            told += 1;
            if told > pages {
                std::panic::resume_unwind(Box::new("broken off"));
            }
        })
    });
    match std::panic::catch_unwind(moving) {
        Ok(moved) => {
            moved.unwrap();
            false
        }
        Err(_) => true,
    }
}
