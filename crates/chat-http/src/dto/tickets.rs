//! Tickets on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::time::WireTime;

/// A way in for what can send no credentials.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketJson<'a> {
    /// For the parameter `ticket` of `/events` or `/ws`, once.
    pub(crate) ticket: &'a str,
    /// Until when it can be used.
    pub(crate) expires_at: WireTime,
}
