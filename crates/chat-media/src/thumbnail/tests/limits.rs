//! Pictures that would take too much, that lie, that break off.

use super::*;

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
