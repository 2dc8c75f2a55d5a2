//! The contract on SQLite, and what is true of SQLite alone.

mod backup;
mod batches;
mod build;
mod closing;
mod coherence;
mod disk;
mod facts;
mod native;
mod opening;
pub(crate) mod plans;
mod prepared;
mod recount;
mod repair;
mod schema;
mod stats;
#[path = "../suite/mod.rs"]
mod suite;
mod threads;
mod triggers;
mod upgrade;
mod world;

use world::{World, fresh, unwatched};
