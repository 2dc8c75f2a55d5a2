//! Several ranges in one body: `multipart/byteranges` (RFC 9110, 14.6).

use std::ops::Range;

use actix_web::web::Bytes;

use super::body::Piece;
use super::ranges::content_range;
use crate::random;

/// What stands between the parts: new for each answer, so that no file can have it in it.
pub(super) fn boundary() -> String {
    random::name().replace('-', "")
}

/// The value of `Content-Type`.
pub(super) fn type_name(boundary: &str) -> String {
    format!("multipart/byteranges; boundary={boundary}")
}

/// The body: these ranges of `size` bytes of the type, each behind its head.
pub(super) fn pieces(
    ranges: Vec<Range<u64>>,
    boundary: &str,
    media_type: &str,
    size: u64,
) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(2 * ranges.len() + 1);
    let mut before = "";
    for range in ranges {
        let place = content_range(&range, size);
        let head = format!(
            "{before}--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: {place}\r\n\r\n"
        );
        pieces.push(Piece::Literal(Bytes::from(head)));
        pieces.push(Piece::Stored(range));
        before = "\r\n";
    }
    pieces.push(Piece::Literal(Bytes::from(format!(
        "\r\n--{boundary}--\r\n"
    ))));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_a_head() {
        let pieces = pieces(vec![8..10, 0..1], "b", "image/png", 10);
        let told: Vec<_> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Piece::Stored(range) => format!("{range:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "--b\r\nContent-Type: image/png\r\nContent-Range: bytes 8-9/10\r\n\r\n",
                "8..10",
                "\r\n--b\r\nContent-Type: image/png\r\nContent-Range: bytes 0-0/10\r\n\r\n",
                "0..1",
                "\r\n--b--\r\n",
            ]
        );
    }

    #[test]
    fn no_boundary_is_used_twice() {
        let (one, other) = (boundary(), boundary());
        assert_ne!(one, other);
        // A token, so that it needs no quotes, of at most 70 characters.
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
