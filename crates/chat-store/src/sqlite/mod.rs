//! The store on SQLite: one writer thread that commits in groups, and read-only readers beside it.

mod backup;
mod batch;
mod checkpoint;
mod connection;
mod errors;
mod facts;
mod given;
mod head;
mod job;
mod lock;
mod locks;
mod many;
mod migrate;
#[cfg(feature = "postgres")]
pub(crate) mod moving;
mod open;
mod options;
#[path = "../queries/mod.rs"]
mod queries;
mod read_only;
mod readers;
mod recount;
mod savepoint;
mod scans;
mod statement;
mod stats;
mod store;
mod strands;
mod transaction;
mod tx;
mod writer;

pub use backup::{BackupError, backup};
pub use job::NativeJob;
pub use migrate::migrate;
pub use open::OpenError;
pub use options::SqliteOptions;
pub use read_only::ReadOnlySqliteStore;
pub use recount::{recount, repair};
pub use store::SqliteStore;
pub use tx::SqliteTx;

use diesel::sqlite::SqliteConnection as Conn;
use tx::SqliteTx as Tx;

// What the shared queries add events to: commits have one order here, so that it is the log itself.
use crate::schema::events as event_intake;

/// How the rows of a query that reads everything come.
type Loading = diesel::connection::DefaultLoadingMode;
