//! The log against the tables: what happened, and what came of it.
//!
//! It takes the log for whole, from position 1; or, when its beginning was forgotten, for whole from there on, and
//! lets what nothing tells be told by what was forgotten. Who was a member of what is never forgotten. It comes in three orders, each of which brings
//! together what has to agree: by position, by conversation, and by message.

pub(crate) mod conversations;
pub(crate) mod messages;
pub(crate) mod positions;
