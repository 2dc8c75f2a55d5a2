//! What a server keeps from one life to the next: a folder, and on PostgreSQL a database besides.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chat_domain::ports::Store;
use chat_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, postgres};
use chat_testing::{Postgres, Template, TestDatabase};
use tempfile::TempDir;

use super::Database;

static MIGRATED: Template = Template::new("chat", |url| {
    postgres::migrate(&PostgresOptions::new(url)).expect("an empty database");
})
// What is copied is one log; each store has one of its own.
.renewed_by("UPDATE event_log SET log_id = replace(gen_random_uuid()::text, '-', '')");

static EMPTY: Template = Template::new("empty", |_| {});

/// How many connections a server may have: no test needs as many as a server does by default, and each
/// takes a while to open.
const CONNECTIONS: &str = "8";

/// The data of one server. What is in the database goes when this does.
pub(crate) struct Data {
    folder: PathBuf,
    /// None on SQLite, where it is a file in the folder.
    database: Option<TestDatabase>,
    /// What removes the folder, if it is the test's own.
    dir: Option<TempDir>,
}

impl Data {
    /// In a temporary folder of its own, without anything in it.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut data = Self::at(dir.path());
        data.dir = Some(dir);
        data
    }

    /// In this folder, which the server makes.
    pub(crate) fn at(folder: &Path) -> Self {
        Self::with(folder, fresh(&MIGRATED))
    }

    /// The same where the database has no tables yet.
    pub(crate) fn unmade(folder: &Path) -> Self {
        Self::with(folder, fresh(&EMPTY))
    }

    fn with(folder: &Path, database: Option<TestDatabase>) -> Self {
        Self {
            folder: folder.to_owned(),
            database,
            dir: None,
        }
    }

    /// The same data once more, in this folder. No server has it now.
    pub(crate) fn copy(&self, folder: &Path) -> Self {
        copy(&self.folder, folder);
        Self::with(folder, self.database.as_ref().map(TestDatabase::copy))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The folder of the files.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// The database, for strangers to look into.
    pub(crate) fn database(&self) -> Database {
        match &self.database {
            Some(database) => Database::Postgres(database.url().to_owned()),
            None => Database::Sqlite(self.folder.join("chat.db")),
        }
    }

    /// A store over the database.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self.database() {
            Database::Sqlite(file) => {
                let store = SqliteStore::open(&SqliteOptions::new(file));
                Arc::new(store.expect("a database"))
            }
            Database::Postgres(url) => {
                let store = PostgresStore::open(&PostgresOptions::new(url).pool_size(4));
                Arc::new(store.expect("a database"))
            }
        }
    }

    /// The settings by which a server has this data.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![("data_dir", self.folder.display().to_string())];
        if let Some(database) = &self.database {
            settings.push(("database_url", database.url().to_owned()));
            settings.push(("pool_size", CONNECTIONS.to_owned()));
        }
        settings
    }

    /// Has a command work on this data.
    pub(crate) fn of<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.arg("--data-dir").arg(&self.folder);
        if let Some(database) = &self.database {
            command.args(["--database-url", database.url()]);
            command.env("CHAT_POOL_SIZE", CONNECTIONS);
        }
        command
    }
}

fn fresh(template: &Template) -> Option<TestDatabase> {
    let server = || Postgres::shared().expect("PostgreSQL");
    chat_testing::on_postgres().then(|| server().database(template))
}

/// Copies everything in a folder, with its times: what was staged long ago is swept.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).expect("a copy");
            let changed = entry.metadata().and_then(|found| found.modified());
            let file = std::fs::File::options()
                .write(true)
                .open(&to)
                .expect("a file");
            file.set_modified(changed.expect("a time")).expect("a time");
        }
    }
}
