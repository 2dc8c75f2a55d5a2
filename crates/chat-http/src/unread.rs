//! Bodies of requests that nobody read to their end.
//!
//! What has come of such a body is thrown away. If that is all of it, the connection goes on. If
//! not, it must end, and nothing that the peer sent behind it may be done. The dispatcher would
//! read on when a payload is dropped before the answer is sent, and a chunked one has no end to
//! wait for; kept until the answer is sent, a payload makes it close the connection instead.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::web::Bytes;
use futures_util::{FutureExt, StreamExt};

use crate::expect;
use crate::pace::Turn;

/// The most bytes of an unread body that are thrown away to save its connection: as many as a body
/// that is read may have.
const MOST_DRAINED: usize = 256 * 1024;

/// The payload of a request, kept beside it.
struct Unread(Payload);

/// Puts the payload where handlers find it, and where it stays if they don't.
pub(crate) fn keep(request: &mut ServiceRequest) {
    let payload = request.take_payload();
    put_back(request, payload);
}

/// The payload, for who reads it. A peer that waits to be asked for it is asked.
pub(crate) fn take(request: &impl HttpMessage) -> Payload {
    let payload = left(request);
    if !matches!(payload, Payload::None) {
        expect::want_body(request);
    }
    payload
}

/// The payload, if nobody has taken it to its end.
fn left(request: &impl HttpMessage) -> Payload {
    let unread = request.extensions_mut().remove::<Unread>();
    unread.map_or(Payload::None, |Unread(payload)| payload)
}

/// Puts back a payload that was not read to its end.
pub(crate) fn put_back(request: &impl HttpMessage, payload: Payload) {
    if !matches!(payload, Payload::None) {
        request.extensions_mut().insert(Unread(payload));
    }
}

/// Binds to the answer what must last until it is sent: the request's turn, and its body if that is
/// not complete by now.
pub(crate) async fn hold(response: ServiceResponse, turn: Option<Turn>) -> ServiceResponse {
    let mut unread = left(response.request());
    if !matches!(unread, Payload::None) && drain(&mut unread).await {
        unread = Payload::None;
    }
    if matches!((&unread, &turn), (Payload::None, None)) {
        return response;
    }
    response.map_body(|_, body| {
        BoxBody::new(Holding {
            body,
            _unread: unread,
            _turn: turn,
        })
    })
}

/// Throws away what has come, without waiting for more; whether it was all.
async fn drain(payload: &mut Payload) -> bool {
    let (mut drained, mut in_vain) = (0, 0);
    while drained <= MOST_DRAINED {
        match payload.next().now_or_never() {
            Some(None) => return true,
            Some(Some(Err(_))) => return false,
            Some(Some(Ok(chunk))) => {
                drained += chunk.len();
                in_vain = 0;
            }
            // The dispatcher has to look twice: at what it has read, then at what has come since.
            None if in_vain < 2 => {
                in_vain += 1;
                step_back().await;
            }
            None => return false,
        }
    }
    false
}

/// Yields to the dispatcher once, and wakes itself at once.
async fn step_back() {
    let mut stepped = false;
    poll_fn(|cx| {
        if stepped {
            return Poll::Ready(());
        }
        stepped = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The body of an answer, and what lasts as long as it.
struct Holding {
    body: BoxBody,
    _unread: Payload,
    _turn: Option<Turn>,
}

impl MessageBody for Holding {
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
