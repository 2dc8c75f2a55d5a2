//! The port to what knows formats of files: their types, and how to draw them in small.

use bytes::Bytes;

use super::Later;
use crate::{MediaType, Thumbnail, ThumbnailSize};

/// Why there is no thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// It is no picture that can be read within the limits of pixels and memory.
    #[error("no thumbnail can be made of it")]
    Unreadable,
}

/// What knows formats of files.
pub trait Media: Send + Sync {
    /// The type that these bytes are of, by the first 8,192 of them (or all); none when it is not
    /// known.
    fn sniff(&self, head: &[u8]) -> Option<MediaType>;

    /// The most bytes of a file that a thumbnail is made of.
    fn most_bytes(&self) -> u64;

    /// The picture in small, upright, without anything that the original says besides its pixels. It is
    /// never made larger. Few are decoded at once, and the others wait: whoever asks bounds how many, since
    /// each holds its picture.
    fn thumbnail(
        &self,
        picture: Bytes,
        size: ThumbnailSize,
    ) -> Later<'_, Result<Thumbnail, MediaError>>;
}
