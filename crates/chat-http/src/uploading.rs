//! A part of an upload on its way from a body to where it is staged.

use actix_web::rt;
use chat_domain::Upload;
use chat_service::{IncomingPart, ServiceError};
use futures_util::StreamExt;

use crate::actor::Acting;
use crate::incoming::Incoming;
use crate::problem::Problem;
use crate::tus::Hashing;

/// A part that keeps what has come of it, however it ends: its body may break off, another request may
/// want to go on, the service may be stopped, or its connection is gone and this is dropped. Only what is to be checked counts
/// whole or not at all.
pub(crate) struct Uploading {
    part: Option<IncomingPart>,
    checksum: Option<Hashing>,
}

/// How the body of a part ends.
enum End {
    /// It is all there.
    Whole,
    /// It breaks off.
    Broken,
    /// It is to end: another request goes on with the upload, or the service is being stopped.
    Wanted(ServiceError),
}

impl Uploading {
    pub(crate) fn new(part: IncomingPart, checksum: Option<Hashing>) -> Self {
        let part = Some(part);
        Self { part, checksum }
    }

    /// Takes the body to its end; what the upload has come to.
    pub(crate) async fn take(mut self, body: &Incoming, acting: Acting) -> Result<Upload, Problem> {
        let mut checksum = self.checksum.clone();
        let end = acting.told(self.pour(body, checksum.as_mut()).await)?;
        let Some(part) = self.part.take() else {
            return Err(Problem::internal("a part of an upload was taken twice"));
        };
        let problem = match end {
            End::Whole => checksum.map_or(Ok(()), Hashing::finish).err(),
            // Clients go on after it, as they would not after a 408.
            End::Broken if body.stalls() => Some(Problem::upload_stalled()),
            End::Broken => Some(body.broken()),
            End::Wanted(why) => Some(why.into()),
        };
        match problem {
            None => ended(part, acting).await,
            Some(problem) => {
                if self.checksum.is_none() {
                    ended(part, acting).await?;
                }
                Err(problem)
            }
        }
    }

    async fn pour(
        &mut self,
        body: &Incoming,
        mut checksum: Option<&mut Hashing>,
    ) -> Result<End, ServiceError> {
        let mut pieces = body.pieces();
        while let Some(part) = &mut self.part {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                why = part.wanted() => return Ok(End::Wanted(why)),
            };
            let bytes = match piece {
                None => return Ok(End::Whole),
                Some(Err(_)) => return Ok(End::Broken),
                Some(Ok(bytes)) => bytes,
            };
            if let Some(checksum) = &mut checksum {
                checksum.update(&bytes);
            }
            if let Err(error) = part.write(bytes).await {
                // What goes wrong with the part itself leaves nothing of it worth keeping.
                self.part = None;
                return Err(error);
            }
        }
        Ok(End::Whole)
    }
}

/// Ends a part, also when nobody waits for that any more: who goes on with the upload must find it as it
/// will stay, and not as it was before what is noted just now.
async fn ended(part: IncomingPart, acting: Acting) -> Result<Upload, Problem> {
    match rt::spawn(part.end()).await {
        Ok(ended) => acting.told(ended),
        Err(lost) => Err(Problem::internal(lost)),
    }
}

impl Drop for Uploading {
    /// The connection is gone, and with it whoever waited: what has come is kept all the same.
    fn drop(&mut self) {
        if let (Some(part), None) = (self.part.take(), &self.checksum) {
            drop(rt::spawn(async move {
                if let Err(error) = part.end().await {
                    log::debug!("a part of an upload that broke off is not kept: {error}");
                }
            }));
        }
    }
}
