//! How a staged file is found again: its name, and how many of its bytes count.

use chat_domain::StageMark;
use uuid::Uuid;

use crate::names;

/// The words of a [`StageMark`]: `disk-1 <name> <bytes>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The name of the file in `staging/`.
    pub(super) name: Uuid,
    /// How many of its bytes are durable.
    pub(super) len: u64,
}

/// What it begins with, so that the mark of another store, or of another time, is not misread.
const FORMAT: &str = "disk-1";

impl Mark {
    /// The mark with these words; none for any other words than ours: what they name is not here.
    pub(super) fn parse(mark: &StageMark) -> Option<Self> {
        let text = std::str::from_utf8(mark.as_bytes()).ok()?;
        let (name, len) = text
            .strip_prefix(FORMAT)?
            .strip_prefix(' ')?
            .split_once(' ')?;
        Some(Self {
            name: names::parse(name)?,
            len: len.parse().ok()?,
        })
    }

    /// Its words.
    pub(super) fn write(self) -> StageMark {
        let Self { name, len } = self;
        StageMark::from_bytes(format!("{FORMAT} {name} {len}").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NAME: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

    #[test]
    fn a_mark_says_the_same_when_read() {
        let mark = Mark {
            name: names::parse(NAME).unwrap(),
            len: u64::MAX,
        };
        assert_eq!(Mark::parse(&mark.write()), Some(mark));
    }

    #[rstest]
    #[case::empty("")]
    #[case::another_store(&format!("s3-1 {NAME} 5"))]
    #[case::another_time(&format!("disk-10 {NAME} 5"))]
    #[case::no_length(&format!("disk-1 {NAME}"))]
    #[case::negative(&format!("disk-1 {NAME} -5"))]
    #[case::more(&format!("disk-1 {NAME} 5 5"))]
    #[case::path("disk-1 ../../etc/passwd 5")]
    #[case::upper(&format!("disk-1 {} 5", NAME.to_uppercase()))]
    fn words_that_are_no_mark(#[case] words: &str) {
        let mark = StageMark::from_bytes(words.as_bytes().to_vec());
        assert_eq!(Mark::parse(&mark), None);
    }

    #[test]
    fn bytes_that_are_no_words() {
        let mark = StageMark::from_bytes(vec![0xff; 64]);
        assert_eq!(Mark::parse(&mark), None);
    }
}
