//! The contract on PostgreSQL, and what is true of PostgreSQL alone.

#[path = "../suite/mod.rs"]
mod suite;
mod world;

use world::fresh;
