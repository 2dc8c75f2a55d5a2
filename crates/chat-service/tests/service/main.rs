//! The use cases on a real store, with a clock that the test sets: what can't be reached through
//! HTTP alone, what each leaves in the log, what a failing store comes to, and random histories
//! against a naive model. On SQLite, and then on PostgreSQL.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

mod actors;
mod check;
mod claims;
mod collection;
mod delivery;
mod exactness;
mod failures;
mod files;
mod incoming;
mod log;
mod nodes;
mod on_postgres;
mod once;
mod overtaken;
mod people;
mod preconditions;
mod queued;
mod seam;
mod store;
mod stuck;
mod support;
mod thumbnails;
mod together;
mod unseen;
mod uploads;
