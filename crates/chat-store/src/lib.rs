//! The [`Store`](chat_domain::ports::Store) port on SQLite and on PostgreSQL, each a feature.
//!
//! ```
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! # #[cfg(feature = "sqlite")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::mpsc;
//!
//! use chat_domain::ports::{Outcome, Store, UsersRead, Verdict, WriteJob, WriteTx};
//! use chat_domain::{EmailAddress, NewUser, Timestamp, User, Username};
//! use chat_store::{SqliteOptions, SqliteStore};
//!
//! /// Adds a user, and sends it back when it is on the disk.
//! struct Add(NewUser, Option<User>, mpsc::Sender<User>);
//!
//! impl WriteJob for Add {
//!     fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
//!         self.1 = tx.insert_user(&self.0).ok();
//!         if self.1.is_some() { Verdict::Keep } else { Verdict::Undo }
//!     }
//!
//!     fn finish(self: Box<Self>, outcome: Outcome<'_>) {
//!         if let (Outcome::Committed, Some(user)) = (outcome, self.1) {
//!             self.2.send(user).ok();
//!         }
//!     }
//! }
//!
//! let dir = tempfile::tempdir()?;
//! let store = SqliteStore::open(&SqliteOptions::new(dir.path().join("chat.db")))?;
//! let ada = NewUser {
//!     username: Username::parse("ada")?,
//!     email: EmailAddress::parse("ada@example.org")?,
//!     display_name: None,
//!     external_id: None,
//!     at: Timestamp::from_micros(0),
//! };
//! let (sender, receiver) = mpsc::channel();
//! store.submit(Box::new(Add(ada, None, sender))).map_err(|(error, _)| error)?;
//! assert_eq!(receiver.recv()?.username.as_str(), "ada");
//! # Ok(())
//! # }
//! ```
//!
//! A use case seldom writes jobs by hand: the service has one that wraps a closure.
//!
//! - `schema` declares the tables, `rows` turns what they hold into the domain's types.
//! - `queries` implements the ports of each noun. It is written once and compiled once per backend,
//!   inside the backend's own module, against that module's connection and transaction.
//! - `recount` counts everything anew, and tells where the stored counters differ.
//! - `moving` moves everything from one database into another, where both backends are there.
//! - [`sqlite`] and [`postgres`] are the backends: the transaction that the queries use, what runs jobs in
//!   it, and what the failures of the database mean. Which tables there are, they have in common.

#![allow(
    clippy::duplicate_mod,
    reason = "the queries are written once and compiled once per backend"
)]

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("chat-store needs a backend: the feature `sqlite`, the feature `postgres`, or both");

mod histogram;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub mod moving;
mod recount;
mod rows;
#[allow(missing_docs, reason = "columns are told about in the migrations")]
pub mod schema;
mod watcher;

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore, PostgresTx};
pub use recount::{Difference, Mended, Recount, RecountError, Repair};
#[cfg(feature = "sqlite")]
pub use sqlite::{ReadOnlySqliteStore, SqliteOptions, SqliteStore, SqliteTx};
