//! Which database, and how much of everything the store uses.

use std::fmt;
use std::time::Duration;

/// How to open a [`PostgresStore`](crate::PostgresStore). Only the URL has to be said.
///
/// ```
/// use std::time::Duration;
/// use chat_store::PostgresOptions;
///
/// let options = PostgresOptions::new("postgres://chat:secret@db.example.org/chat")
///     .pool_size(32)
///     .lock_timeout(Duration::from_secs(2));
/// assert!(!format!("{options:?}").contains("secret"));
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) url: String,
    pub(super) pool_size: usize,
    pub(super) queue: usize,
    pub(super) queue_timeout: Duration,
    pub(super) lock_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) connect_timeout: Duration,
}

impl PostgresOptions {
    /// The database at `url`, a `postgres://` URL as libpq takes it, with whatever parameters it
    /// knows.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 16,
            queue: 1024,
            queue_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
        }
    }

    /// How many jobs run at a time, each on a thread and a connection of its own; 16 when not given,
    /// and at least 1. A quarter of them is kept from writes, and three quarters from scans, so that
    /// none of the three can take all. The sequencer has one connection besides.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = usize::try_from(connections.max(1)).unwrap_or(usize::MAX);
        self
    }

    /// How many jobs may wait, writes, bounded reads and scans each, before more are refused; 1024
    /// when not given, and at least 1.
    #[must_use]
    pub fn queue(mut self, jobs: usize) -> Self {
        self.queue = jobs.max(1);
        self
    }

    /// How long a job waits for a connection before it fails as `Overloaded`; 5 seconds when not
    /// given.
    #[must_use]
    pub fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.queue_timeout = timeout;
        self
    }

    /// How long a statement waits for a lock that another transaction holds; 5 seconds when not given,
    /// and at least a millisecond.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = at_least_a_millisecond(timeout);
        self
    }

    /// How long a statement may take; 30 seconds when not given, and at least a millisecond.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = at_least_a_millisecond(timeout);
        self
    }

    /// How long connecting may take, in whole seconds; 5 when not given, and at least 2. One that the
    /// URL says goes first.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.max(Duration::from_secs(2));
        self
    }
}

/// To PostgreSQL, none at all means no limit.
fn at_least_a_millisecond(timeout: Duration) -> Duration {
    timeout.max(Duration::from_millis(1))
}

/// Without the URL, which may have a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("pool_size", &self.pool_size)
            .field("queue", &self.queue)
            .field("queue_timeout", &self.queue_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
