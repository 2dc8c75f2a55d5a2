//! What a file is, by how it begins.

use chat_domain::MediaType;

/// The type of the bytes that begin with `head`, by the name that it has in the field.
///
/// Only the beginning counts, as it does for browsers: a picture with a script behind it is a picture.
pub(crate) fn sniff(head: &[u8]) -> Option<MediaType> {
    let kind = infer::get(head)?;
    let name = match (kind.mime_type(), kind.extension()) {
        // Signatures of two or three letters that texts begin with too.
        ("image/gif", _) if !(head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")) => None,
        ("image/bmp", _) if !is_bitmap(head) => None,
        ("image/webp", _) if !head.starts_with(b"RIFF") => None,

        ("audio/x-wav", _) => Some("audio/wav"),
        ("audio/x-flac", _) => Some("audio/flac"),
        ("audio/x-aiff", _) => Some("audio/aiff"),
        ("audio/m4a", _) => Some("audio/mp4"),
        // The name of the codec within RTP; in a file it is Ogg.
        ("audio/opus", _) => Some("audio/ogg"),
        ("video/x-m4v", _) => Some("video/mp4"),
        (_, "woff") => Some("font/woff"),
        (_, "woff2") => Some("font/woff2"),
        (_, "ttf") => Some("font/ttf"),
        (_, "otf") => Some("font/otf"),
        (_, "eot") => Some("application/vnd.ms-fontobject"),
        // The same container has spreadsheets, installers and mails in it; which, is told far behind.
        ("application/msword", _) => Some("application/x-ole-storage"),
        ("application/octet-stream", _) => None,
        (name, _) => Some(name),
    };
    MediaType::parse(name?).ok()
}

/// Whether a bitmap's second header, which begins with its own length, has one of the known lengths.
fn is_bitmap(head: &[u8]) -> bool {
    matches!(
        head.get(14..18),
        Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0])
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use rstest::rstest;

    use super::*;

    /// The beginnings of files, by what they are.
    #[rustfmt::skip]
    const HEADS: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
        (b"GIF89a\x01\0\x01\0", "image/gif"),
        (b"GIF87a\x01\0\x01\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0", "image/bmp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "image/avif"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heif"),
        (b"II*\0\x08\0\0\0\0\0\0\0", "image/tiff"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"fLaC\0\0\0\x22", "audio/flac"),
        (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
        (b"FORM\0\0\0\x08AIFFCOMM", "audio/aiff"),
        (b"\0\0\0\x1cftypM4A \0\0\0\0", "audio/mp4"),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01", "audio/ogg"),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis", "audio/ogg"),
        (b"\0\0\0\x18ftypisom\0\0\x02\0isommp42", "video/mp4"),
        (b"\0\0\0\x1cftypM4V \0\0\0\0", "video/mp4"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"PK\x03\x04\x14\0\0\0\0\0", "application/zip"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0", "application/x-ole-storage"),
        (b"wOFF\0\x01\0\0", "font/woff"),
        (b"wOF2\0\x01\0\0", "font/woff2"),
        (b"\0\x01\0\0\0\x0f", "font/ttf"),
        (b"OTTO\0\x0f", "font/otf"),
        (b"  <!DOCTYPE html>", "text/html"),
        (b"<script >", "text/html"),
        (b"<?xml version=\"1.0\"?><svg/>", "text/xml"),
        (b"#!/bin/sh\n", "text/x-shellscript"),
    ];

    #[test]
    fn types_are_told_by_the_names_of_the_field() {
        for (head, name) in HEADS {
            let kind = sniff(head);
            assert_eq!(
                kind.as_ref().map(MediaType::as_str),
                Some(*name),
                "{}",
                head.escape_ascii()
            );
        }
    }

    #[rstest]
    #[case::nothing(b"")]
    #[case::text(b"hello")]
    #[case::drawing(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    #[case::text_like_gif(b"GIFs of the week")]
    #[case::text_like_bitmap(b"BMW builds cars in Munich")]
    #[case::bitmap_too_short(b"BM")]
    #[case::text_like_webp(b"I say <b>WEBP</b>")]
    #[case::json(b"{\"a\": 1}")]
    fn what_is_not_known_has_no_type(#[case] head: &[u8]) {
        assert_eq!(sniff(head), None);
    }

    #[rstest]
    #[case::gif_with_script(b"GIF89a/*\x01\0*/=1;alert(1)//<script>alert(1)</script>", "image/gif")]
    #[case::png_with_page(b"\x89PNG\r\n\x1a\n<html><body onload=alert(1)>", "image/png")]
    #[case::jpeg_with_zip(b"\xff\xd8\xff\xe0\0\x10JFIF\0\xff\xd9PK\x03\x04\x14\0", "image/jpeg")]
    #[case::pdf_with_zip(b"%PDF-1.4\nPK\x03\x04\x14\0\0\0", "application/pdf")]
    #[case::zip_with_pdf(b"PK\x03\x04\x14\0\0\0\x08\0%PDF-1.4", "application/zip")]
    #[case::page_with_picture(b"<html >\x89PNG\r\n\x1a\n", "text/html")]
    fn a_file_that_is_two_is_what_it_begins_with(#[case] head: &[u8], #[case] name: &str) {
        assert_eq!(sniff(head).unwrap().as_str(), name);
    }

    /// What an archive of an Office file is looked through for.
    const PARTS: &[&[u8]] = &[b"PK\x03\x04", b"word/", b"xl/", &[0; 13], b"\xff"];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_are_too_much(
            head in select(HEADS),
            kept in 0_usize..64,
            flipped in 0_usize..64,
            flip in any::<u8>(),
            rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let (head, _) = head;
            let mut bytes = head[..kept.min(head.len())].to_vec();
            bytes.extend(rest);
            if let Some(byte) = bytes.get_mut(flipped) {
                *byte ^= flip;
            }
            if let Some(kind) = sniff(&bytes) {
                prop_assert_eq!(MediaType::check(kind.as_str()), Ok(()));
            }
        }

        #[test]
        fn no_archive_is_too_much(
            name in select(&["[Content_Types].xml", "_rels/.rels", "docProps", "word/", "mimetype"][..]),
            length in any::<u32>(),
            rest in prop::collection::vec(select(PARTS), 0..40),
        ) {
            let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
            bytes.extend(length.to_le_bytes());
            bytes.resize(30, 0);
            bytes.extend(name.as_bytes());
            bytes.extend(rest.concat());
            prop_assert!(sniff(&bytes).is_some());
        }
    }
}
