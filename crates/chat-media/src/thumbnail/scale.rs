//! Scaling down.

use image::DynamicImage;
use image::imageops::FilterType;

/// How many times larger than the thumbnail a picture must be to be averaged first. The good filter
/// alone would take seconds and much memory for a large one, and looks no better.
const MUCH_LARGER: u32 = 4;

/// The picture as large as fits into a square of `side` pixels, never larger than it is, and with
/// alpha only if something shows through.
pub(super) fn into_square(mut image: DynamicImage, side: u32) -> DynamicImage {
    let (old_width, old_height) = (image.width(), image.height());
    let (width, height) = fit(old_width, old_height, side);
    let scaled = (width, height) != (old_width, old_height);
    let alpha = image.color().has_alpha();
    if scaled && alpha {
        weigh(&mut image);
    }
    if old_width.max(old_height) > MUCH_LARGER * width.max(height) {
        // Twice as large leaves the filter enough to work with.
        image = image.thumbnail_exact((2 * width).min(old_width), (2 * height).min(old_height));
    }
    if scaled {
        image = image.resize_exact(width, height, FilterType::Lanczos3);
    }
    if !alpha {
        return image;
    }
    let mut small = image.into_rgba8();
    if scaled {
        small.pixels_mut().for_each(|pixel| unweigh(&mut pixel.0));
    }
    let opaque = small.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    let small = DynamicImage::ImageRgba8(small);
    if opaque {
        DynamicImage::ImageRgb8(small.into_rgb8())
    } else {
        small
    }
}

/// The sides of a picture that fits into the square: at least one pixel each.
fn fit(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= side {
        return (width, height);
    }
    let scaled = |length: u32| {
        let exact = u64::from(length) * u64::from(side);
        let rounded = (exact + u64::from(longest) / 2) / u64::from(longest);
        // At most the side.
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

/// Multiplies colours by their alpha, so that what can't be seen takes no part in the colours around
/// it.
fn weigh(image: &mut DynamicImage) {
    match image {
        DynamicImage::ImageRgba8(pixels) => weigh_samples(pixels, 4, u8::MAX.into()),
        DynamicImage::ImageLumaA8(pixels) => weigh_samples(pixels, 2, u8::MAX.into()),
        DynamicImage::ImageRgba16(pixels) => weigh_samples(pixels, 4, u16::MAX.into()),
        DynamicImage::ImageLumaA16(pixels) => weigh_samples(pixels, 2, u16::MAX.into()),
        // No decoder here makes others with alpha.
        _ => {}
    }
}

/// The same for samples of up to 16 bits, `channels` to a pixel, of which `most` is the greatest.
fn weigh_samples<T: Copy + Into<u32> + TryFrom<u32>>(
    samples: &mut [T],
    channels: usize,
    most: u32,
) {
    for pixel in samples.chunks_exact_mut(channels) {
        if let [colours @ .., alpha] = pixel {
            let alpha: u32 = (*alpha).into();
            for colour in colours {
                let weighed = ((*colour).into() * alpha + most / 2) / most;
                *colour = T::try_from(weighed).unwrap_or(*colour);
            }
        }
    }
}

/// Divides colours by their alpha again.
fn unweigh(pixel: &mut [u8; 4]) {
    let [colours @ .., alpha] = pixel;
    let alpha = u32::from(*alpha);
    for colour in colours {
        let full = (u32::from(*colour) * 255 + alpha / 2).checked_div(alpha);
        *colour = u8::try_from(full.unwrap_or_default()).unwrap_or(u8::MAX);
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::smaller((10, 20), (10, 20))]
    #[case::as_large((64, 64), (64, 64))]
    #[case::wide((65, 64), (64, 63))]
    #[case::square((128, 128), (64, 64))]
    #[case::landscape((4_000, 3_000), (64, 48))]
    #[case::portrait((3_000, 4_000), (48, 64))]
    #[case::line((16_384, 1), (64, 1))]
    #[case::column((3, 16_384), (1, 64))]
    fn it_fits_into_the_square(#[case] (width, height): (u32, u32), #[case] fitted: (u32, u32)) {
        assert_eq!(fit(width, height, 64), fitted);
    }

    #[test]
    fn the_unseen_does_not_bleed() {
        // Stripes of opaque red, and of green that nobody sees.
        let stripes = RgbaImage::from_fn(640, 640, |x, _| match x % 2 {
            0 => Rgba([255, 0, 0, 255]),
            _ => Rgba([0, 255, 0, 0]),
        });
        for side in [64, 128, 256, 512] {
            let small = into_square(stripes.clone().into(), side).into_rgba8();
            for Rgba([red, green, _, alpha]) in small.pixels() {
                assert!(
                    *alpha == 0 || (*red > 250 && *green == 0),
                    "{red} {green} {alpha}"
                );
            }
        }
    }

    #[rstest]
    #[case::bytes(DynamicImage::new_rgba8(300, 200))]
    #[case::words(DynamicImage::new_rgba16(300, 200))]
    #[case::grey_bytes(DynamicImage::new_luma_a8(300, 200))]
    #[case::grey_words(DynamicImage::new_luma_a16(300, 200))]
    fn what_shows_through_stays_so(#[case] image: DynamicImage) {
        let small = into_square(image, 128);
        assert_eq!((small.width(), small.height()), (128, 85));
        assert!(small.into_rgba8().pixels().all(|pixel| pixel.0 == [0; 4]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_fitted_picture_keeps_its_shape(width in 1_u32..16_384, height in 1_u32..16_384, side in 64_u32..1_024) {
            let (w, h) = fit(width, height, side);
            prop_assert!((1..=width).contains(&w) && (1..=height).contains(&h));
            if width.max(height) > side {
                prop_assert_eq!(w.max(h), side);
                let exact = f64::from(width.min(height)) * f64::from(side) / f64::from(width.max(height));
                prop_assert!((f64::from(w.min(h)) - exact.max(1.0)).abs() <= 0.5);
            } else {
                prop_assert_eq!((w, h), (width, height));
            }
        }

        #[test]
        fn any_shape_is_scaled(width in 1_u32..90, height in 1_u32..90, long in 1_u32..20, upright in any::<bool>(), side in 1_u32..70) {
            let (width, height) = if upright { (width, height * long) } else { (width * long, height) };
            let small = into_square(DynamicImage::new_rgba8(width, height), side);
            prop_assert_eq!((small.width(), small.height()), fit(width, height, side));
        }
    }
}
