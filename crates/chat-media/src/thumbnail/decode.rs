//! Decoding within limits: what a picture will cost is told by its header, before it is decoded.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, Limits};

use super::{Refusal, jpeg};

/// The most pixels of a picture.
const MOST_PIXELS: u64 = 50_000_000;

/// The most pixels of a side.
const MOST_ACROSS: u32 = 16_384;

/// The most bytes of memory that the pixels, and what their decoder keeps beside them, may take.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// The most bytes of what a PNG says besides its pixels; some of it comes compressed.
const MOST_BESIDE: u64 = 16 * 1024 * 1024;

/// A decoder that has read a header, and how many bytes it takes per pixel, all that it keeps included.
struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    per_pixel: u64,
}

/// The pixels as they are stored (of an animation, its first frame), and how to turn them upright.
pub(super) fn decode(picture: &[u8]) -> Result<(DynamicImage, Orientation), Refusal> {
    let Opened {
        mut decoder,
        per_pixel,
    } = open(picture)?;
    let (width, height) = decoder.dimensions();
    let limits = Refusal::Limits { width, height };
    let pixels = u64::from(width) * u64::from(height);
    let fits = (1..=MOST_PIXELS).contains(&pixels)
        && width.max(height) <= MOST_ACROSS
        && pixels * per_pixel <= MOST_MEMORY;
    if !fits {
        return Err(limits);
    }
    decoder.set_limits(allowing(MOST_MEMORY - decoder.total_bytes()))?;
    // Most pictures say nothing about it, and what can't be read says nothing either.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

/// Reads the header, by what the content says that it is.
fn open(picture: &[u8]) -> Result<Opened<'_>, Refusal> {
    let format = image::guess_format(picture).map_err(|_| Refusal::Format)?;
    let reader = Cursor::new(picture);
    match format {
        ImageFormat::Png => {
            let decoder = PngDecoder::with_limits(reader, allowing(MOST_BESIDE))?;
            Ok(Opened {
                per_pixel: decoder.color_type().bytes_per_pixel().into(),
                decoder: Box::new(decoder),
            })
        }
        ImageFormat::Jpeg => {
            let outline = jpeg::outline(picture).ok_or(Refusal::Incomplete)?;
            let decoder = JpegDecoder::new(reader)?;
            let pixel = u64::from(decoder.color_type().bytes_per_pixel());
            Ok(Opened {
                per_pixel: pixel + outline.beside(),
                decoder: Box::new(decoder),
            })
        }
        // A frame is as large as it says itself; the decoder holds it against what is left.
        ImageFormat::Gif => Ok(Opened {
            decoder: Box::new(GifDecoder::new(reader)?),
            per_pixel: 4,
        }),
        ImageFormat::WebP => {
            let decoder = WebPDecoder::new(reader)?;
            // What the decoder allocates beside the pixels of the picture: a plane of alpha and what
            // it is unpacked through, planes of colours, and for an animation its canvas and frame.
            let per_pixel = match (decoder.has_animation(), decoder.color_type().has_alpha()) {
                (true, _) => 20,
                (false, true) => 12,
                (false, false) => 7,
            };
            Ok(Opened {
                decoder: Box::new(decoder),
                per_pixel,
            })
        }
        _ => Err(Refusal::Format),
    }
}

/// The limits of a picture, with so much memory for what comes beside its pixels.
fn allowing(memory: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_ACROSS);
    limits.max_image_height = Some(MOST_ACROSS);
    limits.max_alloc = Some(memory);
    limits
}
