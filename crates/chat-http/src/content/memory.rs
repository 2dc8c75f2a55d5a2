//! Bytes that are in memory already, given out like those that are stored.

use std::future::{Ready, ready};
use std::ops::Range;

use actix_web::web::Bytes;
use chat_domain::ports::{BlobReader, BlobResult, Later};

use crate::problem::Problem;

/// Opens ranges of these bytes.
pub(crate) fn in_memory(
    bytes: Bytes,
) -> impl Fn(Range<u64>) -> Ready<Result<Box<dyn BlobReader>, Problem>> {
    move |range| ready(slice(&bytes, &range))
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Result<Box<dyn BlobReader>, Problem> {
    let start = usize::try_from(range.start).map_err(Problem::internal)?;
    let end = usize::try_from(range.end).map_err(Problem::internal)?;
    if start > end || end > bytes.len() {
        return Err(Problem::internal("a range beyond the bytes in memory"));
    }
    Ok(Box::new(InMemory(Some(bytes.slice(start..end)))))
}

/// All of them at once.
struct InMemory(Option<Bytes>);

impl BlobReader for InMemory {
    fn next(&mut self) -> Later<'_, BlobResult<Option<Bytes>>> {
        Box::pin(ready(Ok(self.0.take())))
    }
}
