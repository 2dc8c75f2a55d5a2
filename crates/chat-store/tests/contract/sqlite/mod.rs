//! The contract on SQLite, and what is true of SQLite alone.

mod backup;
mod batches;
mod closing;
mod disk;
mod native;
mod opening;
mod plans;
mod recount;
mod repair;
mod schema;
mod stats;
#[path = "../suite/mod.rs"]
mod suite;
mod threads;
mod world;

use world::{World, fresh, unwatched};
