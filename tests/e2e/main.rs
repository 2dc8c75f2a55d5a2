//! End-to-end tests: through HTTP, on the composition that production runs.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

mod support;

mod access_log;
mod answers;
mod bad_bodies;
mod bad_requests;
mod bench;
mod crash;
mod files;
mod fuzz;
mod groups;
mod health;
mod idempotency;
mod members;
mod messages;
mod metrics;
mod open_mode;
mod openapi;
mod process;
mod readme;
mod receipts;
mod recount;
mod schemathesis;
mod users;
mod walls;
mod windows;
mod wire;
