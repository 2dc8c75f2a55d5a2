//! The store on PostgreSQL: any number of nodes over one database, and a log that has one order all the same.
//!
//! Every job runs on a thread of the store's own, with a connection of its own; see [`PostgresStore`].

mod columns;
mod connection;
mod errors;
mod given;
mod job;
mod locks;
mod log;
mod many;
mod migrate;
#[cfg(feature = "sqlite")]
pub(crate) mod moving;
mod open;
mod options;
#[path = "../queries/mod.rs"]
mod queries;
mod queue;
mod recount;
mod sequencer;
mod stats;
mod store;
mod strands;
mod transaction;
mod tx;
mod worker;

pub use job::NativeJob;
pub use migrate::migrate;
pub use open::OpenError;
pub use options::PostgresOptions;
pub use recount::{recount, repair};
pub use store::PostgresStore;
pub use tx::PostgresTx;

use diesel::pg::PgConnection as Conn;
use tx::PostgresTx as Tx;

// What the shared queries add events to: the outbox, since commits overtake each other here.
use crate::schema::event_outbox as event_intake;

/// How the rows of a query that reads everything come: one by one, where libpq would hold them all.
type Loading = diesel::pg::PgRowByRowLoadingMode;
