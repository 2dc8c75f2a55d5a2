//! A picture in small: decoded within limits, scaled down, put upright, and encoded from its pixels
//! alone.

use bytes::Bytes;
use chat_domain::{Invalid, MediaType, Thumbnail, ThumbnailSize};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageError};

mod decode;
mod jpeg;
mod scale;
mod webp;

/// How good the JPEGs are, of 100.
const QUALITY: u8 = 80;

/// Why no thumbnail is made of a picture; for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It is of none of the formats that are read.
    #[error("it is no PNG, JPEG, GIF or WebP")]
    Format,
    /// It would take too many pixels, or too much memory.
    #[error("its {width} × {height} pixels are beyond the limits")]
    Limits {
        /// As its header has it.
        width: u32,
        /// As its header has it.
        height: u32,
    },
    /// It ends too early.
    #[error("it is incomplete")]
    Incomplete,
    /// Its parts don't fit each other.
    #[error("it says in two ways how large it is")]
    Inconsistent,
    /// It can't be decoded (or, which would be a defect, the thumbnail not encoded).
    #[error(transparent)]
    Broken(#[from] ImageError),
    /// A defect: the thumbnail's type has no name.
    #[error("its type: {0}")]
    Type(Invalid),
}

/// Makes the thumbnail. It takes a thread for up to seconds.
pub(crate) fn draw(picture: &[u8], size: ThumbnailSize) -> Result<Thumbnail, Refusal> {
    let (image, orientation) = decode::decode(picture)?;
    // A square fits a picture however it is turned, and a small one is turned faster.
    let mut small = scale::into_square(image, size.get());
    small.apply_orientation(orientation);
    let (name, bytes) = encode(&small)?;
    Ok(Thumbnail {
        media_type: MediaType::parse(name).map_err(Refusal::Type)?,
        bytes: Bytes::from(bytes),
    })
}

/// The type and the bytes. What is encoded are samples without a profile or anything else around them.
fn encode(image: &DynamicImage) -> Result<(&'static str, Vec<u8>), ImageError> {
    let (width, height) = (image.width(), image.height());
    let mut bytes = Vec::new();
    if image.color().has_alpha() {
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
            .write_image(&image.to_rgba8(), width, height, ExtendedColorType::Rgba8)?;
        return Ok(("image/png", bytes));
    }
    let jpeg = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    if image.color().has_color() {
        jpeg.write_image(&image.to_rgb8(), width, height, ExtendedColorType::Rgb8)?;
    } else {
        jpeg.write_image(&image.to_luma8(), width, height, ExtendedColorType::L8)?;
    }
    Ok(("image/jpeg", bytes))
}

#[cfg(test)]
mod tests;
