//! A stage as the port sees it, and what becomes of one that nobody ends.

use std::sync::Arc;

use bytes::Bytes;
use chat_domain::ports::{BlobResult, Later, Staged};
use chat_domain::{BlobKey, StageMark};
use tokio::runtime::Handle;

use super::super::stage::clear;
use super::{S3Staged, give_up};

impl Staged for S3Staged {
    fn write(&mut self, chunk: Bytes) -> Later<'_, BlobResult<()>> {
        Box::pin(self.put(chunk))
    }

    fn mark(&mut self) -> Later<'_, BlobResult<StageMark>> {
        Box::pin(self.marked())
    }

    fn settle(&mut self) -> Later<'_, BlobResult<()>> {
        Box::pin(async {
            if self.upload.is_some() {
                self.send_last().await
            } else {
                self.goes_on()
            }
        })
    }

    fn keep(mut self: Box<Self>, key: BlobKey) -> Later<'static, BlobResult<()>> {
        Box::pin(async move {
            self.bring(key).await?;
            if self.is_stored() {
                let completed = self.upload.as_ref().map(|upload| upload.name);
                if let Err(error) = clear(&self.bucket, self.id, completed).await {
                    // It is kept. What is left here is swept.
                    log::warn!("the stage {} can't be cleared: {error}", self.id);
                }
            }
            self.stays = true;
            Ok(())
        })
    }

    fn discard(mut self: Box<Self>) -> Later<'static, BlobResult<()>> {
        Box::pin(async move {
            give_up(self.sending.take()).await;
            if self.is_stored() {
                clear(&self.bucket, self.id, None).await?;
            }
            self.stays = true;
            Ok(())
        })
    }
}

impl Drop for S3Staged {
    fn drop(&mut self) {
        let sending = self.sending.take();
        if let Some(sending) = &sending {
            sending.abort();
        }
        if self.stays || !self.is_stored() {
            return;
        }
        let (bucket, id) = (Arc::clone(&self.bucket), self.id);
        // Nobody waits for it. Without a runtime it is left to be swept.
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn(async move {
                give_up(sending).await;
                if let Err(error) = clear(&bucket, id, None).await {
                    log::warn!("the stage {id} can't be cleared: {error}");
                }
            }));
        }
    }
}
