//! Room for files that come in: for so many at once, and for a share of them of one user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_domain::{Actor, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ServiceError;

/// How many files come in at once. Each takes memory while it does: one or two MiB where a disk keeps
/// it, up to 16 MiB where S3 does, so that together they come to 256 MiB, or 2 GiB, at the most.
const AT_ONCE: usize = 128;

/// How many of them are one user's. They come as slowly as that user likes: the others need room beside
/// them. The system has no share, since it acts for many.
const OF_ONE_USER: usize = 32;

/// The files that come in.
pub(super) struct Incoming {
    free: Arc<Semaphore>,
    users: Users,
}

/// How many are each user's, of those who have any.
#[derive(Clone, Default)]
struct Users(Arc<Mutex<HashMap<UserId, usize>>>);

/// The room that one file takes; it is free again when this is dropped.
pub(super) struct Room {
    _place: OwnedSemaphorePermit,
    _share: Option<Share>,
}

/// One of those of a user.
struct Share {
    users: Users,
    user: UserId,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self {
            free: Arc::new(Semaphore::new(AT_ONCE)),
            users: Users::default(),
        }
    }

    /// Room for one more file that the actor brings; `Overloaded` when as many come as may.
    pub(super) fn room(&self, actor: Actor) -> Result<Room, ServiceError> {
        let share = actor.user().map(|user| self.users.share(user));
        let place = Arc::clone(&self.free).try_acquire_owned();
        Ok(Room {
            _share: share.transpose()?,
            _place: place.map_err(|_| ServiceError::Overloaded)?,
        })
    }
}

impl Users {
    fn share(&self, user: UserId) -> Result<Share, ServiceError> {
        let mut all = self.all();
        let coming = all.entry(user).or_default();
        if *coming >= OF_ONE_USER {
            return Err(ServiceError::Overloaded);
        }
        *coming += 1;
        let users = self.clone();
        Ok(Share { users, user })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut all = self.users.all();
        if let Some(coming) = all.get_mut(&self.user) {
            *coming -= 1;
            if *coming == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_brings_nothing_is_forgotten() {
        let incoming = Incoming::new();
        let user = |id| Actor::User(UserId::parse(id).unwrap());
        let of_one: Vec<_> = (0..OF_ONE_USER)
            .map(|_| incoming.room(user(1)).ok().unwrap())
            .collect();
        assert!(incoming.room(user(1)).is_err());
        let of_another = incoming.room(user(2));
        assert_eq!(incoming.users.all().len(), 2);
        drop((of_one, of_another));
        assert!(incoming.users.all().is_empty());
        assert_eq!(incoming.free.available_permits(), AT_ONCE);
    }
}
