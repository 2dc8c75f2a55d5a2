//! The log against the tables: what happened, and what came of it.
//!
//! It takes the log for whole, from position 1. It comes in three orders, each of which brings
//! together what has to agree: by position, by conversation, and by message.

pub(crate) mod conversations;
pub(crate) mod messages;
pub(crate) mod positions;
