//! One request at a time goes on with an upload, and the latest is the one that counts.
//!
//! A client whose connection broke comes back on another, often before the first is known to be
//! dead. So who comes asks the one before it to stop, which keeps what it has, and waits for that.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_domain::UploadId;
use futures_util::future::{Either, select};
use tokio::sync::{OwnedMutexGuard, watch};

/// The uploads that requests go on with; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Locks(Arc<Table>);

#[derive(Default)]
struct Table {
    lines: Mutex<HashMap<UploadId, Arc<Line>>>,
    /// Whether nobody is to go on with any.
    stopped: watch::Sender<bool>,
}

/// Why one who goes on with an upload is to let go of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Somebody else wants to go on.
    ByAnother,
    /// All are to let go of theirs.
    ByAll,
}

#[derive(Default)]
struct Line {
    alone: Arc<tokio::sync::Mutex<()>>,
    /// How many wait to be the one.
    waiting: watch::Sender<usize>,
}

/// The right to be the only one; it ends when dropped.
pub(crate) struct Lock {
    _alone: OwnedMutexGuard<()>,
    // After the right itself: whoever leaves last takes the line away.
    place: Place,
}

struct Place {
    locks: Locks,
    id: UploadId,
    line: Arc<Line>,
}

impl Locks {
    /// Asks whoever goes on with the upload to stop, and waits for that.
    pub(crate) async fn take(&self, id: UploadId) -> Lock {
        let place = self.line_up(id);
        let waiting = Waiting::begin(&place.line);
        let alone = Arc::clone(&place.line.alone).lock_owned().await;
        drop(waiting);
        Lock {
            _alone: alone,
            place,
        }
    }

    /// Asks all who go on with an upload to let go of it, now and from now on.
    pub(crate) fn stop(&self) {
        self.0.stopped.send_replace(true);
    }

    /// Those that somebody goes on with, or waits to.
    pub(crate) fn held(&self) -> HashSet<UploadId> {
        self.lines().keys().copied().collect()
    }

    fn line_up(&self, id: UploadId) -> Place {
        let line = Arc::clone(self.lines().entry(id).or_default());
        let locks = self.clone();
        Place { locks, id, line }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<UploadId, Arc<Line>>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lock {
    /// Ends when somebody else wants to go on, or nobody is to.
    pub(crate) async fn wanted(&self) -> Wanted {
        // The line and the table are held here, so that their senders are there.
        let mut waiting = self.place.line.waiting.subscribe();
        let mut stopped = self.place.locks.0.stopped.subscribe();
        let another = pin!(waiting.wait_for(|waiting| *waiting > 0));
        let all = pin!(stopped.wait_for(|stopped| *stopped));
        match select(another, all).await {
            Either::Left(_) => Wanted::ByAnother,
            Either::Right(_) => Wanted::ByAll,
        }
    }
}

/// One that waits, until it has waited or given up.
struct Waiting<'l>(&'l Line);

impl<'l> Waiting<'l> {
    fn begin(line: &'l Line) -> Self {
        line.waiting.send_modify(|waiting| *waiting += 1);
        Self(line)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.locks.lines();
        // Given back while the table is locked: of two that leave at once, the second finds the table
        // alone with the line, and nobody can join meanwhile.
        drop(std::mem::take(&mut self.line));
        if let Entry::Occupied(entry) = lines.entry(self.id)
            && Arc::strong_count(entry.get()) == 1
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn id(id: i64) -> UploadId {
        UploadId::parse(id).unwrap()
    }

    #[tokio::test]
    async fn the_one_before_is_asked_to_stop() {
        let locks = Locks::default();
        let first = locks.take(id(1)).await;
        assert!(first.wanted().now_or_never().is_none());
        let mut second = Box::pin(locks.take(id(1)));
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(first.wanted().await, Wanted::ByAnother);
        drop(first);
        let second = second.await;
        let own = second.wanted().now_or_never();
        assert!(own.is_none(), "that was meant for the first");
        drop(second);
        assert!(locks.lines().is_empty());
    }

    #[tokio::test]
    async fn one_that_gave_up_wants_nothing() {
        let locks = Locks::default();
        let first = locks.take(id(1)).await;
        let mut second = Box::pin(locks.take(id(1)));
        assert!(second.as_mut().now_or_never().is_none());
        drop(second);
        assert!(first.wanted().now_or_never().is_none());
        drop(first);
        assert!(locks.lines().is_empty());
    }

    #[tokio::test]
    async fn all_are_asked_to_stop_also_those_who_come_later() {
        let locks = Locks::default();
        let first = locks.take(id(1)).await;
        assert!(first.wanted().now_or_never().is_none());
        locks.stop();
        let second = locks.take(id(2)).await;
        for lock in [first, second] {
            assert_eq!(lock.wanted().now_or_never(), Some(Wanted::ByAll));
        }
    }

    #[tokio::test]
    async fn others_do_not_wait() {
        let locks = Locks::default();
        let first = locks.take(id(1)).await;
        let second = locks.take(id(2)).await;
        assert_eq!(locks.held(), HashSet::from([id(1), id(2)]));
        assert!(first.wanted().now_or_never().is_none());
        drop((first, second));
        assert!(locks.lines().is_empty());
    }
}
