//! What becomes known of a request on its way inwards: its route, and who acts.
//!
//! The edge keeps it beside the request, so that it is not lost with one that panics or is dropped.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use actix_web::HttpMessage;
use chat_domain::Timestamp;

use crate::actor::{Acting, Entry};
use crate::limits::CountedBy;
use crate::resource::Asks;

/// A path that a request has come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matched {
    /// Such as `/users/{id}`.
    pub(crate) path: &'static str,
    /// Whom it asks who acts.
    pub(crate) asks: Asks,
}

/// What is known of one request so far.
#[derive(Default)]
pub(crate) struct Trace {
    route: Cell<Option<Matched>>,
    entry: Cell<Option<Entry>>,
    until: Cell<Option<Timestamp>>,
    acting: Cell<Option<Acting>>,
    /// By what more is counted that comes over its connection.
    counted_by: OnceCell<CountedBy>,
    /// What the system calls itself.
    name: OnceCell<Box<str>>,
}

impl Trace {
    /// A new one, for all that handle the request.
    pub(crate) fn begin(request: &impl HttpMessage) -> Rc<Self> {
        let trace = Rc::new(Self::default());
        request.extensions_mut().insert(Rc::clone(&trace));
        trace
    }

    /// The route that the request has come to, if it has come to one.
    pub(crate) fn route(&self) -> Option<Matched> {
        self.route.get()
    }

    /// How the request has come in, if it was let in.
    pub(crate) fn entry(&self) -> Option<Entry> {
        self.entry.get()
    }

    /// Notes how the request has come in.
    pub(crate) fn comes_in(&self, entry: Entry) {
        self.entry.set(Some(entry));
    }

    /// Notes by what more is counted that comes over its connection.
    pub(crate) fn is_counted_by(&self, counted_by: CountedBy) {
        // It comes in once.
        drop(self.counted_by.set(counted_by));
    }

    /// Notes when the credentials end that it has come in by.
    pub(crate) fn may_stay_until(&self, end: Timestamp) {
        self.until.set(Some(end));
    }

    /// What the system calls itself, if it says.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.get().map(|name| &**name)
    }

    /// Notes what the system calls itself.
    pub(crate) fn is_called(&self, name: Box<str>) {
        // It is asked once.
        drop(self.name.set(name));
    }

    /// Who acts, if that was decided.
    pub(crate) fn acting(&self) -> Option<Acting> {
        self.acting.get()
    }

    /// Notes who acts.
    pub(crate) fn acts(&self, acting: Acting) {
        self.acting.set(Some(acting));
    }
}

/// Notes that the request has come to this route.
pub(crate) fn came_to(request: &impl HttpMessage, route: Matched) {
    with(request, |trace| trace.route.set(Some(route)));
}

/// Notes who acts in the request, as it was decided.
pub(crate) fn acts(request: &impl HttpMessage, acting: Acting) {
    with(request, |trace| trace.acts(acting));
}

/// How the request has come in, if it has through the edge.
pub(crate) fn entry(request: &impl HttpMessage) -> Option<Entry> {
    let extensions = request.extensions();
    extensions.get::<Rc<Trace>>()?.entry()
}

/// When the credentials end that the request has come in by, if they do.
pub(crate) fn until(request: &impl HttpMessage) -> Option<Timestamp> {
    let extensions = request.extensions();
    extensions.get::<Rc<Trace>>()?.until.get()
}

/// By what more is counted that comes over the request's connection.
pub(crate) fn counted_by(request: &impl HttpMessage) -> Option<CountedBy> {
    let extensions = request.extensions();
    extensions.get::<Rc<Trace>>()?.counted_by.get().cloned()
}

fn with(request: &impl HttpMessage, note: impl FnOnce(&Trace)) {
    if let Some(trace) = request.extensions().get::<Rc<Trace>>() {
        note(trace);
    }
}
