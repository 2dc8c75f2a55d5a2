//! Pictures in small.

use bytes::Bytes;

use crate::{Fault, Invalid, MediaType};

/// How large a thumbnail is: the square, in pixels, that it fits into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThumbnailSize(u32);

impl ThumbnailSize {
    /// Every size. Few, so that nobody can have one drawn for each pixel.
    pub const ALL: [u32; 5] = [64, 128, 256, 512, 1024];

    /// One of [`ThumbnailSize::ALL`]; [`Fault::Range`] otherwise.
    pub fn parse(pixels: i64) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|&one| i64::from(one) == pixels);
        known
            .map(Self)
            .ok_or_else(|| Invalid::new(Fault::Range, "must be 64, 128, 256, 512 or 1024"))
    }

    /// The number of pixels.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for ThumbnailSize {
    /// 256 pixels.
    fn default() -> Self {
        Self(256)
    }
}

/// A picture in small, ready to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// Its type: `image/jpeg`, or `image/png` where something is transparent.
    pub media_type: MediaType,
    /// It itself.
    pub bytes: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_few_sizes() {
        assert_eq!(ThumbnailSize::parse(64).map(ThumbnailSize::get), Ok(64));
        assert_eq!(ThumbnailSize::default().get(), 256);
        for pixels in [i64::MIN, -64, 0, 63, 65, 2048, i64::MAX] {
            let error = ThumbnailSize::parse(pixels).unwrap_err();
            assert_eq!(error.fault, Fault::Range);
        }
    }
}
