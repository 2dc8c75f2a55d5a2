//! Uploads that are over before they became a file, and what was staged of them.

use chat_domain::ports::WriteTx;
use chat_domain::{StageMark, Upload};

use crate::{ChatService, ServiceError};

/// Removes the record of an upload; where bytes of it are staged that nobody needs any more. They are
/// [discarded](ChatService::discard_staged) once the transaction is done.
pub(crate) fn end(tx: &mut dyn WriteTx, upload: Upload) -> Result<Option<StageMark>, ServiceError> {
    tx.delete_upload(upload.id)?;
    let staged = upload.progress.filter(|_| upload.file_id.is_none());
    Ok(staged.map(|progress| progress.mark))
}

impl ChatService {
    /// Removes staged bytes that no record knows any more. What can't be removed now is swept.
    pub(crate) async fn discard_staged(&self, mark: &StageMark) {
        let discarded = match self.shelf() {
            Ok(shelf) => shelf.options.blobs.discard(mark).await,
            // Who keeps no files has none staged.
            Err(_) => return,
        };
        if let Err(error) = discarded {
            log::warn!("what was staged of an upload stays until it is swept: {error}");
        }
    }
}
