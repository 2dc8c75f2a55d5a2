//! What becomes known of a request on its way inwards: its route, and who acts.
//!
//! The edge keeps it beside the request, so that it is not lost with one that panics or is dropped.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::HttpMessage;

use crate::actor::Acting;

/// A path that a request has come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matched {
    /// Such as `/users/{id}`.
    pub(crate) path: &'static str,
    /// Whether it asks nobody who acts.
    pub(crate) anonymous: bool,
}

/// What is known of one request so far.
#[derive(Default)]
pub(crate) struct Trace {
    route: Cell<Option<Matched>>,
    acting: Cell<Option<Acting>>,
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

fn with(request: &impl HttpMessage, note: impl FnOnce(&Trace)) {
    if let Some(trace) = request.extensions().get::<Rc<Trace>>() {
        note(trace);
    }
}
