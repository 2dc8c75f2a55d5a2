//! One request from its head to its end, and what is told of it then: a count and a line in the log.

use std::fmt::{self, Write};
use std::rc::Rc;
use std::time::Instant;

use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, StatusCode};
use chat_domain::Actor;

use crate::actor::Acting;
use crate::metrics::Metrics;
use crate::request_id::request_id;
use crate::trace::Trace;

/// Under which the lines can be filtered.
const TARGET: &str = "chat_http::access";

/// What stands for the route of a request that has come to none, or was refused before. Never its
/// path: clients choose that.
const UNMATCHED: &str = "unmatched";

/// A request under way. However it ends, it is counted and told of once, when this is dropped.
///
/// The time is from the moment when the whole head is read, and those before it on the connection
/// are answered, to the moment when the answer is handed to the connection. The wait for the body, for
/// the store and for its commit is in it; the way of head and answer over the network is not.
pub(crate) struct Visit<'m> {
    /// The request's id.
    pub(crate) id: String,
    /// What becomes known of it.
    pub(crate) trace: Rc<Trace>,
    metrics: &'m Metrics,
    method: &'static str,
    begun: Instant,
    status: Option<StatusCode>,
}

impl<'m> Visit<'m> {
    pub(crate) fn begin(request: &ServiceRequest, metrics: &'m Metrics) -> Self {
        metrics.begun();
        Self {
            begun: Instant::now(),
            id: request_id(request.headers()),
            trace: Trace::begin(request),
            metrics,
            method: known(request.method()),
            status: None,
        }
    }

    /// It ends with an answer, though its peer may have left: what it asked for is done all the same.
    /// One that is dropped without was given up: its connection failed, or the server stops and waits
    /// no longer.
    pub(crate) fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The status of its answer. Of one that was given up it is 499, as other servers log it.
    fn status(&self) -> &str {
        self.status.as_ref().map_or("499", StatusCode::as_str)
    }

    fn route(&self) -> &'static str {
        self.trace.route().map_or(UNMATCHED, |route| route.path)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let (method, route, status) = (self.method, self.route(), self.status());
        self.metrics.ended(method, route, status, took);
        // Nothing of it is put into words when the line is not wanted.
        if log::log_enabled!(target: TARGET, log::Level::Info) {
            let (micros, id, actor) = (took.as_micros(), &self.id, Told(&self.trace));
            log::info!(target: TARGET, "{method} {route} {status} {micros}us id={id} actor={actor}");
        }
    }
}

/// Who acts, in the words of the log.
struct Told<'t>(&'t Trace);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.acting().map(Acting::actor) {
            Some(Actor::User(id)) => write!(f, "user:{id}"),
            Some(Actor::System) => {
                f.write_str("system")?;
                self.0.name().map_or(Ok(()), |name| plainly(name, f))
            }
            None => f.write_str("-"),
        }
    }
}

/// The most of a name that the log tells.
const MOST_OF_NAME: usize = 64;

/// A name that somebody gives itself: nothing in it ends a word or a line of the log.
fn plainly(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    let mut letters = name.chars().take(MOST_OF_NAME);
    letters.try_for_each(|c| f.write_char(if plain(c) { c } else { '_' }))
}

/// The method's name; one for all that HTTP does not know, since clients make them up.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}
