//! The stages that this store is writing: bytes may come to one so slowly that it looks as if it were left.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// How many are writing which stage; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Opened(Arc<Mutex<HashMap<Uuid, usize>>>);

/// One that writes a stage, until it is dropped.
#[derive(Debug)]
pub(super) struct Writing {
    opened: Opened,
    id: Uuid,
}

impl Opened {
    /// One more writes this stage.
    pub(super) fn open(&self, id: Uuid) -> Writing {
        *self.stages().entry(id).or_default() += 1;
        let opened = self.clone();
        Writing { opened, id }
    }

    /// Whether somebody writes it.
    pub(super) fn has(&self, id: Uuid) -> bool {
        self.stages().contains_key(&id)
    }

    fn stages(&self) -> MutexGuard<'_, HashMap<Uuid, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Entry::Occupied(mut writing) = self.opened.stages().entry(self.id) {
            *writing.get_mut() -= 1;
            if *writing.get() == 0 {
                writing.remove();
            }
        }
    }
}
