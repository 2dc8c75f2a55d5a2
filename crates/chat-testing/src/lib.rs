//! A PostgreSQL server of its own for tests: nothing is set up before, and nothing is left behind.
//!
//! [`Postgres::shared`] is one server for all tests of a process, and [`Postgres::database`] a migrated
//! database in it for one test, in tens of milliseconds:
//!
//! ```
//! use chat_testing::{Postgres, Template};
//! use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};
//!
//! static NOTES: Template = Template::new("notes", |url| {
//!     let mut connection = PgConnection::establish(url).unwrap();
//!     connection.batch_execute("CREATE TABLE notes (body text NOT NULL)").unwrap();
//! });
//!
//! // Where PostgreSQL is missing this has said `skipped: postgres …`.
//! let Some(server) = Postgres::shared() else { return };
//! let database = server.database(&NOTES);
//! let mut connection = database.connect();
//! connection.batch_execute("INSERT INTO notes VALUES ('Ada was here')").unwrap();
//! ```
//!
//! A test that stops, kills or sets up its server differently [starts](Postgres::start) a private one.
//!
//! Tests that are written for either store run on SQLite, and [once more](run_on_postgres) on PostgreSQL.
//!
//! A server ends with the process that started it, however that ends, and so does its directory: a shell
//! stands by that sees the process go. Servers are for tests alone: everybody on this machine is let in
//! as superuser, and unless asked for it nothing is flushed to the disk.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

mod database;
mod life;
mod options;
mod os;
mod programs;
mod server;
mod suite;
mod supervisor;

pub use database::{Template, TestDatabase};
pub use options::Options;
pub use server::Postgres;
pub use suite::{on_postgres, run_on_postgres};
