//! What waits for one reader: a bounded queue between the follower of the log and whoever reads.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::budget::Budget;
use super::{Ended, Notice};

/// The most bytes that may wait for one reader.
const MOST_WAITING: usize = 1024 * 1024;

/// The most bytes that a reader is given at once, unless a single event has more.
pub(super) const AT_ONCE: usize = 64 * 1024;

/// How many notices may wait for a reader that still gets signals: to one that is behind they say nothing.
const MOST_WITH_SIGNALS: usize = 256;

/// What a notice takes besides what it refers to.
const ENTRY: usize = 64;

/// The queue of one reader.
pub(super) struct Queue(Mutex<State>);

struct State {
    items: VecDeque<Notice>,
    bytes: usize,
    /// From where in the log on everything comes by this queue, once that is known.
    joined: Option<i64>,
    end: Option<End>,
    waker: Option<Waker>,
}

enum End {
    /// More came than the queue holds; what it held is to be read from the log.
    Overflow,
    /// The reader is to end, when it has what came before.
    Closed(Ended),
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits, or is one that may be lost.
    Taken,
    /// There was no room for it: nothing more comes by this queue.
    Refused,
}

/// What comes of a queue.
pub(super) enum Taken {
    /// The next notices.
    Notices(Vec<Notice>),
    /// Nothing comes any more, and what had not been taken is in the log.
    Overflow,
    /// The reader ends here.
    Closed(Ended),
}

impl Queue {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State {
            items: VecDeque::new(),
            bytes: 0,
            joined: None,
            end: None,
            waker: None,
        }))
    }

    /// Everything above `position` comes by this queue from now on.
    pub(super) fn joined(&self, position: i64) {
        let mut state = self.lock();
        state.joined = Some(position);
        wake(state);
    }

    /// From where on everything comes, once that is known.
    pub(super) fn poll_joined(&self, cx: &Context<'_>) -> Poll<Result<i64, Ended>> {
        let mut state = self.lock();
        if let Some(End::Closed(ended)) = &state.end {
            return Poll::Ready(Err(ended.clone()));
        }
        if let Some(position) = state.joined {
            return Poll::Ready(Ok(position));
        }
        state.waits(cx);
        Poll::Pending
    }

    /// Puts a notice to the others.
    pub(super) fn push(&self, notice: Notice, budget: &Budget) -> Pushed {
        let mut state = self.lock();
        if state.end.is_some() {
            return Pushed::Refused;
        }
        match &notice {
            Notice::Event(event) => {
                let weight = event.weight() + ENTRY;
                // A reader that keeps up always has room: whoever is behind gives back first.
                let full = !state.items.is_empty()
                    && (state.bytes + weight > MOST_WAITING || budget.is_exceeded());
                if full {
                    state.empty();
                    state.end = Some(End::Overflow);
                    wake(state);
                    return Pushed::Refused;
                }
                state.bytes += weight;
            }
            Notice::Typing(_) | Notice::Presence(_) => {
                if state.items.len() >= MOST_WITH_SIGNALS {
                    return Pushed::Taken;
                }
                state.bytes += ENTRY;
            }
        }
        state.items.push_back(notice);
        wake(state);
        Pushed::Taken
    }

    /// Nothing comes any more; the reader ends when it has what came before.
    pub(super) fn close(&self, ended: Ended) {
        let mut state = self.lock();
        if !matches!(state.end, Some(End::Closed(_))) {
            state.end = Some(End::Closed(ended));
        }
        wake(state);
    }

    /// Takes at most `most` notices, once there are any.
    pub(super) fn poll_take(&self, cx: &Context<'_>, most: usize) -> Poll<Taken> {
        let mut state = self.lock();
        if state.items.is_empty() {
            return match &state.end {
                Some(End::Overflow) => Poll::Ready(Taken::Overflow),
                Some(End::Closed(ended)) => Poll::Ready(Taken::Closed(ended.clone())),
                None => {
                    state.waits(cx);
                    Poll::Pending
                }
            };
        }
        let mut notices = Vec::with_capacity(most.min(state.items.len()));
        let mut bytes = 0;
        while notices.len() < most && bytes < AT_ONCE {
            let Some(notice) = state.items.pop_front() else {
                break;
            };
            bytes += weight_of(&notice);
            notices.push(notice);
        }
        state.bytes = state.bytes.saturating_sub(bytes);
        if state.items.is_empty() {
            // A burst is over: what it needed is given back.
            state.empty();
        }
        Poll::Ready(Taken::Notices(notices))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn empty(&mut self) {
        self.items = VecDeque::new();
        self.bytes = 0;
    }

    fn waits(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }
}

fn weight_of(notice: &Notice) -> usize {
    match notice {
        Notice::Event(event) => event.weight() + ENTRY,
        Notice::Typing(_) | Notice::Presence(_) => ENTRY,
    }
}

/// Wakes the reader, out of the lock.
fn wake(mut state: MutexGuard<'_, State>) {
    let waker = state.waker.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chat_domain::{Cursor, DeletedUser, LogId, Presence, Timestamp, UserId};

    use super::super::{Event, EventData};
    use super::*;

    fn event(budget: &Budget, bytes: usize) -> Notice {
        let log = LogId::parse("00000000000000000000000000000000").unwrap();
        let cursor = Cursor { log, position: 1 };
        let id = UserId::parse(1).unwrap();
        let data = EventData::UserDeleted(DeletedUser { id });
        let event = Event::new(cursor, Timestamp::from_micros(0), None, data);
        Notice::Event(Arc::new(event.taking(budget.take(bytes))))
    }

    fn presence() -> Notice {
        Notice::Presence(Presence {
            user_id: UserId::parse(1).unwrap(),
            online: true,
            last_seen: None,
        })
    }

    fn take(queue: &Queue) -> Poll<Taken> {
        queue.poll_take(&Context::from_waker(Waker::noop()), usize::MAX)
    }

    #[test]
    fn a_full_queue_gives_back_what_it_held() {
        let budget = Budget::of(usize::MAX);
        let (queue, first) = (Queue::new(), event(&budget, 1));
        let Notice::Event(held) = &first else {
            unreachable!()
        };
        assert_eq!(queue.push(first.clone(), &budget), Pushed::Taken);
        assert_eq!(Arc::strong_count(held), 2);
        let mut taken = 1;
        while queue.push(event(&budget, 1), &budget) == Pushed::Taken {
            taken += 1;
        }
        let weight = held.weight() + ENTRY;
        assert_eq!(taken, MOST_WAITING / weight);
        assert_eq!(Arc::strong_count(held), 1);
        assert_eq!(queue.push(event(&budget, 1), &budget), Pushed::Refused);
        assert!(matches!(take(&queue), Poll::Ready(Taken::Overflow)));
    }

    #[test]
    fn whoever_is_behind_gives_way_and_whoever_keeps_up_does_not() {
        let budget = Budget::of(10);
        let (behind, quick) = (Queue::new(), Queue::new());
        assert_eq!(behind.push(event(&budget, 8), &budget), Pushed::Taken);
        let much = event(&budget, 8);
        assert_eq!(quick.push(much.clone(), &budget), Pushed::Taken);
        assert_eq!(behind.push(much, &budget), Pushed::Refused);
        assert!(matches!(take(&quick), Poll::Ready(Taken::Notices(_))));
        assert!(!budget.is_exceeded());
    }

    #[test]
    fn signals_are_for_those_who_keep_up() {
        let budget = Budget::of(usize::MAX);
        let queue = Queue::new();
        for _ in 0..2 * MOST_WITH_SIGNALS {
            assert_eq!(queue.push(presence(), &budget), Pushed::Taken);
        }
        let Poll::Ready(Taken::Notices(notices)) = take(&queue) else {
            panic!("nothing");
        };
        assert_eq!(notices.len(), MOST_WITH_SIGNALS);
        assert!(take(&queue).is_pending());
    }

    #[test]
    fn what_came_before_the_end_is_given_before_it() {
        let budget = Budget::of(usize::MAX);
        let queue = Queue::new();
        queue.push(event(&budget, 1), &budget);
        queue.close(Ended::Stopping);
        assert!(matches!(take(&queue), Poll::Ready(Taken::Notices(_))));
        assert!(matches!(
            take(&queue),
            Poll::Ready(Taken::Closed(Ended::Stopping))
        ));
    }

    #[test]
    fn little_is_given_at_once() {
        let budget = Budget::of(usize::MAX);
        let queue = Queue::new();
        for _ in 0..500 {
            queue.push(event(&budget, 1), &budget);
        }
        let Poll::Ready(Taken::Notices(notices)) = take(&queue) else {
            panic!("nothing");
        };
        assert!(notices.len() < 100, "{}", notices.len());
    }
}
