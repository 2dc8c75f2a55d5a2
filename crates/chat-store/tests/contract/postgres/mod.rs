//! The contract on PostgreSQL, and what is true of PostgreSQL alone.

/// A database of the test's own. Where there can be none the test is over, and has said so.
macro_rules! some {
    ($made:expr) => {
        match $made {
            Some(made) => made,
            None => return,
        }
    };
}

mod failing;
mod many;
mod native;
mod nodes;
mod opening;
mod order;
mod recount;
#[path = "../suite/mod.rs"]
mod suite;
mod tls;
mod world;

use world::{World, db, fresh, hold, native, number};
