//! Thumbnails of pictures, good ones and random ones.

use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::testing::{self, WHERE_IT_WAS, exif, gradient};

mod limits;

fn size(pixels: i64) -> ThumbnailSize {
    ThumbnailSize::parse(pixels).unwrap()
}

/// The thumbnail as a picture again, with its type.
fn drawn(picture: &[u8], pixels: i64) -> (String, DynamicImage) {
    let thumbnail = draw(picture, size(pixels)).unwrap();
    let image = image::load_from_memory(&thumbnail.bytes).unwrap();
    (thumbnail.media_type.into_string(), image)
}

#[rstest]
fn every_format_is_drawn(
    #[values(
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP
    )]
    format: ImageFormat,
) {
    let picture = testing::encoded(&gradient(600, 300), format);
    let (kind, small) = drawn(&picture, 128);
    assert_eq!(kind, "image/jpeg");
    assert_eq!(small.dimensions(), (128, 64));
    let Rgba([red, green, blue, _]) = small.get_pixel(127, 0);
    assert!(
        red > 230 && green < 25 && blue.abs_diff(128) < 20,
        "{red} {green} {blue}"
    );
}

#[rstest]
#[case::never_larger((40, 30), 64, (40, 30))]
#[case::one_pixel((1, 1), 1024, (1, 1))]
#[case::much_larger((5_000, 2_500), 64, (64, 32))]
#[case::a_little_larger((1_030, 515), 1024, (1024, 512))]
#[case::line((16_384, 1), 64, (64, 1))]
#[case::column((2, 9_000), 256, (1, 256))]
fn it_fits_and_keeps_its_shape(
    #[case] (width, height): (u32, u32),
    #[case] pixels: i64,
    #[case] expected: (u32, u32),
) {
    let picture = testing::png(&DynamicImage::new_luma8(width, height));
    assert_eq!(drawn(&picture, pixels).1.dimensions(), expected);
}

#[rstest]
#[case::as_it_is(1, [0, 1, 2, 3])]
#[case::mirrored(2, [1, 0, 3, 2])]
#[case::upside_down(3, [3, 2, 1, 0])]
#[case::mirrored_upside_down(4, [2, 3, 0, 1])]
#[case::transposed(5, [0, 2, 1, 3])]
#[case::turned_right(6, [2, 0, 3, 1])]
#[case::transverse(7, [3, 1, 2, 0])]
#[case::turned_left(8, [1, 3, 0, 2])]
#[case::unknown(9, [0, 1, 2, 3])]
fn it_is_put_upright(
    #[case] orientation: u8,
    #[case] corners: [usize; 4],
    #[values("jpeg", "png")] format: &str,
) {
    const COLOURS: [[u8; 3]; 4] = [[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 250]];
    // Four fields, a colour each, of a picture twice as wide as high.
    let fields = image::RgbImage::from_fn(400, 200, |x, y| {
        image::Rgb(COLOURS[usize::from(y >= 100) * 2 + usize::from(x >= 200)])
    });
    let picture = match format {
        "jpeg" => {
            let app1 = [b"Exif\0\0".to_vec(), exif(orientation)].concat();
            testing::with_segments(&testing::jpeg(&fields.into()), &[(0xe1, app1)])
        }
        _ => testing::with_chunks(
            &testing::png(&fields.into()),
            &[(b"eXIf", exif(orientation))],
        ),
    };
    let (_, small) = drawn(&picture, 64);
    let turned = (5..=8).contains(&orientation);
    let (width, height) = if turned { (32, 64) } else { (64, 32) };
    assert_eq!(small.dimensions(), (width, height));
    let centres = [(1, 1), (3, 1), (1, 3), (3, 3)];
    for ((x, y), corner) in centres.into_iter().zip(corners) {
        let Rgba([red, green, blue, _]) = small.get_pixel(x * width / 4, y * height / 4);
        let colour = [red, green, blue].into_iter().zip(COLOURS[corner]);
        let off = colour.map(|(is, was)| is.abs_diff(was));
        assert!(off.max().unwrap() < 16, "{corner}: {red} {green} {blue}");
    }
}

#[rstest]
#[case::opaque(255, "image/jpeg")]
#[case::translucent(254, "image/png")]
#[case::clear(0, "image/png")]
fn alpha_is_kept_where_something_shows_through(#[case] alpha: u8, #[case] expected: &str) {
    let image = RgbaImage::from_pixel(300, 300, Rgba([200, 100, 50, alpha]));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let (kind, small) = drawn(&testing::encoded(&image.clone().into(), format), 64);
        assert_eq!(kind, expected);
        assert_eq!(small.get_pixel(30, 30).0[3], alpha);
    }
}

#[rstest]
#[case::grey(DynamicImage::new_luma8(200, 100))]
#[case::grey_words(DynamicImage::new_luma16(200, 100))]
#[case::grey_alpha(DynamicImage::new_luma_a8(200, 100))]
#[case::grey_alpha_words(DynamicImage::new_luma_a16(200, 100))]
#[case::words(DynamicImage::new_rgb16(200, 100))]
#[case::alpha_words(DynamicImage::new_rgba16(200, 100))]
fn every_kind_of_pixel_is_drawn(#[case] image: DynamicImage) {
    let (kind, small) = drawn(&testing::png(&image), 64);
    assert_eq!(kind == "image/png", image.color().has_alpha());
    assert_eq!(small.dimensions(), (64, 32));
    assert_eq!(small.get_pixel(9, 9), image.get_pixel(9, 9));
}

#[test]
fn of_an_animation_it_is_the_first_frame() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for colour in [[250, 0, 0, 255], [0, 250, 0, 255]] {
        let frame = RgbaImage::from_pixel(100, 50, Rgba(colour));
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    let (_, small) = drawn(&bytes, 64);
    assert_eq!(small.dimensions(), (64, 32));
    assert!(small.get_pixel(9, 9).0[0] > 240);
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let picture = testing::jpeg(&gradient(900, 700));
    assert_eq!(
        draw(&picture, size(256)).unwrap(),
        draw(&picture, size(256)).unwrap()
    );
}

#[test]
fn a_name_does_not_make_it_a_picture() {
    for bytes in [
        &b""[..],
        b"II*\0\x08\0\0\0",
        b"BM\x46\0\0\0",
        b"<svg/>",
        b"%PDF-1.7",
    ] {
        assert!(
            matches!(draw(bytes, size(64)), Err(Refusal::Format)),
            "{bytes:?}"
        );
    }
}

/// What the bytes of a thumbnail consist of: markers of segments, or names of chunks.
fn parts(thumbnail: &Thumbnail) -> Vec<String> {
    let bytes = &thumbnail.bytes;
    let mut parts = Vec::new();
    if thumbnail.media_type.as_str() == "image/png" {
        let mut rest = &bytes[8..];
        while let [a, b, c, d, name @ ..] = rest {
            let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap();
            parts.push(String::from_utf8(name[..4].to_vec()).unwrap());
            rest = &rest[12 + length..];
        }
        parts.dedup();
        return parts;
    }
    let mut rest = &bytes[2..];
    while let [0xff, marker, a, b, ..] = rest {
        parts.push(format!("{marker:x}"));
        if *marker == 0xda {
            break;
        }
        rest = &rest[2 + usize::from(u16::from_be_bytes([*a, *b]))..];
    }
    parts.dedup();
    parts
}

#[test]
fn nothing_but_pixels_is_passed_on() {
    let text = |name: &str| [name.as_bytes(), WHERE_IT_WAS].concat();
    let profile = [b"ICC_PROFILE\0\x01\x01".as_slice(), WHERE_IT_WAS].concat();
    let app1 = [b"Exif\0\0".to_vec(), exif(1)].concat();
    let jpeg = testing::with_segments(
        &testing::jpeg(&gradient(90, 60)),
        &[
            (0xe1, app1),
            (0xe1, text("http://ns.adobe.com/xap/1.0/\0")),
            (0xe2, profile),
            (0xed, text("Photoshop 3.0\08BIM")),
            (0xfe, text("comment ")),
        ],
    );
    let chunks = [
        (b"eXIf", exif(1)),
        (b"tEXt", text("Comment\0")),
        (b"iTXt", text("XML:com.adobe.xmp\0\0\0\0\0")),
        (b"tIME", vec![7, 0xea, 1, 2, 3, 4, 5]),
        (b"prVt", text("")),
    ];
    let opaque = testing::with_chunks(&testing::png(&gradient(90, 60)), &chunks);
    let clear = testing::png(&DynamicImage::new_rgba8(90, 60));
    let clear = testing::with_chunks(&clear, &chunks);
    for picture in [jpeg, opaque, clear] {
        let holds = |bytes: &[u8]| bytes.windows(WHERE_IT_WAS.len()).any(|w| w == WHERE_IT_WAS);
        assert!(holds(&picture));
        for pixels in [64, 128] {
            let thumbnail = draw(&picture, size(pixels)).unwrap();
            assert!(!holds(&thumbnail.bytes));
            let expected: &[&str] = match thumbnail.media_type.as_str() {
                "image/png" => &["IHDR", "IDAT", "IEND"],
                // JFIF's own, the frame, tables, codes, the scan.
                _ => &["e0", "c0", "db", "c4", "da"],
            };
            assert_eq!(parts(&thumbnail), expected);
        }
    }
}

#[rstest]
#[case::huge(60_000, 60_000)]
#[case::too_many_pixels(16_384, 3_052)]
#[case::too_wide(16_385, 1)]
#[case::too_high(1, 16_385)]
#[case::greatest(u32::MAX >> 1, u32::MAX >> 1)]
fn a_header_alone_is_enough_to_refuse(#[case] width: u32, #[case] height: u32) {
    // There is not one pixel in it: had it been decoded, it would be said to be broken.
    let data = testing::chunk(b"IDAT", &[]);
    let picture = [testing::png_header(width, height), data].concat();
    let refusal = draw(&picture, size(64)).unwrap_err();
    let dimensions = matches!(&refusal, Refusal::Broken(ImageError::Limits(_)));
    assert!(
        dimensions || matches!(refusal, Refusal::Limits { .. }),
        "{refusal}"
    );
}

/// The beginnings of pictures, after which a decoder reads on.
const HEADS: &[&[u8]] = &[
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"RIFF\x40\0\0\0WEBPVP8L",
    b"RIFF\x40\0\0\0WEBPVP8X",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused(
        head in prop::sample::select(HEADS),
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = draw(&[head, &rest].concat(), size(64));
    }

    #[test]
    fn damaged_pictures_are_drawn_or_refused(
        format in prop::sample::select(&[ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP][..]),
        alpha in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let image = gradient(40, 30);
        let image = if alpha && format != ImageFormat::Jpeg { image.into_rgba8().into() } else { image };
        let mut picture = testing::encoded(&image, format);
        for (at, byte) in damage {
            let at = at.index(picture.len());
            picture[at] = byte;
        }
        if let Some(cut) = cut {
            picture.truncate(cut.index(picture.len()));
        }
        if let Ok(thumbnail) = draw(&picture, size(64)) {
            prop_assert!(image::load_from_memory(&thumbnail.bytes).is_ok());
        }
    }
}
