//! Where readers and the follower of the log meet: what is asked of it, and what wakes it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use chat_domain::ports::{Clock, EventBus, Store};
use chat_domain::{Actor, Signal, Timestamp, UserId};
use tokio::sync::Semaphore;

use super::budget::Budget;
use super::follower::Follower;
use super::queue::Queue;
use super::recent::Recent;
use super::{Ended, MOST_WAITING_IN_ALL};

/// How many readers of a node read what they have missed at the same time. When a crowd comes back at once, each waits
/// for its turn, and nobody who sends waits for the crowd.
const CATCHING_UP: usize = 4;

/// How many signals may wait for the follower: what goes beyond is lost, as signals may be.
const MOST_SIGNALS: usize = 10_000;

/// The service's end of it: when the last clone of a service goes, so do its readers.
pub(crate) struct Hub(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) bus: Arc<dyn EventBus>,
    pub(super) budget: Budget,
    pub(super) recent: Recent,
    /// The turns of those who read what they have missed.
    pub(super) catching_up: Arc<Semaphore>,
    inbox: Mutex<Inbox>,
    asked: Condvar,
    /// Whether the log has grown since the follower looked. It is asked at every commit, so it is no lock.
    grown: AtomicBool,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    requests: VecDeque<Request>,
    signals: Vec<Signal>,
    /// Whether the follower's thread runs: it starts with the first reader.
    running: bool,
}

/// What is asked of the follower.
pub(super) enum Request {
    /// A reader wants all that comes from now on.
    Join {
        actor: Actor,
        queue: Arc<Queue>,
        /// Whether it is told who is there.
        greet: bool,
    },
    /// A reader is gone.
    Leave { actor: Actor, queue: Arc<Queue> },
    /// A connection of this user begins.
    Come(UserId),
    /// A connection of this user has ended.
    Go(UserId, Timestamp),
}

/// What the follower finds when it wakes.
pub(super) struct Found {
    pub(super) requests: VecDeque<Request>,
    pub(super) signals: Vec<Signal>,
}

impl Hub {
    pub(crate) fn new(
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
        bus: Arc<dyn EventBus>,
    ) -> Arc<Self> {
        let inner = Arc::new(Inner {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            bus: Arc::clone(&bus),
            budget: Budget::of(MOST_WAITING_IN_ALL),
            recent: Recent::default(),
            catching_up: Arc::new(Semaphore::new(CATCHING_UP)),
            inbox: Mutex::default(),
            asked: Condvar::new(),
            grown: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        });
        // Weak: the bus may outlive the service, and the store is part of it.
        let weak = Arc::downgrade(&inner);
        bus.listen(Box::new(move |signal| {
            if let Some(inner) = Weak::upgrade(&weak) {
                inner.hear(*signal);
            }
        }));
        store.watch_log(Arc::new(move || bus.publish(Signal::LogGrown)));
        Arc::new(Self(inner))
    }

    /// Ends every reader, and those that come later.
    pub(crate) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
        // Held for a moment, so that a follower that is about to wait sees it.
        drop(self.0.lock());
        self.0.asked.notify_all();
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Inner {
    /// Whether everything is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn hear(&self, signal: Signal) {
        match signal {
            Signal::LogGrown => {
                if !self.grown.swap(true, Ordering::AcqRel) {
                    drop(self.lock());
                    self.asked.notify_one();
                }
            }
            Signal::Typing(_) | Signal::Presence(_) => {
                let mut inbox = self.lock();
                // Without a reader there is nobody to be told, but of presence who comes later.
                let wanted = inbox.running && inbox.signals.len() < MOST_SIGNALS;
                if wanted {
                    inbox.signals.push(signal);
                    self.asked.notify_one();
                }
            }
        }
    }

    /// Asks the follower, which is started if it does not run.
    pub(super) fn ask(self: &Arc<Self>, request: Request) {
        let mut inbox = self.lock();
        if self.is_stopping() {
            if let Request::Join { queue, .. } = request {
                queue.close(Ended::Stopping);
            }
            return;
        }
        inbox.requests.push_back(request);
        if !inbox.running {
            let follower = Follower::new(Arc::clone(self));
            let thread = thread::Builder::new().name("chat-events".into());
            match thread.spawn(move || follower.work()) {
                Ok(_) => inbox.running = true,
                Err(error) => {
                    log::error!("no thread to follow the log: {error}");
                    for request in inbox.requests.drain(..) {
                        if let Request::Join { queue, .. } = request {
                            queue.close(Ended::Stopping);
                        }
                    }
                }
            }
        }
        self.asked.notify_one();
    }

    /// Waits until something is asked, or the log grows if it is `following`, or it is `until`.
    pub(super) fn wait(&self, following: bool, until: Option<Instant>) -> Found {
        let mut inbox = self.lock();
        loop {
            let asked = !inbox.requests.is_empty() || !inbox.signals.is_empty();
            let grown = following && self.grown.load(Ordering::Acquire);
            if asked || grown || self.is_stopping() {
                break;
            }
            let Some(until) = until else {
                let waited = self.asked.wait(inbox);
                inbox = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.asked.wait_timeout(inbox, left);
            inbox = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        // Before the log is read: what is told from here on is looked for again.
        self.grown.store(false, Ordering::Release);
        Found {
            requests: std::mem::take(&mut inbox.requests),
            signals: std::mem::take(&mut inbox.signals),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
