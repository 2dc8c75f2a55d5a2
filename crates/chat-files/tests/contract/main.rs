//! The contract of where bytes are kept: one suite for every adapter, and what is true of one alone.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

#[cfg(feature = "disk")]
mod disk;
mod harness;
