//! Storage of idempotency keys and of the answers kept under them.

use super::StoreResult;
use crate::{Actor, IdempotencyKey, KeptAnswer, Timestamp};

/// Reading and writing keys. A key belongs to its actor alone.
pub trait Keys {
    /// Locks a key, which may not exist yet, and gives what is kept under it. Whoever else asks for
    /// the same one waits until this transaction has ended, and then finds what it has kept.
    fn lock_key(&mut self, actor: Actor, key: &IdempotencyKey) -> StoreResult<Option<KeptAnswer>>;

    /// Keeps an answer under its key, which is locked; an older one under it is replaced.
    fn keep_answer(&mut self, answer: &KeptAnswer) -> StoreResult<()>;

    /// Forgets answers that were given before `before`, the oldest first, and says how many. They
    /// are `most` at the most, besides those given in the same microsecond as the last of them.
    fn forget_answers(&mut self, before: Timestamp, most: i64) -> StoreResult<usize>;

    /// Forgets all answers that were given to this actor.
    fn forget_answers_to(&mut self, actor: Actor) -> StoreResult<()>;
}
