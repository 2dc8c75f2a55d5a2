//! Storage of tickets.

use super::StoreResult;
use crate::{Ticket, TicketDigest, Timestamp};

/// Writing tickets.
pub trait Tickets {
    /// Stores a ticket.
    fn insert_ticket(&mut self, ticket: &Ticket) -> StoreResult<()>;

    /// Takes the ticket with this digest, which is gone then: of any number who ask for it one gets it.
    fn take_ticket(&mut self, digest: TicketDigest) -> StoreResult<Option<Ticket>>;

    /// Removes tickets that expired before `before`, and says how many.
    fn forget_tickets(&mut self, before: Timestamp) -> StoreResult<usize>;
}
