//! The service: a store, a clock, and the use cases over them.

use std::sync::Arc;
use std::time::Duration;

use chat_domain::ports::{Clock, Cost, EventBus, ReadTx, Store, WriteTx};
use chat_domain::{Actor, Timestamp};

use crate::delivery::{Hub, LocalBus};
use crate::files::{self, Shelf};
use crate::messages::together::Together;
use crate::{FileOptions, ServiceError, access, unit};

/// How long answers are kept when nothing else is said.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The chat engine without a transport. Cheap to clone; all clones share one store.
#[derive(Clone)]
pub struct ChatService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    pub(crate) answers_kept_for: Duration,
    shelf: Option<Arc<Shelf>>,
    pub(crate) together: Option<Together>,
    pub(crate) hub: Arc<Hub>,
}

impl ChatService {
    /// A service over `store` that takes its times from `clock`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let bus = Arc::new(LocalBus::default());
        Self {
            hub: Hub::new(&store, &clock, bus),
            store,
            clock,
            answers_kept_for: DAY,
            shelf: None,
            together: None,
        }
    }

    /// The same service, as one node of several between which `bus` carries signals; without it a node is
    /// alone, and learns of what others store within a second.
    #[must_use]
    pub fn over_bus(mut self, bus: Arc<dyn EventBus>) -> Self {
        self.hub = Hub::new(&self.store, &self.clock, bus);
        self
    }

    /// The same service, which keeps files; without it whatever needs the bytes of one fails with
    /// `Blobs`.
    #[must_use]
    pub fn keeping_files(mut self, options: FileOptions) -> Self {
        self.shelf = Some(Arc::new(Shelf::new(options)));
        self
    }

    /// The same service, in which messages that are sent at the same time share a transaction: on a store to
    /// which every statement is a journey that is several times as fast, and changes nothing else. A
    /// store that commits in groups by itself has nothing of it.
    #[must_use]
    pub fn sending_together(mut self) -> Self {
        let clock = Arc::clone(&self.clock);
        self.together = Some(Together::new(&self.store, clock));
        self
    }

    /// Where files are kept.
    pub(crate) fn shelf(&self) -> Result<&Shelf, ServiceError> {
        self.shelf.as_deref().ok_or_else(files::none)
    }

    /// The time now; inside a transaction that writes, the closure's own.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The same service, which keeps the answers under idempotency keys for so long; 24 hours when
    /// not said.
    #[must_use]
    pub fn keeping_answers(mut self, duration: Duration) -> Self {
        self.answers_kept_for = duration;
        self
    }

    /// Whether `actor` can act at all: the system can, and every living user.
    ///
    /// # Errors
    /// `UnknownActor`.
    pub async fn check_actor(&self, actor: Actor) -> Result<(), ServiceError> {
        self.read(Cost::Bounded, move |tx| access::known_actor(tx, actor))
            .await
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// `Store`.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        self.read(Cost::Bounded, |tx| Ok(tx.log_state().map(drop)?))
            .await
    }

    /// One transaction that may write; the closure gets the time at which it runs, so that times
    /// follow the order of commits as far as the clock does.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn WriteTx, Timestamp) -> Result<T, ServiceError> + Send + 'static,
    {
        let clock = Arc::clone(&self.clock);
        unit::write(&*self.store, move |tx| work(tx, clock.now())).await
    }

    /// One snapshot.
    pub(crate) async fn read<T, F>(&self, cost: Cost, work: F) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn ReadTx) -> Result<T, ServiceError> + Send + 'static,
    {
        unit::read(&*self.store, cost, work).await
    }
}
