//! Jobs that wait for a connection, in three lines of which none can take all connections.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chat_domain::ports::StoreError;

use super::job::Job;

/// What a job is, as far as its turn goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Write,
    Read,
    Scan,
}

const KINDS: [Kind; 3] = [Kind::Write, Kind::Read, Kind::Scan];

/// The lines of a store.
pub(super) struct Queue {
    lines: Mutex<Lines>,
    ready: Condvar,
    /// Its own, so that who looks for late jobs is never woken in the place of one who would run them.
    ended: Condvar,
    /// How many may wait in each.
    capacity: usize,
    /// How long each waits.
    patience: Duration,
}

struct Lines {
    lines: [Line; 3],
    closed: bool,
    /// Whose turn it is when several could go.
    turn: usize,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<(Instant, Job)>,
    running: usize,
    /// How many may run at a time.
    most: usize,
}

impl Queue {
    /// For so many threads that take from it.
    pub(super) fn new(threads: usize, capacity: usize, patience: Duration) -> Self {
        let quarter = (threads / 4).max(1);
        let most = [threads.saturating_sub(quarter).max(1), threads, quarter];
        let line = |most| Line {
            most,
            ..Line::default()
        };
        Self {
            lines: Mutex::new(Lines {
                lines: most.map(line),
                closed: false,
                turn: 0,
            }),
            ready: Condvar::new(),
            ended: Condvar::new(),
            capacity,
            patience,
        }
    }

    /// Queues a job; a full or closed queue hands it back.
    pub(super) fn push(&self, kind: Kind, job: Job) -> Result<(), (StoreError, Job)> {
        let mut lines = self.lock();
        if lines.closed {
            return Err((closed(), job));
        }
        let waiting = &mut lines.lines[kind as usize].waiting;
        if waiting.len() >= self.capacity {
            return Err((StoreError::Overloaded, job));
        }
        waiting.push_back((Instant::now(), job));
        drop(lines);
        self.ready.notify_one();
        Ok(())
    }

    /// The next job, when there is one and its kind has not all the connections that it may have. None
    /// when nothing will come any more. It runs until [`Queue::done`].
    pub(super) fn pop(&self) -> Option<(Kind, Job)> {
        let mut lines = self.lock();
        loop {
            if let Some((kind, job)) = lines.next() {
                return Some((kind, job));
            }
            if lines.closed && lines.lines.iter().all(|line| line.waiting.is_empty()) {
                return None;
            }
            lines = self
                .ready
                .wait(lines)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A job of this kind does not run any more.
    pub(super) fn done(&self, kind: Kind) {
        let mut lines = self.lock();
        lines.lines[kind as usize].running -= 1;
        let waiting = lines.lines.iter().any(|line| !line.waiting.is_empty());
        let closed = lines.closed;
        drop(lines);
        if closed {
            self.ready.notify_all();
        } else if waiting {
            // Its kind may have had all connections that it may have.
            self.ready.notify_one();
        }
    }

    /// Ends jobs that have waited too long, until the queue is closed.
    pub(super) fn expire(&self) {
        let mut lines = self.lock();
        while !lines.closed {
            let (late, next) = lines.late(self.patience);
            if !late.is_empty() {
                drop(lines);
                log::warn!("{} jobs found no connection in time", late.len());
                for job in late {
                    super::worker::fail(job, &StoreError::Overloaded);
                }
                lines = self.lock();
                continue;
            }
            let waited = self.ended.wait_timeout(lines, next);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Accepts no more; what waits is done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
        self.ended.notify_all();
    }

    /// How many wait.
    pub(super) fn waiting(&self, kind: Kind) -> usize {
        self.lock().lines[kind as usize].waiting.len()
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.lock().lines.iter().map(|line| line.running).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn next(&mut self) -> Option<(Kind, Job)> {
        for step in 0..KINDS.len() {
            let kind = KINDS[(self.turn + step) % KINDS.len()];
            let line = &mut self.lines[kind as usize];
            if line.running < line.most
                && let Some((_, job)) = line.waiting.pop_front()
            {
                line.running += 1;
                self.turn = kind as usize + 1;
                return Some((kind, job));
            }
        }
        None
    }

    /// What has waited longer than this, and when there may be more.
    fn late(&mut self, patience: Duration) -> (Vec<Job>, Duration) {
        let now = Instant::now();
        let mut late = Vec::new();
        let mut next = patience;
        for line in &mut self.lines {
            while let Some((since, _)) = line.waiting.front() {
                let waited = now.saturating_duration_since(*since);
                if waited < patience {
                    next = next.min(patience - waited);
                    break;
                }
                late.extend(line.waiting.pop_front().map(|(_, job)| job));
            }
        }
        // Never at once again: a moment that is just not over would else be asked for over and over.
        (late, next.max(Duration::from_millis(1)))
    }
}

/// The refusal of a store that was closed.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("closed".into())
}
