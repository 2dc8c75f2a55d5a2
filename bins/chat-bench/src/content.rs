//! What the files hold that are sent and fetched: each something else, out of one buffer for all of them.

use std::sync::LazyLock;

use actix_web::web::Bytes;
use anyhow::{Result, ensure};

/// The bytes that tell files apart, at their beginning.
pub(crate) const MARK: usize = 32;

/// The largest file, in bytes: what a server takes by default.
pub(crate) const LARGEST: usize = 50 << 20;

/// How much of each piece that comes is compared when it is not looked at thoroughly.
const GLANCE: usize = 4 * 1024;

/// What follows the mark, of any file. Bytes without any pattern: they hold what separates the parts of a form
/// as seldom, and begin like it as often, as what is packed or drawn.
static REST: LazyLock<Bytes> = LazyLock::new(|| {
    // A generator of a few instructions (xorshift), since it makes 50 MiB.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = LARGEST.div_ceil(size_of::<u64>());
    let mut bytes = Vec::with_capacity(words * size_of::<u64>());
    for _ in 0..words {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.into()
});

/// The content of one file.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    mark: [u8; MARK],
    rest: Bytes,
    thorough: bool,
}

impl Content {
    /// `size` bytes, at least [`MARK`] and at most [`LARGEST`] of them: others than of any other number, and
    /// of any run with another tag.
    pub(crate) fn new(tag: &str, number: u64, size: usize) -> Self {
        let mut mark = [b'-'; MARK];
        let (place, digits) = mark.split_at_mut(MARK - 16);
        for (byte, of_tag) in place.iter_mut().zip(tag.bytes()) {
            *byte = of_tag;
        }
        digits.copy_from_slice(format!("{number:016x}").as_bytes());
        Self {
            mark,
            rest: REST.slice(..size - MARK),
            thorough: true,
        }
    }

    /// The same, of which only so much is compared that other content would be noticed: comparing all of it
    /// takes the machine from the server that is measured.
    pub(crate) fn at_a_glance(self) -> Self {
        Self {
            thorough: false,
            ..self
        }
    }

    pub(crate) fn len(&self) -> usize {
        MARK + self.rest.len()
    }

    /// The first bytes.
    pub(crate) fn mark(&self) -> &[u8; MARK] {
        &self.mark
    }

    /// All others; they are shared.
    pub(crate) fn rest(&self) -> Bytes {
        self.rest.clone()
    }

    /// All bytes in one, as a copy.
    pub(crate) fn whole(&self) -> Bytes {
        [&self.mark[..], &self.rest[..]].concat().into()
    }

    /// Fails unless the content has this piece at this place.
    pub(crate) fn check(&self, at: usize, piece: &[u8]) -> Result<()> {
        let right = at + piece.len() <= self.len() && {
            let compared = if self.thorough { piece.len() } else { GLANCE };
            let piece = &piece[..piece.len().min(compared)];
            let (of_mark, of_rest) = piece.split_at(piece.len().min(MARK.saturating_sub(at)));
            let behind = (at + of_mark.len()).saturating_sub(MARK);
            (of_mark.is_empty() || &self.mark[at..at + of_mark.len()] == of_mark)
                && &self.rest[behind..behind + of_rest.len()] == of_rest
        };
        ensure!(
            right,
            "the content is not what was sent, in the {} bytes from {at} on",
            piece.len()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_every_run_has_its_own() {
        let size = 1_000;
        let contents = [
            Content::new("a", 1, size).whole(),
            Content::new("a", 2, size).whole(),
            Content::new("b", 1, size).whole(),
            Content::new("a-tag-of-which-not-all-is-taken", 1, size).whole(),
        ];
        for (number, content) in contents.iter().enumerate() {
            assert_eq!(content.len(), size);
            assert!(!contents[..number].contains(content));
        }
        assert_eq!(Content::new("a", 1, MARK).len(), MARK);
    }

    #[test]
    fn a_byte_of_something_else_is_noticed() {
        let content = Content::new("a", 1, 1_000);
        let whole = content.whole();
        for cut in [0, 1, 31, 32, 33, 999, 1_000] {
            content.check(0, &whole[..cut]).unwrap();
            content.check(cut, &whole[cut..]).unwrap();
            content
                .clone()
                .at_a_glance()
                .check(cut, &whole[cut..])
                .unwrap();
        }
        for wrong in [0, 31, 32, 999] {
            let mut other = whole.to_vec();
            other[wrong] ^= 1;
            content.check(0, &other).unwrap_err();
        }
        content.check(1, &whole[..999]).unwrap_err();
        content.check(900, &whole[900..=999]).unwrap();
        content.check(901, &whole[900..]).unwrap_err();
    }

    #[test]
    fn at_a_glance_pieces_in_another_order_are_noticed() {
        let content = Content::new("a", 1, 100_000).at_a_glance();
        let whole = content.whole();
        content.check(50_000, &whole[50_000..]).unwrap();
        content.check(50_000, &whole[..50_000]).unwrap_err();
        content.check(0, &whole[50_000..]).unwrap_err();
    }
}
