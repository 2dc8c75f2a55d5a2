//! Moving from one database into the other and back: all is kept, and nothing half-moved is ever used.

mod columns;
pub(crate) mod random;
mod refusals;
mod resuming;
mod round;
mod verifying;
mod world;
