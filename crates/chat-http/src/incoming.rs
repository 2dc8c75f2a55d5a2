//! A body on its way in, piece by piece: in constant memory, and from a peer that does not stall.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::rt::time::{Instant, Sleep, sleep_until};
use actix_web::web::Bytes;
use chat_service::ServiceError;
use futures_util::Stream;

use crate::body::{BodyTimeout, declared_length};
use crate::problem::Problem;
use crate::unread;

/// How many bytes a second must come at least, on the whole; what comes more slowly, however
/// steadily, only holds a connection.
const SLOWEST: u32 = 4 * 1024;

/// For how many limits at most what came fast makes up for what comes slowly.
const CREDIT: u32 = 4;

/// As long as any wait needs to be, and short enough for clocks.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A body that is taken piece by piece. What is left of it goes back to the request when this is
/// dropped, so that the connection can end in order.
pub(crate) struct Incoming {
    request: HttpRequest,
    shared: Rc<Shared>,
}

/// The pieces of a body, for what wants a stream.
pub(crate) struct Pieces {
    shared: Rc<Shared>,
    patience: Option<Patience>,
}

struct Shared {
    payload: RefCell<Payload>,
    /// How many bytes are still to come; it may be unknown.
    left: Cell<Option<u64>>,
    late: Cell<bool>,
    /// How many bytes may still come, whatever was declared.
    room: Cell<u64>,
    over: Cell<bool>,
    /// The most bytes of a file.
    most: u64,
}

impl Incoming {
    /// The body of the request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self::at_most(request, u64::MAX, 0)
    }

    /// The same, which breaks off after what a file of so many bytes needs, and `besides`: whatever
    /// it is that comes, nobody sends for ever.
    pub(crate) fn at_most(request: &HttpRequest, most: u64, besides: u64) -> Self {
        let declared = declared_length(request.headers());
        let shared = Shared {
            payload: RefCell::new(unread::take(request)),
            left: Cell::new(declared),
            late: Cell::new(false),
            room: Cell::new(most.saturating_add(besides)),
            over: Cell::new(false),
            most,
        };
        Self {
            request: request.clone(),
            shared: Rc::new(shared),
        }
    }

    /// Its pieces.
    pub(crate) fn pieces(&self) -> Pieces {
        let limit = self.request.app_data::<BodyTimeout>();
        let limit = limit.map(|&BodyTimeout(limit)| limit);
        Pieces {
            shared: Rc::clone(&self.shared),
            patience: limit.filter(|limit| !limit.is_zero()).map(Patience::new),
        }
    }

    /// Whether no more pieces came because the peer stalls.
    pub(crate) fn stalls(&self) -> bool {
        self.shared.late.get()
    }

    /// Why no more pieces came, once one was an error.
    pub(crate) fn broken(&self) -> Problem {
        if self.stalls() {
            Problem::request_timeout()
        } else if self.shared.over.get() {
            let limit = self.shared.most;
            ServiceError::FileTooLarge { limit }.into()
        } else {
            Problem::incomplete_body()
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let payload = self.shared.payload.replace(Payload::None);
        unread::put_back(&self.request, payload);
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let shared = &*this.shared;
        // The end alone would not do: a request to upgrade the connection has none before the
        // connection's, whatever it declares.
        if shared.left.get() == Some(0) {
            return Poll::Ready(None);
        }
        let mut payload = shared.payload.borrow_mut();
        let piece = match Pin::new(&mut *payload).poll_next(cx) {
            Poll::Ready(piece) => piece,
            Poll::Pending => {
                let late = this.patience.as_mut().is_some_and(|one| one.is_over(cx));
                if !late {
                    return Poll::Pending;
                }
                shared.late.set(true);
                return Poll::Ready(Some(Err(PayloadError::Incomplete(None))));
            }
        };
        Poll::Ready(match piece {
            Some(Ok(mut bytes)) => {
                if let Some(left) = shared.left.get() {
                    bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                    shared.left.set(Some(left - bytes.len() as u64));
                }
                if let Some(patience) = &mut this.patience {
                    patience.came(bytes.len());
                }
                match shared.room.get().checked_sub(bytes.len() as u64) {
                    Some(room) => shared.room.set(room),
                    None => {
                        shared.over.set(true);
                        return Poll::Ready(Some(Err(PayloadError::Overflow)));
                    }
                }
                Some(Ok(bytes))
            }
            // It ends before as much has come as was declared.
            None if shared.left.get().is_some_and(|left| left > 0) => {
                Some(Err(PayloadError::Incomplete(None)))
            }
            other => other,
        })
    }
}

/// For how long the next piece is waited for: for the limit since the last, and on the whole for no
/// longer than a slow line needs.
struct Patience {
    limit: Duration,
    /// When the whole body is too slow.
    whole: Instant,
    /// When the next piece is too late.
    next: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        let end = Instant::now() + limit.min(A_DAY);
        Self {
            limit,
            whole: end,
            next: end,
            alarm: None,
        }
    }

    fn came(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let limit = self.limit.min(A_DAY);
        let now = Instant::now();
        self.next = now + limit;
        // Who was fast may rest a while, and not for as long as a slow one would have taken.
        let credit = self.whole + Duration::from_secs(1) * bytes / SLOWEST;
        self.whole = credit.min(now + CREDIT * limit);
    }

    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let end = self.whole.min(self.next);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if alarm.deadline() != end {
            alarm.as_mut().reset(end);
        }
        alarm.as_mut().poll(cx).is_ready()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    async fn waits(patience: &mut Patience) -> Duration {
        let begun = Instant::now();
        poll_fn(|cx| match patience.is_over(cx) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_nothing_has_the_limit() {
        let mut patience = Patience::new(LIMIT);
        let waited = waits(&mut patience).await;
        assert_eq!(waited.as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn each_piece_gives_the_limit_anew() {
        let mut patience = Patience::new(LIMIT);
        tokio::time::sleep(Duration::from_secs(29)).await;
        patience.came(1024 * 1024);
        assert_eq!(waits(&mut patience).await.as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_a_little_now_and_then_does_not_hold_out() {
        let mut patience = Patience::new(LIMIT);
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(14)).await;
            patience.came(1);
        }
        assert!(waits(&mut patience).await < Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_fast_makes_up_for_little() {
        let mut patience = Patience::new(LIMIT);
        patience.came(1024 * 1024 * 1024);
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(29)).await;
            patience.came(1);
        }
        assert!(waits(&mut patience).await < LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_ages_is_none() {
        let mut patience = Patience::new(Duration::MAX);
        patience.came(1);
        assert!(waits(&mut patience).await > Duration::from_secs(60 * 60));
    }
}
