//! What a connection waits for, and until when.
//!
//! The dispatcher times the first head of a connection only, and what it calls keep-alive ends with
//! the first byte of the next. So each connection has its own pace: the [edge](crate::edge) tells it
//! when a request begins and ends, the [guard](crate::guard) what is read and written.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::rt::time::{Instant, timeout};

/// When a wait ends; never, if there is none.
pub(crate) type Deadline = Option<Instant>;

#[derive(Clone, Copy)]
enum Step {
    /// Nothing was handled yet; the dispatcher times this one head.
    New,
    /// A request is under way. Its body and its handling have limits of their own.
    Busy,
    /// All is answered, and nothing of the next request has come.
    Idle(Deadline),
    /// The next request has begun, but its head is not complete.
    Head(Deadline),
}

/// The pace of one connection, shared by its socket and its requests.
pub(crate) struct Pace {
    step: Cell<Step>,
    /// While the peer takes nothing of what we write: when it has to.
    stalled: Cell<Option<Deadline>>,
    /// How long the peer may take nothing.
    patience: Cell<Duration>,
    /// Whether nothing more comes from the peer.
    left: Cell<bool>,
    /// Who wants to know of that.
    waiting: Cell<Option<Waker>>,
    idle: Duration,
    head: Duration,
}

impl Pace {
    pub(crate) fn new(idle: Duration, head: Duration) -> Rc<Self> {
        Rc::new(Self {
            step: Cell::new(Step::New),
            stalled: Cell::new(None),
            patience: Cell::new(idle),
            left: Cell::new(false),
            waiting: Cell::new(None),
            idle,
            head,
        })
    }

    /// Bytes came. They begin a head unless they belong to a request under way, or unless answers
    /// are stuck: then the dispatcher may rightly be slow to look at the next head.
    pub(crate) fn read(&self) {
        if let (Step::Idle(_), None) = (self.step.get(), self.stalled.get()) {
            self.step.set(Step::Head(after(self.head)));
        }
    }

    /// The peer says that it will say nothing more.
    pub(crate) fn leaves(&self) {
        self.left.set(true);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    /// The peer took bytes.
    pub(crate) fn wrote(&self) {
        self.stalled.set(None);
        if let Step::Idle(_) | Step::Head(_) = self.step.get() {
            self.step.set(Step::Idle(after(self.idle)));
        }
    }

    /// The peer takes no bytes.
    pub(crate) fn stalls(&self) {
        if self.stalled.get().is_none() {
            self.stalled.set(Some(after(self.patience.get())));
        }
    }

    /// When to give up on the peer, unless something happens first.
    pub(crate) fn deadline(&self) -> Deadline {
        match (self.stalled.get(), self.step.get()) {
            (Some(deadline), _) => deadline,
            (None, Step::Idle(deadline) | Step::Head(deadline)) => deadline,
            (None, Step::New | Step::Busy) => None,
        }
    }
}

/// Until the request's answer has ended its peer may take nothing of it for so long, and no longer.
pub(crate) fn be_patient(request: &HttpRequest, patience: Duration) {
    if let Some(pace) = request.conn_data::<Rc<Pace>>() {
        pace.patience.set(patience);
    }
}

/// The peer of one connection, as seen by an answer that goes on for as long as it is there.
///
/// The dispatcher takes a peer that says nothing more for one that listens on, and would find out that it
/// is gone only when it is told something. Who follows what happens closes the connection to leave.
pub(crate) struct Peer(Option<Rc<Pace>>);

impl Peer {
    /// Who has sent this request; on a server of the host's own nothing is known of it.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self(request.conn_data::<Rc<Pace>>().cloned())
    }

    /// Ready once it has left. Only who asks last is woken: there is one answer at a time.
    pub(crate) fn poll_left(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Some(pace) if pace.left.get() => Poll::Ready(()),
            Some(pace) => {
                let kept = pace
                    .waiting
                    .take()
                    .filter(|kept| kept.will_wake(cx.waker()));
                pace.waiting
                    .set(Some(kept.unwrap_or_else(|| cx.waker().clone())));
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

/// What comes of it within `limit`. No time at all means no limit.
pub(crate) async fn in_time<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    if limit.is_zero() {
        return Some(work.await);
    }
    timeout(limit, work).await.ok()
}

/// The time after `wait`. No time at all means no limit, as it does to the dispatcher.
pub(crate) fn after(wait: Duration) -> Deadline {
    let now = Instant::now();
    now.checked_add(wait).filter(|_| !wait.is_zero())
}

/// One request under way, from its head to the end of its answer.
pub(crate) struct Turn(Rc<Pace>);

impl Turn {
    /// Begins, where the request's connection has a pace: on a server of the host's own it has none.
    pub(crate) fn begin(request: &HttpRequest) -> Option<Self> {
        let pace = request.conn_data::<Rc<Pace>>()?;
        pace.step.set(Step::Busy);
        Some(Self(Rc::clone(pace)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.step.set(Step::Idle(after(self.0.idle)));
        self.0.patience.set(self.0.idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(75);
    const HEAD: Duration = Duration::from_secs(5);

    fn answered() -> Rc<Pace> {
        let pace = Pace::new(IDLE, HEAD);
        drop(Turn(Rc::clone(&pace)));
        pace.wrote();
        pace
    }

    #[track_caller]
    fn assert_waits(pace: &Pace, at_most: Duration) {
        let left = pace.deadline().unwrap() - Instant::now();
        assert!(left <= at_most && left > at_most / 2, "{left:?}");
    }

    #[test]
    fn the_first_head_is_the_dispatchers() {
        let pace = Pace::new(IDLE, HEAD);
        pace.read();
        assert_eq!(pace.deadline(), None);
    }

    #[test]
    fn after_an_answer_it_is_idle_until_the_next_byte() {
        let pace = answered();
        assert_waits(&pace, IDLE);
        pace.read();
        assert_waits(&pace, HEAD);
        let first = pace.deadline();
        pace.read();
        assert_eq!(pace.deadline(), first, "a byte more gives no more time");
    }

    #[test]
    fn a_request_under_way_has_limits_of_its_own() {
        let pace = answered();
        pace.step.set(Step::Busy);
        pace.read();
        pace.wrote();
        assert_eq!(pace.deadline(), None);
    }

    #[test]
    fn an_answer_must_be_taken_also_while_the_next_is_made() {
        for pace in [answered(), Pace::new(IDLE, HEAD)] {
            pace.stalls();
            assert_waits(&pace, IDLE);
            let first = pace.deadline();
            pace.read();
            pace.stalls();
            assert_eq!(pace.deadline(), first);
        }
        let pace = answered();
        pace.step.set(Step::Busy);
        pace.stalls();
        assert_waits(&pace, IDLE);
        pace.wrote();
        assert_eq!(pace.deadline(), None);
    }

    #[test]
    fn no_time_and_endless_time_are_no_limit() {
        assert_eq!(after(Duration::ZERO), None);
        assert_eq!(after(Duration::MAX), None);
    }
}
