//! Tickets: for clients that can show no credentials, because a browser's EventSource and WebSocket send none.

use std::time::Duration;

use chat_domain::{Actor, Ticket, TicketDigest, Timestamp};
use sha2::{Digest, Sha256};

use crate::access::known_actor;
use crate::{ChatService, ServiceError};

/// How long a ticket may be used.
const LASTS: Duration = Duration::from_secs(30);

impl ChatService {
    /// Makes a ticket of a secret that nobody can guess: whoever shows it within 30 seconds comes in as the actor,
    /// once, on any node. Of the secret only a digest is stored. `credentials_end` is when those end that the ticket
    /// is made for. Answers when it expires.
    ///
    /// # Errors
    /// Only those that every method has.
    pub async fn create_ticket(
        &self,
        actor: Actor,
        secret: &str,
        credentials_end: Option<Timestamp>,
    ) -> Result<Timestamp, ServiceError> {
        let digest = digest(secret);
        self.write(move |tx, at| {
            known_actor(tx, actor)?;
            // Whoever makes one clears away those that nobody came with.
            tx.forget_tickets(at)?;
            let expires_at = at.later_by(LASTS);
            tx.insert_ticket(&Ticket {
                digest,
                actor,
                expires_at,
                credentials_end,
            })?;
            Ok(expires_at)
        })
        .await
    }

    /// Uses up the ticket with this secret; none if there is no such ticket, or none any more.
    ///
    /// # Errors
    /// `Store`.
    pub async fn redeem_ticket(&self, secret: &str) -> Result<Option<Ticket>, ServiceError> {
        let digest = digest(secret);
        self.write(move |tx, at| {
            let ticket = tx.take_ticket(digest)?;
            Ok(ticket.filter(|ticket| at < ticket.expires_at))
        })
        .await
    }
}

fn digest(secret: &str) -> TicketDigest {
    TicketDigest(Sha256::digest(secret).into())
}
