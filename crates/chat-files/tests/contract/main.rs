//! The contract of where bytes are kept: one suite for every adapter, and what is true of one alone.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]
#![allow(
    clippy::duplicate_mod,
    reason = "each adapter has the suite once, with its own `fresh`"
)]

mod disk;
mod harness;
mod s3;
mod s3_server;
