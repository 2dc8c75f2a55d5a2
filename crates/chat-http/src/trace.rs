//! What becomes known of a request on its way inwards: its route, and who acts.
//!
//! The edge keeps it beside the request, so that it is not lost with one that panics or is dropped.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use actix_web::HttpMessage;

use crate::actor::{Acting, Entry};
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
    acting: Cell<Option<Acting>>,
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

fn with(request: &impl HttpMessage, note: impl FnOnce(&Trace)) {
    if let Some(trace) = request.extensions().get::<Rc<Trace>>() {
        note(trace);
    }
}
