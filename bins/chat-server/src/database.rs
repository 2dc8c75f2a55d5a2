//! Which store the configuration asks for: the one place that knows that there are two.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chat_domain::ports::{Measured, Store};
use chat_store::{
    PostgresOptions, PostgresStore, ReadOnlySqliteStore, Recount, Repair, SqliteOptions,
    SqliteStore, moving, postgres, sqlite,
};

use crate::{Config, Database};

/// An open store, whichever it is.
#[derive(Clone)]
pub enum AnyStore {
    /// In an SQLite file.
    Sqlite(Arc<SqliteStore>),
    /// In a PostgreSQL database.
    Postgres(Arc<PostgresStore>),
}

impl AnyStore {
    /// What the service works on.
    pub fn port(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => store.clone(),
            Self::Postgres(store) => store.clone(),
        }
    }

    /// What it tells of its work.
    pub fn measured(&self) -> Arc<dyn Measured> {
        match self {
            Self::Sqlite(store) => store.clone(),
            Self::Postgres(store) => store.clone(),
        }
    }

    /// Does what was accepted, and accepts no more.
    pub fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close(),
            Self::Postgres(store) => store.close(),
        }
    }
}

/// Opens the store to serve from, and brings the database up to date.
pub(crate) fn open(config: &Config) -> Result<AnyStore> {
    make_data_dir(config)?;
    Ok(match &config.database {
        Database::Sqlite(path) => {
            AnyStore::Sqlite(Arc::new(SqliteStore::open(&in_file(config, path))?))
        }
        Database::Postgres(url) => {
            let options = on_server(config, url.expose());
            AnyStore::Postgres(Arc::new(PostgresStore::open(&options)?))
        }
    })
}

/// Opens a database that must be there, to read it beside whoever has it.
pub(crate) fn open_to_read(config: &Config) -> Result<Arc<dyn Store>> {
    Ok(match &config.database {
        Database::Sqlite(path) => Arc::new(ReadOnlySqliteStore::open(&in_file(config, path))?),
        Database::Postgres(url) => {
            let options = on_server(config, url.expose());
            Arc::new(PostgresStore::open_existing(&options)?)
        }
    })
}

/// Opens a database that must be there, alone.
pub(crate) fn open_alone(config: &Config) -> Result<Arc<dyn Store>> {
    Ok(match &config.database {
        Database::Sqlite(path) => {
            let options = in_file(config, path);
            // In one that were made here nothing would be as it is.
            drop(ReadOnlySqliteStore::open(&options)?);
            Arc::new(SqliteStore::open(&options)?)
        }
        Database::Postgres(url) => {
            Arc::new(PostgresStore::open_alone(&on_server(config, url.expose()))?)
        }
    })
}

/// Brings the database up to date; the names of the migrations that were run.
pub(crate) fn migrate(config: &Config) -> Result<Vec<String>> {
    make_data_dir(config)?;
    Ok(match &config.database {
        Database::Sqlite(path) => sqlite::migrate(&in_file(config, path))?,
        Database::Postgres(url) => postgres::migrate(&on_server(config, url.expose()))?,
    })
}

/// Counts everything anew.
pub(crate) fn recount(config: &Config, progress: &mut dyn FnMut(u64, u64)) -> Result<Recount> {
    Ok(match &config.database {
        Database::Sqlite(path) => sqlite::recount(&in_file(config, path), progress)?,
        Database::Postgres(url) => postgres::recount(&on_server(config, url.expose()), progress)?,
    })
}

/// The same, and mends what is wrong.
pub(crate) fn repair(config: &Config, progress: &mut dyn FnMut(u64, u64)) -> Result<Repair> {
    Ok(match &config.database {
        Database::Sqlite(path) => sqlite::repair(&in_file(config, path), progress)?,
        Database::Postgres(url) => postgres::repair(&on_server(config, url.expose()), progress)?,
    })
}

/// Copies the database into a file.
pub(crate) fn backup(config: &Config, file: &Path) -> Result<()> {
    match &config.database {
        Database::Sqlite(path) => Ok(sqlite::backup(&in_file(config, path), file)?),
        Database::Postgres(_) => bail!(
            "backup copies an SQLite file; of a PostgreSQL database pg_dump makes a copy, or the \
             server itself (docs/deployment.md)"
        ),
    }
}

/// One of the two databases of a move.
pub(crate) fn place(config: &Config, database: &Database) -> moving::Database {
    match database {
        Database::Sqlite(path) => moving::Database::Sqlite(in_file(config, path)),
        Database::Postgres(url) => moving::Database::Postgres(on_server(config, url.expose())),
    }
}

fn in_file(config: &Config, path: &Path) -> SqliteOptions {
    SqliteOptions::new(path).readers(config.pool_size)
}

fn on_server(config: &Config, url: &str) -> PostgresOptions {
    PostgresOptions::new(url).pool_size(config.pool_size)
}

/// Makes the data folder if it is missing, and anything lies there.
fn make_data_dir(config: &Config) -> Result<()> {
    let Some(dir) = &config.data_dir else {
        return Ok(());
    };
    make_private(dir).with_context(|| {
        let dir = dir.display();
        format!("can't make the data folder {dir}; make it, or choose another with --data-dir")
    })
}

/// Makes the folder and what is missing above it, for this user's eyes only; one that is there stays as
/// it is.
fn make_private(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(dir)
}
