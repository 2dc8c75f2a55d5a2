//! How much memory what waits to be delivered may take, over all readers of a node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What has been taken, in bytes; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    bytes: AtomicUsize,
    most: usize,
}

/// Some bytes of the budget, until this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(super) fn of(most: usize) -> Self {
        Self(Arc::new(Taken {
            bytes: AtomicUsize::new(0),
            most,
        }))
    }

    /// Takes so many bytes, whether they are there or not: whoever is behind then gives back what it holds.
    pub(super) fn take(&self, bytes: usize) -> Room {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        Room {
            budget: self.clone(),
            bytes,
        }
    }

    /// Whether more was taken than there is.
    pub(super) fn is_exceeded(&self) -> bool {
        self.0.bytes.load(Ordering::Relaxed) > self.0.most
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.budget.0.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_given_back() {
        let budget = Budget::of(10);
        let first = budget.take(10);
        assert!(!budget.is_exceeded());
        let second = budget.take(1);
        assert!(budget.is_exceeded());
        drop(first);
        assert!(!budget.is_exceeded());
        drop(second);
    }
}
