//! The port of idempotency keys.

use chat_domain::ports::{Keys, StoreResult};
use chat_domain::{Actor, IdempotencyKey, KeptAnswer, Timestamp};
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Tx, locks, one};
use crate::rows::{KeyRow, owner};
use crate::schema::idempotency_keys;

impl Keys for Tx<'_> {
    fn lock_key(&mut self, actor: Actor, key: &IdempotencyKey) -> StoreResult<Option<KeptAnswer>> {
        self.read(|conn| {
            locks::key(conn, actor, key)?;
            idempotency_keys::table
                .filter(idempotency_keys::actor.eq(owner(actor)))
                .filter(idempotency_keys::key.eq(key.as_str()))
                .select(KeyRow::as_select())
                .get_result(conn)
                .optional()?
                .map(|row| row.under(actor, key))
                .transpose()
        })
    }

    fn keep_answer(&mut self, answer: &KeptAnswer) -> StoreResult<()> {
        self.write(|conn| {
            let kept = (
                idempotency_keys::fingerprint.eq(answer.fingerprint.as_bytes().as_slice()),
                idempotency_keys::answer.eq(answer.answer.as_slice()),
                idempotency_keys::created_at.eq(answer.at.as_micros()),
            );
            let mine = idempotency_keys::actor
                .eq(owner(answer.actor))
                .and(idempotency_keys::key.eq(answer.key.as_str()));
            // In two, because diesel prepares no upsert once for all. The key is locked: whoever else
            // comes under it waits.
            let renewed = update(idempotency_keys::table, mine, kept).execute(conn)?;
            if renewed > 0 {
                return one(renewed, "an idempotency key");
            }
            let added = diesel::insert_into(idempotency_keys::table)
                .values((
                    idempotency_keys::actor.eq(owner(answer.actor)),
                    idempotency_keys::key.eq(answer.key.as_str()),
                    kept,
                ))
                .execute(conn)?;
            one(added, "an idempotency key")
        })
    }

    fn forget_answers(&mut self, before: Timestamp, most: i64) -> StoreResult<usize> {
        self.write(|conn| {
            let last = idempotency_keys::table
                .filter(idempotency_keys::created_at.lt(before.as_micros()))
                .order(idempotency_keys::created_at)
                .select(idempotency_keys::created_at)
                .cut(most - 1, 1)
                .get_result::<i64>(conn)
                .optional()?;
            // Without a last one there are fewer than may go.
            let below = last.map_or(before.as_micros(), |last| last + 1);
            Ok(diesel::delete(
                idempotency_keys::table.filter(idempotency_keys::created_at.lt(below)),
            )
            .execute(conn)?)
        })
    }

    fn forget_answers_to(&mut self, actor: Actor) -> StoreResult<()> {
        self.write(|conn| {
            let theirs = idempotency_keys::table.filter(idempotency_keys::actor.eq(owner(actor)));
            diesel::delete(theirs).execute(conn)?;
            Ok(())
        })
    }
}
