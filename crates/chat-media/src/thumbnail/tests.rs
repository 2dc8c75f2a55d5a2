//! Thumbnails of pictures, good and bad.

use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::testing::{self, WHERE_IT_WAS, exif, gradient};

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

/// Zeros as the pixels of a PNG are compressed: `rows` of them, of a byte more than `width`.
fn compressed_zeros(width: u32, rows: u32) -> Vec<u8> {
    let mut picture = Vec::new();
    let (best, plain) = (CompressionType::Best, FilterType::NoFilter);
    let encoder = PngEncoder::new_with_quality(&mut picture, best, plain);
    let zeros = DynamicImage::new_luma8(width, rows);
    zeros.write_with_encoder(encoder).unwrap();
    let at = picture.windows(4).position(|name| name == b"IDAT").unwrap();
    let length = u32::from_be_bytes(picture[at - 4..at].try_into().unwrap());
    picture[at + 4..][..usize::try_from(length).unwrap()].to_vec()
}

#[test]
fn a_bomb_of_pixels_is_refused() {
    // 400 megapixels of a bit each, all there.
    let pixels = testing::chunk(b"IDAT", &compressed_zeros(2_500, 20_000));
    assert!(pixels.len() < 100_000);
    let parts = [
        testing::png_header(20_000, 20_000),
        pixels,
        testing::chunk(b"IEND", &[]),
    ];
    assert!(draw(&parts.concat(), size(64)).is_err());
}

/// A JPEG whose frame says another marker and other sides than it has.
fn lying_jpeg(marker: u8, width: u16, height: u16) -> Vec<u8> {
    let mut picture = testing::jpeg(&gradient(30, 20));
    let at = picture
        .windows(2)
        .position(|two| two == b"\xff\xc0")
        .unwrap();
    picture[at + 1] = marker;
    picture[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    picture[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    picture
}

/// A WebP of these chunks behind the one that says what is in it.
fn lying_webp(flags: u8, (width, height): (u16, u16), chunks: &[u8]) -> Vec<u8> {
    let side = |length: u16| {
        let [low, high] = (length - 1).to_le_bytes();
        [low, high, 0]
    };
    let head = [b"WEBPVP8X\x0a\0\0\0".as_slice(), &[flags, 0, 0, 0]].concat();
    let body = [&head, side(width).as_slice(), &side(height), chunks].concat();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &length, &body].concat()
}

const ALPHA: u8 = 0x10;
const ANIMATED: u8 = 0x02;
const LOSSLESS: &[u8] = b"VP8L\x02\0\0\0\x2f\0";
const ANIMATION: &[u8] =
    b"ANIM\x06\0\0\0\0\0\0\0\0\0ANMF\x1a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0VP8L\x02\0\0\0\x2f\0";

#[rstest]
#[case::wide_jpeg(lying_jpeg(0xc0, 16_385, 8))]
#[case::high_jpeg(lying_jpeg(0xc0, 8, 16_385))]
#[case::large_jpeg(lying_jpeg(0xc0, 8_000, 8_000))]
// 36 megapixels would do, but not with as many coefficients beside them.
#[case::progressive_jpeg(lying_jpeg(0xc2, 6_000, 6_000))]
#[case::wide_gif(testing::gif((16_385, 1), (1, 1)))]
#[case::large_gif(testing::gif((8_000, 8_000), (1, 1)))]
#[case::large_webp(lying_webp(0, (6_300, 6_300), LOSSLESS))]
#[case::webp_with_alpha(lying_webp(ALPHA, (5_000, 5_000), LOSSLESS))]
#[case::animated_webp(lying_webp(ANIMATED, (4_000, 4_000), ANIMATION))]
fn what_it_would_take_is_known_before(#[case] picture: Vec<u8>) {
    let refusal = draw(&picture, size(64)).unwrap_err();
    assert!(matches!(refusal, Refusal::Limits { .. }), "{refusal}");
}

#[rstest]
#[case::jpeg(lying_jpeg(0xc2, 1_000, 100))]
#[case::webp(lying_webp(0, (1_000, 1_000), LOSSLESS))]
#[case::webp_with_alpha(lying_webp(ALPHA, (1_000, 1_000), LOSSLESS))]
#[case::animated_webp(lying_webp(ANIMATED, (1_000, 1_000), ANIMATION))]
fn a_lie_within_the_limits_is_left_to_the_decoder(#[case] picture: Vec<u8>) {
    let limits = matches!(draw(&picture, size(64)), Err(Refusal::Limits { .. }));
    assert!(!limits);
}

#[test]
fn a_frame_may_take_what_its_screen_leaves() {
    let refusal = draw(&testing::gif((1, 1), (65_535, 65_535)), size(64)).unwrap_err();
    let limits = matches!(refusal, Refusal::Broken(ImageError::Limits(_)));
    assert!(limits, "{refusal}");
}

#[test]
fn words_count_twice() {
    // 36 megapixels: as bytes they fit, as words they don't.
    let header = |bits: u8| {
        let mut data = [6_000_u32.to_be_bytes(), 6_000_u32.to_be_bytes()].concat();
        data.extend([bits, 6, 0, 0, 0]);
        let parts = [testing::chunk(b"IHDR", &data), testing::chunk(b"IDAT", &[])];
        [b"\x89PNG\r\n\x1a\n".to_vec(), parts.concat()].concat()
    };
    assert!(matches!(
        draw(&header(8), size(64)),
        Err(Refusal::Broken(_))
    ));
    assert!(matches!(
        draw(&header(16), size(64)),
        Err(Refusal::Limits { .. })
    ));
}

#[rstest]
#[case::screen((65_535, 65_535), (1, 1))]
#[case::screen_of_nothing((0, 1), (1, 1))]
#[case::frame((1, 1), (65_535, 65_535))]
#[case::both((65_535, 65_535), (65_535, 65_535))]
fn a_gif_that_says_it_is_huge_is_refused(#[case] screen: (u16, u16), #[case] frame: (u16, u16)) {
    assert!(draw(&testing::gif((1, 1), (1, 1)), size(64)).is_ok());
    assert!(draw(&testing::gif(screen, frame), size(64)).is_err());
}

#[rstest]
#[case::profile(b"iCCP", b"name\0\0")]
#[case::text(b"zTXt", b"Comment\0\0")]
#[case::international_text(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0")]
fn a_bomb_beside_the_pixels_does_not_go_off(#[case] kind: &[u8; 4], #[case] head: &[u8]) {
    // 24 MiB of zeros.
    let compressed = compressed_zeros(4_095, 6_144);
    let bomb = [head, &compressed].concat();
    let picture = testing::with_chunks(&testing::png(&gradient(90, 60)), &[(kind, bomb)]);
    // It is not unpacked, and the picture is drawn.
    assert!(draw(&picture, size(64)).is_ok());
}

#[rstest]
#[case::much(4, true)]
#[case::too_much(17, false)]
fn what_stands_beside_the_pixels_has_its_limit(#[case] mib: usize, #[case] drawn: bool) {
    let mut text = b"Comment\0".to_vec();
    text.resize(mib << 20, b'a');
    let picture = testing::png(&gradient(9, 6));
    let end = picture.len() - 12;
    let before = testing::with_chunks(&picture[..end], &[(b"tEXt", text)]);
    let picture = [&before, &picture[end..]].concat();
    assert_eq!(draw(&picture, size(64)).is_ok(), drawn);
}

#[rstest]
fn what_breaks_off_is_refused(
    #[values(
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::WebP
    )]
    format: ImageFormat,
    #[values(5, 30, 50, 90)] percent: usize,
) {
    let whole = testing::encoded(&gradient(300, 200), format);
    let refusal = draw(&whole[..whole.len() * percent / 100], size(64));
    assert!(refusal.is_err());
}

#[test]
fn a_webp_is_put_upright_within_limits() {
    // A lossless picture, in the format that can say more of it.
    let plain = testing::encoded(&gradient(120, 60), ImageFormat::WebP);
    let mut header = vec![0x08, 0, 0, 0];
    header.extend([119, 0, 0, 59, 0, 0]);
    let exif = exif(6);
    let build = |exif_says: u32| {
        let length = u32::try_from(header.len()).unwrap().to_le_bytes();
        let mut bytes = b"RIFF\0\0\0\0WEBPVP8X".to_vec();
        bytes.extend([&length, header.as_slice(), &plain[12..]].concat());
        bytes.extend([b"EXIF".as_slice(), &exif_says.to_le_bytes(), &exif].concat());
        let riff = u32::try_from(bytes.len() - 8).unwrap().to_le_bytes();
        bytes[4..8].copy_from_slice(&riff);
        bytes
    };
    let said = u32::try_from(exif.len()).unwrap();
    assert_eq!(drawn(&build(said), 64).1.dimensions(), (32, 64));
    // One that says that 4 GiB follow is drawn or refused, but no room is made for them.
    let _ = draw(&build(u32::MAX), size(64));
    assert!(draw(&build(said), size(64)).is_ok());
}

#[test]
fn a_webp_whose_picture_is_larger_than_it_is_refused() {
    let lossy = b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f\0\0\0\0";
    let mut bytes =
        b"RIFF\x2a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x09\0\0\x09\0\0VP8 \x0e\0\0\0".to_vec();
    bytes.extend(lossy);
    assert!(matches!(draw(&bytes, size(64)), Err(Refusal::Inconsistent)));
}

#[test]
fn what_is_appended_does_no_harm() {
    let mut picture = testing::jpeg(&gradient(90, 60));
    let alone = draw(&picture, size(64)).unwrap();
    picture.extend(b"PK\x03\x04\xff\xda\xff\xc2");
    assert_eq!(draw(&picture, size(64)).unwrap(), alone);
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
