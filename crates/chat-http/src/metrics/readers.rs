//! Who reads what happens, and how much of it was given.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::kept;

/// The readers of a server, by how they read.
#[derive(Clone)]
pub(crate) struct Readers {
    poll: Way,
    stream: Way,
    socket: Way,
}

#[derive(Clone)]
struct Way {
    open: IntGauge,
    given: IntCounter,
}

/// One that reads, until this is dropped.
pub(crate) struct Reading(Way);

impl Readers {
    pub(super) fn in_registry(registry: &Registry) -> Self {
        let label = &["transport"];
        let open = IntGaugeVec::new(
            Opts::new("chat_live_readers", "Readers that are connected."),
            label,
        );
        let given = IntCounterVec::new(
            Opts::new(
                "chat_live_deliveries_total",
                "Events and signals given to readers.",
            ),
            label,
        );
        let (open, given) = (kept(open, registry), kept(given, registry));
        let way = |name: &str| Way {
            open: open.with_label_values(&[name]),
            given: given.with_label_values(&[name]),
        };
        Self {
            poll: way("poll"),
            stream: way("sse"),
            socket: way("websocket"),
        }
    }

    /// One by a poll.
    pub(crate) fn by_poll(&self) -> Reading {
        Reading::begin(&self.poll)
    }

    /// One by server-sent events.
    pub(crate) fn by_stream(&self) -> Reading {
        Reading::begin(&self.stream)
    }

    /// One by a WebSocket.
    pub(crate) fn by_socket(&self) -> Reading {
        Reading::begin(&self.socket)
    }
}

impl Reading {
    fn begin(way: &Way) -> Self {
        way.open.inc();
        Self(way.clone())
    }

    /// It was given so many.
    pub(crate) fn gives(&self, number: usize) {
        self.0
            .given
            .inc_by(u64::try_from(number).unwrap_or(u64::MAX));
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}
