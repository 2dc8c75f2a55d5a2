//! What tests of any backend need: a fresh store, closures as jobs, and the steps of a story.

#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres")),
    allow(
        dead_code,
        unused_imports,
        reason = "some of it is for tests of one backend alone"
    )
)]

mod bytes;
mod jobs;
mod logged;
mod story;

pub(crate) use bytes::*;
pub(crate) use jobs::{Ended, Pending, begin, read, read_at, scan, undo, write};
pub(crate) use logged::Logged;
pub(crate) use story::*;

use std::any::Any;
use std::sync::Arc;

use chat_domain::ports::{ReadTx, Store, StoreResult, WriteTx};

/// A fresh store of some backend, and what it needs to live.
pub(crate) struct Db {
    pub(crate) store: Arc<dyn Store>,
    /// Dropped after the store.
    _place: Box<dyn Any>,
}

impl Db {
    pub(crate) fn new(store: Arc<dyn Store>, place: impl Any) -> Self {
        Self {
            store,
            _place: Box::new(place),
        }
    }

    /// Commits what the closure does; its error undoes it.
    pub(crate) fn try_write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn WriteTx) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        write(&*self.store, work)
    }

    /// Commits what the closure does, which must not fail.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn WriteTx) -> StoreResult<T> + Send + 'static,
    ) -> T {
        self.try_write(work).unwrap()
    }

    /// Reads, which must not fail.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn ReadTx) -> StoreResult<T> + Send + 'static,
    ) -> T {
        read(&*self.store, work).unwrap()
    }
}
