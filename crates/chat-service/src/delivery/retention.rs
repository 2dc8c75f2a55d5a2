//! How long the log is kept.

use std::time::Duration;

use crate::{ChatService, ServiceError};

/// How many entries are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: i64 = 500;

impl ChatService {
    /// Forgets some entries of the log that are older than `kept_for`, and says how many it has passed: about 500 at the
    /// most, so that other writes wait for it only shortly. A host calls it now and then, until it says 0. A cursor from
    /// before what was forgotten is expired then. Who was a member of which group and when is never forgotten.
    ///
    /// # Errors
    /// `Store`.
    pub async fn forget_events(&self, kept_for: Duration) -> Result<usize, ServiceError> {
        self.write(move |tx, at| Ok(tx.forget_events(at.earlier_by(kept_for), FORGOTTEN_AT_ONCE)?))
            .await
    }
}
