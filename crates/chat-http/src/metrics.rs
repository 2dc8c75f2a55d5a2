//! What the server counts, and the page that tells it in the format of Prometheus.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chat_domain::ports::Measured;
use prometheus::core::Collector;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

mod families;
mod readers;

pub(crate) use readers::{Readers, Reading};

/// Seconds of a request: from a read by key to what hardly anybody waits for.
const SECONDS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// What one server counts of its requests and connections, with what others count of their own work.
/// Clones count together.
///
/// ```
/// use chat_http::{HttpOptions, Metrics};
///
/// // With a store: `Metrics::with([store.clone() as Arc<dyn Measured>])`.
/// let options = HttpOptions {
///     metrics: Metrics::with([]),
///     ..HttpOptions::default()
/// };
/// # drop(options);
/// ```
#[derive(Clone)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: IntGauge,
    connections: IntGauge,
    readers: Readers,
    sources: Vec<Arc<dyn Measured>>,
}

impl Metrics {
    /// New counts, told together with those of `sources`. The names of those must differ.
    pub fn with(sources: impl IntoIterator<Item = Arc<dyn Measured>>) -> Self {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("chat_http_requests_total", "Requests that have ended."),
            &["method", "route", "status"],
        );
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "chat_http_request_duration_seconds",
                "Time from the head of a request to its answer.",
            )
            .buckets(SECONDS.to_vec()),
            &["method", "route"],
        );
        let build = IntGauge::with_opts(
            Opts::new(
                "chat_build_info",
                "Always 1; the label is what it is about.",
            )
            .const_label("version", env!("CARGO_PKG_VERSION")),
        );
        let counts = Counts {
            requests: kept(requests, &registry),
            durations: kept(durations, &registry),
            in_flight: kept(
                IntGauge::new("chat_http_requests_in_flight", "Requests under way."),
                &registry,
            ),
            connections: kept(
                IntGauge::new("chat_http_connections", "Connections that are open."),
                &registry,
            ),
            readers: Readers::in_registry(&registry),
            registry,
            sources: sources.into_iter().collect(),
        };
        kept(build, &counts.registry).set(1);
        Self(Arc::new(counts))
    }

    /// A request has begun.
    pub(crate) fn begun(&self) {
        self.0.in_flight.inc();
    }

    /// A request has ended. None of the labels may be what a client makes up: each new one is a
    /// series that stays.
    pub(crate) fn ended(
        &self,
        method: &'static str,
        route: &'static str,
        status: &str,
        took: Duration,
    ) {
        let counts = &self.0;
        counts.in_flight.dec();
        let labels = [method, route, status];
        counts.requests.with_label_values(&labels).inc();
        let duration = counts.durations.with_label_values(&labels[..2]);
        duration.observe(took.as_secs_f64());
    }

    /// Who reads what happens.
    pub(crate) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// A connection is open, until what is returned is dropped.
    pub(crate) fn connected(&self) -> Connected {
        let connections = self.0.connections.clone();
        connections.inc();
        Connected(connections)
    }

    /// All of it in the text format of Prometheus.
    pub(crate) fn text(&self) -> prometheus::Result<String> {
        let mut all = self.0.registry.gather();
        for source in &self.0.sources {
            all.extend(source.measure().into_iter().map(families::family));
        }
        TextEncoder::new().encode_to_string(&all)
    }
}

impl Default for Metrics {
    /// Without other sources.
    fn default() -> Self {
        Self::with([])
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// An open connection, in the count of those.
pub(crate) struct Connected(IntGauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The metric, once it is in the registry. Its name stands in this file, so that nothing but a slip in
/// here could be refused, and the first test would show it.
fn kept<M: Collector + Clone + 'static>(made: prometheus::Result<M>, registry: &Registry) -> M {
    made.and_then(|metric| {
        registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    })
    .unwrap_or_else(|error| unreachable!("a metric of this file: {error}"))
}
