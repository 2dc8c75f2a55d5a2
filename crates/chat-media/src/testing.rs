//! Pictures for tests, made by hand where no encoder would make them.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture in which every corner has a colour of its own.
pub(crate) fn gradient(width: u32, height: u32) -> DynamicImage {
    let share = |at: u32, of: u32| u8::try_from(at * 255 / of.max(2).saturating_sub(1)).unwrap();
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([share(x, width), share(y, height), 128])
    })
    .into()
}

pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn png(image: &DynamicImage) -> Vec<u8> {
    encoded(image, ImageFormat::Png)
}

pub(crate) fn jpeg(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 95))
        .unwrap();
    bytes
}

/// Metadata as a camera writes it: an orientation, and the place where it was (`WHERE_IT_WAS`).
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    // The GPS directory, behind this one.
    exif.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0");
    exif.extend(b"\0\x01\0\x1b\0\x07\0\0\0\x0c\0\0\0\x38\0\0\0\0");
    exif.extend(WHERE_IT_WAS);
    exif
}

/// What no thumbnail may have in it.
pub(crate) const WHERE_IT_WAS: &[u8] = b"47.3769,8.54";

/// A JPEG with segments behind its beginning.
pub(crate) fn with_segments(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    for (marker, data) in segments {
        let length = u16::try_from(data.len() + 2).unwrap();
        bytes.extend([0xff, *marker]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(data);
    }
    bytes.extend(&jpeg[2..]);
    bytes
}

/// A chunk of a PNG.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(data);
    let checked: Vec<u8> = kind.iter().chain(data).copied().collect();
    bytes.extend(crc(&checked).to_be_bytes());
    bytes
}

/// A PNG with chunks behind its header.
pub(crate) fn with_chunks(png: &[u8], chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    const HEADER: usize = 8 + 25;
    let mut bytes = png[..HEADER].to_vec();
    for (kind, data) in chunks {
        bytes.extend(chunk(kind, data));
    }
    bytes.extend(&png[HEADER..]);
    bytes
}

/// The header of a PNG of grey pixels, one bit each.
pub(crate) fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut data = width.to_be_bytes().to_vec();
    data.extend(height.to_be_bytes());
    data.extend([1, 0, 0, 0, 0]);
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &data)].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// A GIF of one frame, with what each of its headers says of its sides.
pub(crate) fn gif(screen: (u16, u16), frame: (u16, u16)) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend([screen.0.to_le_bytes(), screen.1.to_le_bytes()].concat());
    // A table of two colours.
    bytes.extend(b"\x80\0\0\0\0\0\xff\xff\xff\x2c\0\0\0\0");
    bytes.extend([frame.0.to_le_bytes(), frame.1.to_le_bytes()].concat());
    // One pixel, compressed.
    bytes.extend(b"\0\x02\x02\x44\x01\0\x3b");
    bytes
}
