//! The contract of the store: one suite for every backend, and what is true of one backend alone.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]
#![allow(
    clippy::duplicate_mod,
    reason = "the suite is written once and compiled once per backend"
)]

mod harness;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod moving;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod parity;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
