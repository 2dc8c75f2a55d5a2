//! One after the other: requests of one actor under the same idempotency key.
//!
//! The store alone would keep twins apart, but each would wait inside it, and on some stores with a
//! connection. Here they wait for nothing but each other, and not for ever.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_domain::{Actor, IdempotencyKey};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

/// How long a request waits for its twin.
const PATIENCE: Duration = Duration::from_secs(5);

type Key = (Actor, IdempotencyKey);
type Line = Arc<tokio::sync::Mutex<()>>;

/// The keys whose requests are under way; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<HashMap<Key, Line>>>);

/// The right to be the only one under a key; it ends when dropped.
pub(crate) struct Turn {
    _alone: OwnedMutexGuard<()>,
    // After the right itself: whoever leaves last takes the line away.
    _place: Place,
}

/// A place in the line of a key.
struct Place {
    turns: Turns,
    key: Key,
    line: Line,
}

impl Turns {
    /// Waits until nobody else is under way with the key; none when that takes too long.
    pub(crate) async fn take(&self, actor: Actor, key: &IdempotencyKey) -> Option<Turn> {
        let place = self.line_up((actor, key.clone()));
        let alone = timeout(PATIENCE, Arc::clone(&place.line).lock_owned()).await;
        Some(Turn {
            _alone: alone.ok()?,
            _place: place,
        })
    }

    fn line_up(&self, key: Key) -> Place {
        let line = Arc::clone(self.lines().entry(key.clone()).or_default());
        let turns = self.clone();
        Place { turns, key, line }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Key, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.turns.lines();
        // Let go of while it is locked, so that of two that leave at once the later sees that it is.
        self.line = Line::default();
        if let Entry::Occupied(entry) = lines.entry(self.key.clone()) {
            // The table's own: nobody else is left, and nobody can join.
            if Arc::strong_count(entry.get()) == 1 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::UserId;

    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_twin_waits_for_its_turn() {
        let turns = Turns::default();
        let first = turns.take(Actor::System, &key("k")).await.unwrap();
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(Actor::System, &key("k")).await.is_some() }
        });
        tokio::time::sleep(PATIENCE - Duration::from_millis(1)).await;
        assert!(!waiting.is_finished());
        drop(first);
        assert!(waiting.await.unwrap());
        assert!(turns.lines().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_twin_does_not_wait_for_ever() {
        let turns = Turns::default();
        let first = turns.take(Actor::System, &key("k")).await;
        assert!(turns.take(Actor::System, &key("k")).await.is_none());
        drop(first);
        assert!(turns.lines().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_gives_up_leaves_nothing() {
        let turns = Turns::default();
        let first = turns.take(Actor::System, &key("k")).await;
        let gone = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(Actor::System, &key("k")).await.is_some() }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(first);
        gone.abort();
        assert!(gone.await.is_err());
        assert!(turns.lines().is_empty());
    }

    #[tokio::test]
    async fn others_do_not_wait() {
        let turns = Turns::default();
        let user = Actor::User(UserId::parse(1).unwrap());
        let held = [
            turns.take(Actor::System, &key("k")).await,
            turns.take(Actor::System, &key("l")).await,
            turns.take(user, &key("k")).await,
        ];
        assert!(held.iter().all(Option::is_some));
        assert_eq!(turns.lines().len(), 3);
        drop(held);
        assert!(turns.lines().is_empty());
    }
}
