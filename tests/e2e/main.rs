//! End-to-end tests: through HTTP, on the composition that production runs.

#![allow(clippy::expect_used, reason = "a test that can't go on has failed")]

mod support;

mod access_log;
mod answers;
mod bad_bodies;
mod bad_forms;
mod bad_requests;
mod bench;
#[cfg(unix)]
mod browser;
mod conditions;
mod content;
mod crash;
mod delivery;
mod deploy;
mod file_faults;
mod files;
mod files_check;
mod fuzz;
mod groups;
mod health;
mod idempotency;
mod live;
mod members;
mod messages;
mod metrics;
mod nodes;
mod on_postgres;
mod open_mode;
mod openapi;
mod overload;
mod permissions;
mod process;
mod readme;
mod receipts;
mod recount;
mod relocate;
mod s3;
mod schemathesis;
mod stored_files;
mod tls;
mod token_mode;
mod tus_js;
mod uploads;
mod users;
mod walls;
mod windows;
mod wire;
