//! Live delivery over HTTP: polls, streams of server-sent events, and WebSockets, over the service's one reader.
//!
//! A stream and a socket are bodies of answers, polled by their connection when it can send: there is no task and
//! no channel beside it, and a peer that does not read is not read for.

mod beat;
pub(crate) mod desk;
pub(crate) mod encode;
mod incoming;
pub(crate) mod poll;
pub(crate) mod socket;
pub(crate) mod stream;

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::rt::time::Instant;
use chat_domain::Timestamp;

use crate::trace;

/// How often a peer is shown that the connection lives.
const BEAT: Duration = Duration::from_secs(15);

/// How long nothing may come from a peer, nor go to it.
const SILENCE: Duration = Duration::from_secs(45);

/// How many events are taken from the reader at once.
const AT_ONCE: usize = 64;

/// When the credentials of the request end, by the clock of timers.
pub(crate) fn end_of_credentials(request: &HttpRequest) -> Option<Instant> {
    let end = trace::until(request)?;
    let now = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
    let left = u64::try_from(end.as_micros().saturating_sub(now.as_micros())).unwrap_or(0);
    // What is further away than the clock goes is never.
    Instant::now().checked_add(Duration::from_micros(left))
}
