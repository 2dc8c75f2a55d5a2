//! Rows of answers kept under idempotency keys.

use chat_domain::{Actor, Fingerprint, IdempotencyKey, KeptAnswer, Timestamp};
use diesel::prelude::*;

use super::{Place, Queried};
use crate::schema::idempotency_keys;

/// The actor of a row that is the system's; users' ids begin above it.
const SYSTEM: i64 = 0;

/// How an actor stands in a row.
pub(crate) fn owner(actor: Actor) -> i64 {
    actor.user().map_or(SYSTEM, chat_domain::UserId::get)
}

/// What is kept under a key that is known.
#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
pub(crate) struct KeyRow {
    fingerprint: Vec<u8>,
    answer: Vec<u8>,
    created_at: i64,
}

impl KeyRow {
    /// The answer, found under this actor's key.
    pub(crate) fn under(self, actor: Actor, key: &IdempotencyKey) -> Queried<KeptAnswer> {
        let place = Place::row("idempotency_keys", owner(actor));
        let fingerprint = place.read("fingerprint", self.fingerprint, |bytes| {
            <[u8; 32]>::try_from(bytes).map_err(|_| "must have 32 bytes")
        })?;
        Ok(KeptAnswer {
            actor,
            key: key.clone(),
            fingerprint: Fingerprint::from_bytes(fingerprint),
            answer: self.answer,
            at: Timestamp::from_micros(self.created_at),
        })
    }
}
