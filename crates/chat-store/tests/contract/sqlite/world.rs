//! A store in a directory of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use chat_domain::ports::{Store, StoreError, StoreResult};
use chat_store::{SqliteOptions, SqliteStore};
use diesel::connection::{Connection, InstrumentationEvent};
use diesel::sqlite::SqliteConnection;
use tempfile::TempDir;

use super::plans;
use crate::harness::{Db, Pending, begin, read};

const HOUR: Duration = Duration::from_secs(3600);

/// A store for the suite. When the test is over, the plans of its statements are looked at.
pub(crate) fn fresh() -> Option<Db> {
    plans::watch();
    let world = World::new();
    let store: Arc<dyn Store> = world.store.clone();
    Some(Db::new(store, plans::Checked(world)))
}

/// A store of which a test knows that it is SQLite's.
pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) dir: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|options| options)
    }

    /// A store with other options. However slow the machine is, what waits together is one batch.
    pub(crate) fn with(change: impl FnOnce(SqliteOptions) -> SqliteOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(dir.path().join("chat.db")).batch_budget(HOUR);
        let options = change(options);
        Self {
            store: Arc::new(SqliteStore::open(&options).unwrap()),
            dir,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("chat.db")
    }

    /// The store as the suite's helpers know it.
    pub(crate) fn db(&self) -> Db {
        let store: Arc<dyn Store> = self.store.clone();
        Db::new(store, ())
    }

    /// A connection of a stranger to the same file.
    pub(crate) fn stranger(&self) -> SqliteConnection {
        unwatched(self.path().to_str().unwrap())
    }

    /// Opens so many readers, which else come as they are needed. On a slow machine that takes longer
    /// than a read waits for one.
    pub(crate) fn open_readers(&self, count: u32) {
        let begun = Instant::now();
        while let Err(error) = nested_reads(&self.store, count) {
            assert_eq!(error, StoreError::Overloaded);
            assert!(begun.elapsed() < Duration::from_secs(60), "they don't open");
        }
    }

    /// Holds the writer inside a job until the guard is dropped; what is submitted until then is one
    /// batch.
    pub(crate) fn hold_writer(&self) -> Hold {
        let (inside, is_inside) = channel();
        let (go_on, wait) = channel::<()>();
        let holding = begin(&*self.store, move |_| {
            inside.send(()).unwrap();
            // Ends by the guard's drop.
            let _ = wait.recv();
            Ok(())
        })
        .unwrap();
        is_inside.recv().unwrap();
        Hold {
            _go_on: go_on,
            _holding: holding,
        }
    }
}

/// So many reads at once, each inside of another.
fn nested_reads(store: &Arc<SqliteStore>, count: u32) -> StoreResult<()> {
    if count == 0 {
        return Ok(());
    }
    let inner = Arc::clone(store);
    read(&**store, move |_| nested_reads(&inner, count - 1))
}

/// A connection that is not the store's: its statements are nobody's concern.
pub(crate) fn unwatched(url: &str) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(url).unwrap();
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    conn
}

pub(crate) struct Hold {
    _go_on: Sender<()>,
    _holding: Pending<()>,
}
