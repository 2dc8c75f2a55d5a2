//! Media types, and which of them are shown rather than downloaded.

use crate::names::text;
use crate::{Fault, Invalid};

text!(
    /// A media type without parameters, such as `image/png`: at most 127 bytes, in lower case.
    MediaType
);

impl MediaType {
    /// The most bytes.
    pub const MAX_BYTES: usize = 127;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(Invalid::new(Fault::Length, "must have 1 to 127 bytes"));
        }
        // RFC 6838 restricted names; upper case is refused so that types compare as texts.
        let part = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && name.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b)
                })
        };
        match text.split_once('/') {
            Some((kind, subtype)) if part(kind) && part(subtype) => Ok(()),
            _ => Err(Invalid::new(
                Fault::Format,
                "must be a media type in lower case, such as image/png",
            )),
        }
    }

    /// Whether it is `image/*`.
    pub fn is_image(&self) -> bool {
        self.as_str().starts_with("image/")
    }

    /// Whether a browser may show it within a page of ours: a picture, a sound or a film that can't
    /// carry a script. Everything else is only ever given as a download.
    pub fn is_inline_safe(&self) -> bool {
        INLINE_SAFE.contains(&self.as_str())
    }
}

/// SVG, HTML, XML and PDF are left out for what they can do.
const INLINE_SAFE: [&str; 15] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/flac",
    "audio/aac",
    "audio/mp4",
    "video/mp4",
    "video/webm",
    "video/ogg",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("image/png", true, true)]
    #[case("image/svg+xml", true, true)]
    #[case("application/vnd.ms-excel", true, false)]
    #[case("image", false, false)]
    #[case("image/", false, false)]
    #[case("/png", false, false)]
    #[case("image/png; charset=x", false, false)]
    #[case("Image/PNG", false, false)]
    #[case("image/png/x", false, false)]
    fn media_types(#[case] text: &str, #[case] passes: bool, #[case] image: bool) {
        let parsed = MediaType::parse(text);
        assert_eq!(parsed.is_ok(), passes);
        assert_eq!(parsed.is_ok_and(|t| t.is_image()), image);
    }

    #[test]
    fn what_cannot_carry_a_script_may_be_shown() {
        for text in INLINE_SAFE {
            let kind = MediaType::parse(text).unwrap();
            assert!(kind.is_inline_safe(), "{text}");
        }
    }

    #[rstest]
    #[case("image/svg+xml")]
    #[case("text/html")]
    #[case("application/xhtml+xml")]
    #[case("text/xml")]
    #[case("application/xml")]
    #[case("application/pdf")]
    #[case("text/plain")]
    #[case("text/javascript")]
    #[case("application/octet-stream")]
    #[case("application/x-shockwave-flash")]
    #[case("image/png+xml")]
    #[case("image/pn")]
    #[case("image/tiff")]
    #[case("multipart/x-mixed-replace")]
    fn everything_else_is_downloaded(#[case] text: &str) {
        assert!(!MediaType::parse(text).unwrap().is_inline_safe());
    }
}
