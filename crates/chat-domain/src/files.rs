//! Files that messages can carry.

mod media_type;
mod name;

use crate::names::text;
use crate::{BlobId, Fault, FileId, Invalid, MAX_ID, Timestamp, UserId};

pub use media_type::MediaType;
pub use name::FileName;

text!(
    /// Where a file lies. An external one: an http or https URL of at most 2,048 bytes, kept as given.
    FileUrl
);

impl FileUrl {
    /// The most bytes.
    pub const MAX_BYTES: usize = 2_048;

    /// Where the bytes of a file are served that lie here.
    pub fn of_content(id: FileId) -> Self {
        Self(format!("/files/{id}/content"))
    }

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(Invalid::new(Fault::Length, "must have 1 to 2048 bytes"));
        }
        // The URL parser forgives much: it drops tabs and newlines, adds slashes and turns
        // backslashes. Browsers forgive other things, so what needs forgiving is refused.
        let stray = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        let (scheme, _) = text.split_once("://").unwrap_or_default();
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        if !web || text.contains(stray) || url::Url::parse(text).is_err() {
            return Err(Invalid::new(Fault::Format, "must be an http or https URL"));
        }
        Ok(())
    }
}

/// A file's size in bytes: 0 up to what a JSON number carries exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileSize(i64);

impl FileSize {
    /// The size of `bytes`; [`Fault::Range`] when negative or 2^53 and beyond.
    pub fn parse(bytes: i64) -> Result<Self, Invalid> {
        if (0..=MAX_ID).contains(&bytes) {
            Ok(Self(bytes))
        } else {
            Err(Invalid::new(
                Fault::Range,
                "must be an integer from 0 to 9007199254740991",
            ))
        }
    }

    /// The number of bytes.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A file. What an external file's creator did not say is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Where it lies: an external URL as it was given, else [`FileUrl::of_content`].
    pub url: FileUrl,
    /// Its bytes; none when it lies elsewhere, or is deleted.
    pub blob_id: Option<BlobId>,
    /// Its name.
    pub name: Option<FileName>,
    /// Its size.
    pub size: Option<FileSize>,
    /// Its type.
    pub media_type: Option<MediaType>,
    /// Who made it known; none when the system did.
    pub uploader_id: Option<UserId>,
    /// Whether it was deleted while messages carry it: nothing but its id and its uploader is left then.
    pub deleted: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When one of its own fields last changed.
    pub updated_at: Timestamp,
}

impl File {
    /// Whether an image message may carry it.
    pub fn is_image(&self) -> bool {
        self.media_type.as_ref().is_some_and(MediaType::is_image)
    }
}

/// Where the bytes of a file to be stored are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewFileSource {
    /// Elsewhere; they are never fetched.
    External(FileUrl),
    /// Here.
    Stored(BlobId),
}

/// A file to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Where its bytes are.
    pub source: NewFileSource,
    /// Its name.
    pub name: Option<FileName>,
    /// Its size.
    pub size: Option<FileSize>,
    /// Its type.
    pub media_type: Option<MediaType>,
    /// Who makes it known; none when the system does.
    pub uploader_id: Option<UserId>,
    /// When it is created.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://example.org/a.png")]
    #[case("http://localhost:9000/a?b=c#d")]
    #[case("https://bücher.example/ä")]
    fn urls_that_pass(#[case] url: &str) {
        assert_eq!(FileUrl::parse(url).unwrap().as_str(), url);
    }

    #[rstest]
    #[case::empty("", Fault::Length)]
    #[case::relative("/a.png", Fault::Format)]
    #[case::no_host("https://", Fault::Format)]
    #[case::script("javascript:alert(1)", Fault::Format)]
    #[case::file("file:///etc/passwd", Fault::Format)]
    #[case::data("data:text/html,hi", Fault::Format)]
    #[case::outer_space(" https://example.org", Fault::Format)]
    #[case::newline("https://example.org/\n", Fault::Format)]
    #[case::nul("https://example.org/\0", Fault::Format)]
    #[case::no_slashes("http:example.org", Fault::Format)]
    #[case::one_slash("https:/example.org", Fault::Format)]
    #[case::backslashes("https:\\\\example.org", Fault::Format)]
    #[case::other_first("ftp://a/http://b", Fault::Format)]
    fn urls_that_fail(#[case] url: &str, #[case] fault: Fault) {
        assert_eq!(FileUrl::parse(url).unwrap_err().fault, fault);
    }

    #[test]
    fn limits_hold_at_their_edges() {
        let url = |n: usize| format!("https://example.org/{}", "a".repeat(n - 20));
        assert!(FileUrl::parse(url(2_048)).is_ok());
        assert_eq!(FileUrl::parse(url(2_049)).unwrap_err().fault, Fault::Length);
        assert!(FileSize::parse(0).is_ok() && FileSize::parse(MAX_ID).is_ok());
        assert!(FileSize::parse(-1).is_err() && FileSize::parse(MAX_ID + 1).is_err());
    }
}
