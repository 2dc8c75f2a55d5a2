//! The port of tickets.

use chat_domain::ports::{StoreResult, Tickets};
use chat_domain::{Actor, Ticket, TicketDigest, Timestamp, UserId};
use diesel::prelude::*;

use super::Tx;
use crate::rows::Place;
use crate::schema::tickets;

impl Tickets for Tx<'_> {
    fn insert_ticket(&mut self, ticket: &Ticket) -> StoreResult<()> {
        self.write(|conn| {
            diesel::insert_into(tickets::table)
                .values((
                    tickets::digest.eq(&ticket.digest.0[..]),
                    tickets::user_id.eq(ticket.actor.user().map(UserId::get)),
                    tickets::expires_at.eq(ticket.expires_at.as_micros()),
                    tickets::credentials_end.eq(ticket.credentials_end.map(Timestamp::as_micros)),
                ))
                .execute(conn)?;
            Ok(())
        })
    }

    fn take_ticket(&mut self, digest: TicketDigest) -> StoreResult<Option<Ticket>> {
        self.write(|conn| {
            let this = tickets::table.find(&digest.0[..]);
            let found = this
                .select((
                    tickets::user_id,
                    tickets::expires_at,
                    tickets::credentials_end,
                ))
                .get_result::<(Option<i64>, i64, Option<i64>)>(conn)
                .optional()?;
            let Some((user, expires_at, credentials_end)) = found else {
                return Ok(None);
            };
            if diesel::delete(this).execute(conn)? == 0 {
                return Ok(None);
            }
            let place = Place::row("tickets", expires_at);
            let user = place.read_some("user_id", user, UserId::parse)?;
            Ok(Some(Ticket {
                digest,
                actor: user.map_or(Actor::System, Actor::User),
                expires_at: Timestamp::from_micros(expires_at),
                credentials_end: credentials_end.map(Timestamp::from_micros),
            }))
        })
    }

    fn forget_tickets(&mut self, before: Timestamp) -> StoreResult<usize> {
        self.write(|conn| {
            let old = tickets::expires_at.lt(before.as_micros());
            Ok(diesel::delete(tickets::table.filter(old)).execute(conn)?)
        })
    }
}
