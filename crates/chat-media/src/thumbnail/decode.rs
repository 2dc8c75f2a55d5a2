//! Decoding within limits: what a picture will cost is told by its header, before it is decoded.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, Limits};

use super::{Refusal, jpeg, webp};

/// The most pixels of a picture.
const MOST_PIXELS: u64 = 50_000_000;

/// The most pixels of a side.
const MOST_ACROSS: u32 = 16_384;

/// The most bytes of memory that the pixels, and what their decoder keeps beside them, may take.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// The most bytes of what a PNG says besides its pixels; some of it comes compressed.
const MOST_BESIDE: u64 = 16 * 1024 * 1024;

/// A decoder that has read a header.
struct Opened<'a> {
    decoder: Box<dyn ImageDecoder + 'a>,
    /// How many bytes it takes per pixel, all that it keeps included.
    per_pixel: u64,
    orientation: Orientation,
}

impl<'a> Opened<'a> {
    fn new(mut decoder: impl ImageDecoder + 'a, per_pixel: u64) -> Self {
        // Most pictures say nothing about it, and what can't be read says nothing either.
        let orientation = decoder.orientation();
        Self {
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
            decoder: Box::new(decoder),
            per_pixel,
        }
    }
}

/// The pixels as they are stored (of an animation, its first frame), and how to turn them upright.
pub(super) fn decode(picture: &[u8]) -> Result<(DynamicImage, Orientation), Refusal> {
    let Opened {
        mut decoder,
        per_pixel,
        orientation,
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
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

/// Reads the header, by what the content says that it is.
fn open(picture: &[u8]) -> Result<Opened<'_>, Refusal> {
    let format = image::guess_format(picture).map_err(|_| Refusal::Format)?;
    let reader = Cursor::new(picture);
    match format {
        ImageFormat::Png => {
            let decoder = PngDecoder::with_limits(reader, allowing(MOST_BESIDE))?;
            let pixel = decoder.color_type().bytes_per_pixel();
            Ok(Opened::new(decoder, pixel.into()))
        }
        ImageFormat::Jpeg => {
            let outline = jpeg::outline(picture).ok_or(Refusal::Incomplete)?;
            let decoder = JpegDecoder::new(reader)?;
            let pixel = u64::from(decoder.color_type().bytes_per_pixel());
            Ok(Opened::new(decoder, pixel + outline.beside()))
        }
        // A frame is as large as it says itself; the decoder holds it against what is left.
        ImageFormat::Gif => Ok(Opened::new(GifDecoder::new(reader)?, 4)),
        ImageFormat::WebP => open_webp(picture),
        _ => Err(Refusal::Format),
    }
}

fn open_webp(picture: &[u8]) -> Result<Opened<'_>, Refusal> {
    let decoder = WebPDecoder::new(Cursor::new(picture))?;
    let (width, height) = decoder.dimensions();
    if !webp::is_consistent(picture, width, height) {
        return Err(Refusal::Inconsistent);
    }
    // What the decoder allocates beside the pixels of the picture: a plane of alpha and what it is
    // unpacked through, planes of colours, and for an animation its canvas and frame.
    let per_pixel = match (decoder.has_animation(), decoder.color_type().has_alpha()) {
        (true, _) => 20,
        (false, true) => 12,
        (false, false) => 7,
    };
    let orientation = webp::exif(picture).and_then(Orientation::from_exif_chunk);
    Ok(Opened {
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        decoder: Box::new(decoder),
        per_pixel,
    })
}

/// The limits of a picture, with so much memory for what comes beside its pixels.
fn allowing(memory: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_ACROSS);
    limits.max_image_height = Some(MOST_ACROSS);
    limits.max_alloc = Some(memory);
    limits
}
