//! The chunks of a WebP: what its decoder would allocate or decode before it holds it against the
//! size of the picture, or of the file.

/// The first frame of an animation, and every other; behind its header of 16 bytes is a picture of its
/// own.
const FRAME: &[u8; 4] = b"ANMF";

/// A lossy picture, which has its sides in it once more.
const LOSSY: &[u8; 4] = b"VP8 ";

/// The chunks that follow one another in these bytes, of the last as much as there is.
fn chunks(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (name, behind) = rest.split_first_chunk::<4>()?;
        let (length, behind) = behind.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let data = behind.get(..length).unwrap_or(behind);
        // They begin at even places.
        rest = behind
            .get(length.saturating_add(length % 2)..)
            .unwrap_or_default();
        Some((name, data))
    })
}

/// The chunks of a file, behind its own header.
fn chunks_of(picture: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    chunks(picture.get(12..).unwrap_or_default())
}

/// What it says of itself as a camera does. The decoder would make room for as much of it as its
/// header tells, up to 4 GiB.
pub(super) fn exif(picture: &[u8]) -> Option<&[u8]> {
    let found = chunks_of(picture).find(|(name, _)| *name == b"EXIF");
    found.map(|(_, data)| data)
}

/// Whether all that is lossy in it has the sides that it should: those of the picture, or of its frame.
/// The decoder would decode it before it looks, or not look.
pub(super) fn is_consistent(picture: &[u8], width: u32, height: u32) -> bool {
    chunks_of(picture).all(|(name, data)| match name {
        LOSSY => sides(data).is_some_and(|sides| sides == (width, height)),
        FRAME => frame_is_consistent(data).unwrap_or(false),
        _ => true,
    })
}

/// The same of a frame; none if it is cut short.
fn frame_is_consistent(frame: &[u8]) -> Option<bool> {
    let (header, picture) = frame.split_at_checked(16)?;
    let side = |bytes: &[u8]| match bytes {
        [a, b, c] => Some(u32::from_le_bytes([*a, *b, *c, 0]) + 1),
        _ => None,
    };
    let frame = (side(header.get(6..9)?)?, side(header.get(9..12)?)?);
    let mut lossy = chunks(picture).filter(|(name, _)| *name == LOSSY);
    Some(lossy.all(|(_, data)| sides(data) == Some(frame)))
}

/// The sides in a lossy picture: behind a tag of 3 bytes and as many that never change, 14 bits each.
fn sides(lossy: &[u8]) -> Option<(u32, u32)> {
    let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    match lossy.get(6..10)? {
        [a, b, c, d] => Some((side(*a, *b), side(*c, *d))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let pad = &[0][..data.len() % 2];
        [name.as_slice(), &length, data, pad].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".to_vec(), chunks.concat()].concat()
    }

    /// A lossy picture of 300 by 2 pixels.
    fn lossy() -> Vec<u8> {
        chunk(LOSSY, b"\0\0\0\x9d\x01\x2a\x2c\x01\x02\0data")
    }

    fn frame(sides: &[u8; 6], picture: &[u8]) -> Vec<u8> {
        chunk(
            FRAME,
            &[&[0; 6], sides.as_slice(), &[0; 4], picture].concat(),
        )
    }

    #[test]
    fn it_finds_what_a_camera_says() {
        let alpha = chunk(b"ALPH", b"odd");
        let whole = file(&[alpha, lossy(), chunk(b"EXIF", b"exif")]);
        assert_eq!(exif(&whole), Some(b"exif".as_slice()));
        assert_eq!(exif(&file(&[lossy()])), None);
        assert_eq!(exif(b"RIFF"), None);
        // It says that there are 4 GiB of it.
        let mut more = file(&[lossy(), b"EXIF\xff\xff\xff\xffe".to_vec()]);
        assert_eq!(exif(&more), Some(b"e".as_slice()));
        more.truncate(more.len() - 2);
        assert_eq!(exif(&more), None);
    }

    #[rstest]
    #[case::lossy(&[lossy()], true)]
    #[case::lossless(&[chunk(b"VP8L", b"")], true)]
    #[case::behind_others(&[chunk(b"VP8X", b"0"), chunk(b"ALPH", b"odd"), lossy()], true)]
    #[case::too_short(&[chunk(LOSSY, b"\0\0\0\x9d\x01\x2a\x2c\x01\x02")], false)]
    #[case::another_size(&[chunk(LOSSY, b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f")], false)]
    #[case::frame(&[frame(b"\x2b\x01\0\x01\0\0", &lossy())], true)]
    #[case::lossless_frame(&[frame(b"\x01\0\0\x01\0\0", &chunk(b"VP8L", b""))], true)]
    #[case::frame_of_another_size(&[frame(b"\x2a\x01\0\x01\0\0", &[chunk(b"ALPH", b"odd"), lossy()].concat())], false)]
    #[case::cut_frame(&[chunk(FRAME, &[0; 15])], false)]
    fn sides_are_told_once(#[case] chunks: &[Vec<u8>], #[case] consistent: bool) {
        assert_eq!(is_consistent(&file(chunks), 300, 2), consistent);
        let lossy_alone = chunks.len() == 1 && chunks[0].starts_with(LOSSY);
        assert!(!lossy_alone || !is_consistent(&file(chunks), 2, 300));
    }
}
