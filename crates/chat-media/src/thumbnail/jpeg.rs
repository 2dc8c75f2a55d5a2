//! The outline of a JPEG: what its decoder does not tell beforehand, what it will keep in memory, and
//! does not tell afterwards, whether the picture was all there.

/// The markers of a JPEG that matter here.
mod marker {
    pub(super) const END: u8 = 0xd9;
    pub(super) const SCAN: u8 = 0xda;
    /// Frames whose coefficients come in several scans.
    pub(super) const PROGRESSIVE: [u8; 4] = [0xc2, 0xc6, 0xca, 0xce];
}

/// What is told by the segments from the beginning to the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    components: u8,
    progressive: bool,
    scans: usize,
}

impl Outline {
    /// The bytes per pixel that the decoder takes beside the pixels themselves: unless all comes in
    /// one scan, it keeps the coefficients, two bytes each.
    pub(super) fn beside(&self) -> u64 {
        if self.progressive || self.scans > 1 {
            2 * u64::from(self.components)
        } else {
            0
        }
    }
}

/// The outline of a whole JPEG; none if its end is missing. A decoder would fill the rest with grey.
pub(super) fn outline(picture: &[u8]) -> Option<Outline> {
    let mut outline = Outline::default();
    let mut rest = picture;
    loop {
        // Compressed data follows scans, and some writers leave bytes between segments: neither has a
        // marker in it.
        let at = rest.iter().position(|&byte| byte == 0xff)?;
        rest = rest.get(at + 1..)?;
        let marker = *rest.first()?;
        match marker {
            // Filling.
            0xff => continue,
            // An escaped byte of data, and markers without a segment: restarts, the beginning.
            0x00 | 0x01 | 0xd0..=0xd8 => rest = rest.get(1..)?,
            marker::END => return (outline.scans > 0).then_some(outline),
            _ => {
                let length = usize::from(u16::from_be_bytes([*rest.get(1)?, *rest.get(2)?]));
                let segment = rest.get(3..1 + length)?;
                outline.add(marker, segment);
                rest = rest.get(1 + length..)?;
            }
        }
    }
}

impl Outline {
    fn add(&mut self, marker: u8, segment: &[u8]) {
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            // Behind the precision and two sides.
            let components = segment.get(5).copied().unwrap_or_default();
            self.components = self.components.max(components);
            self.progressive |= marker::PROGRESSIVE.contains(&marker);
        }
        if marker == marker::SCAN {
            self.scans += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FRAME: &[u8] = b"\xff\xc0\0\x11\x08\0\x10\0\x10\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
    const PROGRESSIVE: &[u8] = b"\xff\xc2\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0";
    const SCAN: &[u8] = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0data\xff\0data\xff\xd3data";
    const END: &[u8] = b"\xff\xd9";

    #[rstest]
    #[case::one_scan(&[FRAME, SCAN, END], 0)]
    #[case::scans(&[FRAME, SCAN, SCAN, SCAN, END], 6)]
    #[case::progressive(&[PROGRESSIVE, SCAN, END], 2)]
    #[case::bytes_between(&[b"stray", FRAME, b"stray\xff\xff", SCAN, b"\xff", END], 0)]
    #[case::more_behind(&[FRAME, SCAN, END, PROGRESSIVE, SCAN, END], 0)]
    #[case::frame_within_a_segment(&[b"\xff\xe1\0\x06\xff\xc2\xff\xd9", FRAME, SCAN, END], 0)]
    fn it_tells_what_the_decoder_keeps(#[case] parts: &[&[u8]], #[case] beside: u64) {
        let picture = [b"\xff\xd8".as_slice(), &parts.concat()].concat();
        assert_eq!(outline(&picture).unwrap().beside(), beside);
    }

    #[rstest]
    #[case::nothing(&[])]
    #[case::no_end(&[FRAME, SCAN])]
    #[case::no_scan(&[FRAME, END])]
    #[case::cut_marker(&[FRAME, SCAN, b"\xff"])]
    #[case::cut_segment(&[FRAME, b"\xff\xda\0\x08\x01"])]
    #[case::no_length(&[FRAME, b"\xff\xda\0"])]
    #[case::length_too_short(&[FRAME, b"\xff\xda\0\x01", SCAN, END])]
    fn what_is_not_all_there_has_none(#[case] parts: &[&[u8]]) {
        let picture = [b"\xff\xd8".as_slice(), &parts.concat()].concat();
        assert_eq!(outline(&picture), None);
    }
}
