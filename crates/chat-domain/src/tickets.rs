//! Tickets: a way in for a client that can show no credentials of its own.

use crate::{Actor, Timestamp};

/// What a ticket is known by where it is stored; whoever reads it there can't come in with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TicketDigest(pub [u8; 32]);

/// A ticket, to be used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it is known by.
    pub digest: TicketDigest,
    /// As whom it lets in.
    pub actor: Actor,
    /// Until when it does.
    pub expires_at: Timestamp,
    /// When the credentials end that it was given for; whoever has come in with it has to leave then.
    pub credentials_end: Option<Timestamp>,
}
