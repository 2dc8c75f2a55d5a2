//! How much of what peers send and are to be sent is held in memory at once, over all connections.
//!
//! A peer that stops in the middle of a body, or reads no answer, costs what it has sent or is to get until
//! its time is over. So there is one budget for all: what goes beyond it is refused with 503, before
//! the memory of the machine is gone.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// What is not counted: as much as most requests and answers have, times the connections that there can be,
/// fits anywhere.
pub(crate) const SMALL: usize = 4 * 1024;

const SMALL_ANSWER: u64 = SMALL as u64;

/// What the content of a file counts, which goes out in pieces.
const STREAM: usize = 64 * 1024;

/// Marks an answer that goes on for as long as its peer likes and takes its memory from another budget.
pub(crate) struct BoundedElsewhere;

/// A budget of bytes; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    used: AtomicUsize,
    most: usize,
}

/// Some bytes of the budget, until this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Memory,
    bytes: usize,
}

impl Memory {
    /// At most so many bytes.
    pub(crate) fn of(most: usize) -> Self {
        let used = AtomicUsize::new(0);
        Self(Arc::new(Budget { used, most }))
    }

    /// An empty share, which can grow.
    pub(crate) fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            bytes: 0,
        }
    }

    /// Takes an answer into account until it is sent, unless it is [bounded elsewhere](BoundedElsewhere). Without room for it an answer that `may_fail` is
    /// none; another goes out all the same, since its change is made.
    pub(crate) fn hold(&self, answer: HttpResponse, may_fail: bool) -> Option<HttpResponse> {
        let elsewhere = answer.extensions().contains::<BoundedElsewhere>();
        if elsewhere
            || matches!(
                answer.body().size(),
                BodySize::None | BodySize::Sized(..=SMALL_ANSWER)
            )
        {
            return Some(answer);
        }
        let (head, body) = answer.into_parts();
        let (bytes, body) = match body.try_into_bytes() {
            Ok(bytes) => (bytes.len(), BoxBody::new(bytes)),
            Err(stream) => (STREAM, stream),
        };
        let mut share = self.share();
        if !share.grow(bytes) {
            if may_fail {
                return None;
            }
            share.add(bytes);
        }
        let held = Held {
            body,
            _share: share,
        };
        Some(head.set_body(BoxBody::new(held)))
    }
}

impl Share {
    /// Takes so many bytes more, if they are there.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let Budget { used, most } = &*self.memory.0;
        let more = |used: usize| used.checked_add(bytes).filter(|sum| sum <= most);
        let grown = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        if grown.is_ok() {
            self.bytes += bytes;
        }
        grown.is_ok()
    }

    /// Takes so many bytes more, whether they are there or not.
    fn add(&mut self, bytes: usize) {
        self.memory.0.used.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The body of an answer, and the room that it takes.
struct Held {
    body: BoxBody,
    _share: Share,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;

    use super::*;

    #[test]
    fn a_share_grows_within_the_budget_and_gives_all_back() {
        let memory = Memory::of(10);
        let mut one = memory.share();
        assert!(one.grow(4) && one.grow(4) && !one.grow(4));
        let mut other = memory.share();
        assert!(!other.grow(3) && other.grow(2));
        assert!(!other.grow(usize::MAX));
        drop(one);
        assert!(other.grow(8) && !other.grow(1));
        drop(other);
        assert!(memory.share().grow(10));
    }

    fn answer(bytes: usize) -> HttpResponse {
        HttpResponse::Ok().body(vec![b'x'; bytes])
    }

    #[test]
    fn an_answer_takes_room_until_it_is_sent() {
        let memory = Memory::of(100_000);
        let first = memory.hold(answer(60_000), true).unwrap();
        assert!(memory.hold(answer(60_000), true).is_none());
        let made = memory.hold(answer(60_000), false).unwrap();
        drop(first);
        assert!(memory.hold(answer(60_000), true).is_none());
        drop(made);
        assert!(memory.hold(answer(60_000), true).is_some());
    }

    #[test]
    fn a_small_answer_always_has_room() {
        let memory = Memory::of(0);
        assert!(memory.hold(answer(SMALL), true).is_some());
        assert!(
            memory
                .hold(HttpResponse::NoContent().finish(), true)
                .is_some()
        );
    }
}
