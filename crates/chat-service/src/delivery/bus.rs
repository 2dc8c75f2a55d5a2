//! The bus of a single process.

use std::sync::{PoisonError, RwLock};

use chat_domain::Signal;
use chat_domain::ports::{EventBus, Listener};

/// An [`EventBus`] within the process, for a node that is alone.
#[derive(Default)]
pub struct LocalBus(RwLock<Vec<Listener>>);

impl EventBus for LocalBus {
    fn publish(&self, signal: Signal) {
        for listener in &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            listener(&signal);
        }
    }

    fn listen(&self, listener: Listener) {
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        listeners.push(listener);
    }
}
