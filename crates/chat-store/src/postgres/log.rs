//! How far the log is behind what this node has said to be stored.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_domain::ports::{StoreError, StoreResult};

/// What the node's commits, its sequencer and those who read the log tell each other.
pub(super) struct Log {
    state: Mutex<State>,
    /// The sequencer waits for this.
    wanted: Condvar,
    /// Those who read wait for this.
    moved: Condvar,
    patience: Duration,
}

#[derive(Default)]
struct State {
    /// How many commits of this node have left something in the outbox.
    commits: u64,
    /// How many of them are in the log.
    covered: u64,
    /// How many read and wait.
    waiting: usize,
    /// Why the sequencer's last round failed, and how many rounds have.
    failed: Option<StoreError>,
    failures: u64,
    closed: bool,
}

/// Why the sequencer goes on.
pub(super) struct Wanted {
    /// How many commits the next round covers if it comes to its end.
    pub(super) commits: u64,
    /// Whether somebody waits for it.
    pub(super) urgent: bool,
    /// Whether this is the last round.
    pub(super) closed: bool,
}

impl Log {
    /// `patience` is how long a read waits for the sequencer.
    pub(super) fn new(patience: Duration) -> Self {
        let state = State {
            // A node that was here before may have said something to be stored and ended then.
            commits: 1,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            wanted: Condvar::new(),
            moved: Condvar::new(),
            patience,
        }
    }

    /// A transaction that has written to the outbox is committed, and will be said to be.
    pub(super) fn committed(&self) {
        self.lock().commits += 1;
        self.wanted.notify_one();
    }

    /// Waits until what was committed before is in the log.
    pub(super) fn catch_up(&self) -> StoreResult<()> {
        let deadline = Instant::now() + self.patience;
        let mut state = self.lock();
        let (commits, failures) = (state.commits, state.failures);
        if state.covered >= commits {
            return Ok(());
        }
        state.waiting += 1;
        self.wanted.notify_one();
        let reached = loop {
            if state.covered >= commits {
                break Ok(());
            }
            if state.failures > failures
                && let Some(error) = &state.failed
            {
                break Err(error.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                let cause = "the log has not caught up";
                break Err(StoreError::Unavailable(cause.to_owned()));
            }
            let waited = self.moved.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        state.waiting -= 1;
        reached
    }

    /// Waits until there is something to move, somebody reads, or `most` is over.
    pub(super) fn wait(&self, most: Duration) -> Wanted {
        let state = self.lock();
        let nothing = |state: &mut State| state.covered >= state.commits && !state.closed;
        let waited = self.wanted.wait_timeout_while(state, most, nothing);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        Wanted {
            commits: state.commits,
            urgent: state.waiting > 0,
            closed: state.closed,
        }
    }

    /// Waits for so long, unless somebody reads meanwhile.
    pub(super) fn pause(&self, most: Duration) {
        let idle = |state: &mut State| state.waiting == 0 && !state.closed;
        let waited = self.wanted.wait_timeout_while(self.lock(), most, idle);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// So many commits are in the log.
    pub(super) fn reached(&self, commits: u64) {
        let mut state = self.lock();
        state.covered = state.covered.max(commits);
        state.failed = None;
        self.moved.notify_all();
    }

    /// A round has failed.
    pub(super) fn failed(&self, error: StoreError) {
        let mut state = self.lock();
        state.failed = Some(error);
        state.failures += 1;
        self.moved.notify_all();
    }

    /// How many commits wait to be moved.
    pub(super) fn behind(&self) -> u64 {
        let state = self.lock();
        state.commits.saturating_sub(state.covered)
    }

    /// Nothing is committed any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wanted.notify_all();
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_read_waits_for_a_round_that_began_after_the_commit() {
        let log = Log::new(Duration::from_secs(20));
        let first = log.wait(Duration::ZERO).commits;
        log.committed();
        // This round may have begun before that commit.
        log.reached(first);
        thread::scope(|scope| {
            let reading = scope.spawn(|| log.catch_up());
            while !log.wait(Duration::from_secs(20)).urgent {}
            assert!(!reading.is_finished());
            log.reached(log.wait(Duration::ZERO).commits);
            assert_eq!(reading.join().unwrap(), Ok(()));
        });
        assert_eq!(log.catch_up(), Ok(()));
        assert_eq!(log.behind(), 0);
    }

    #[test]
    fn a_failed_round_is_told_to_who_waits_and_not_to_who_comes_later() {
        let log = Log::new(Duration::from_secs(20));
        let gone = StoreError::Unavailable("gone".to_owned());
        log.failed(gone.clone());
        thread::scope(|scope| {
            let reading = scope.spawn(|| log.catch_up());
            while !log.wait(Duration::from_secs(20)).urgent {}
            assert!(!reading.is_finished());
            log.failed(gone.clone());
            assert_eq!(reading.join().unwrap(), Err(gone));
        });
    }

    #[test]
    fn a_read_does_not_wait_for_ever() {
        let log = Log::new(Duration::from_millis(1));
        assert!(matches!(log.catch_up(), Err(StoreError::Unavailable(_))));
        let log = Log::new(Duration::from_secs(3600));
        log.close();
        assert!(log.catch_up().is_err());
    }
}
