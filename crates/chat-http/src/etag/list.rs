//! Entity tags in headers.

use actix_web::http::header::{EntityTag, HeaderMap, HeaderName};

/// What a header has that lists entity tags.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Listed<'a> {
    /// `*`
    Any,
    /// Each element, on however many lines they stand.
    Tags(Vec<Result<Tag<'a>, NoTag>>),
}

/// An entity tag as a client wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Whether what it is of may differ in ways that do not matter.
    pub(super) weak: bool,
    /// What stands between its quotes.
    pub(super) opaque: &'a [u8],
}

/// An element that is no entity tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoTag;

impl Tag<'_> {
    /// Whether it is `etag`, weak or not.
    pub(super) fn names(&self, etag: &EntityTag) -> bool {
        self.opaque == etag.tag().as_bytes()
    }
}

/// Reads a header, if it is there.
pub(super) fn read(headers: &HeaderMap, name: HeaderName) -> Option<Listed<'_>> {
    let lines: Vec<&[u8]> = headers
        .get_all(name)
        .map(|line| line.as_bytes().trim_ascii())
        .collect();
    match lines.as_slice() {
        [] => None,
        [b"*"] => Some(Listed::Any),
        lines => Some(Listed::Tags(
            lines.iter().flat_map(|line| tags(line)).collect(),
        )),
    }
}

/// The elements of a list; between two commas there may be none.
fn tags(mut line: &[u8]) -> Vec<Result<Tag<'_>, NoTag>> {
    let mut tags = Vec::new();
    loop {
        line = line.trim_ascii_start();
        match line {
            [] => return tags,
            [b',', rest @ ..] => line = rest,
            _ => {
                let (tag, rest) = first(line);
                tags.push(tag);
                line = rest;
            }
        }
    }
}

/// The element that the line begins with, and what follows it. A comma within quotes ends none.
fn first(line: &[u8]) -> (Result<Tag<'_>, NoTag>, &[u8]) {
    if let Some((tag, rest)) = tag(line) {
        let rest = rest.trim_ascii_start();
        if matches!(rest, [] | [b',', ..]) {
            return (Ok(tag), rest);
        }
    }
    let end = line.iter().position(|&b| b == b',');
    (Err(NoTag), &line[end.unwrap_or(line.len())..])
}

fn tag(line: &[u8]) -> Option<(Tag<'_>, &[u8])> {
    let quoted = line.strip_prefix(b"W/");
    let inner = quoted.unwrap_or(line).strip_prefix(b"\"")?;
    let (opaque, rest) = inner.split_at(inner.iter().position(|&b| b == b'"')?);
    let weak = quoted.is_some();
    let may_be = |&b: &u8| b == b'!' || (b'#'..=b'~').contains(&b) || b >= 0x80;
    let tag = Tag { weak, opaque };
    (opaque.iter().all(may_be)).then_some((tag, &rest[1..]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const fn weak(opaque: &str) -> Result<Tag<'_>, NoTag> {
        let opaque = opaque.as_bytes();
        Ok(Tag { weak: true, opaque })
    }

    const fn strong(opaque: &str) -> Result<Tag<'_>, NoTag> {
        let opaque = opaque.as_bytes();
        let weak = false;
        Ok(Tag { weak, opaque })
    }

    #[rstest]
    #[case::nothing("", &[])]
    #[case::empty_ones(" ,\t, ", &[])]
    #[case::one("\"a\"", &[strong("a")])]
    #[case::weak("W/\"a\"", &[weak("a")])]
    #[case::of_nothing("\"\"", &[strong("")])]
    #[case::several("\"a\",W/\"b\" ,\t\"c\"", &[strong("a"), weak("b"), strong("c")])]
    #[case::comma_within("\"a,b\", \"c\"", &[strong("a,b"), strong("c")])]
    #[case::no_ascii("\"é\"", &[strong("é")])]
    #[case::space_within("\"a b\"", &[Err(NoTag)])]
    #[case::unquoted("a, \"b\"", &[Err(NoTag), strong("b")])]
    #[case::half("\"a, b", &[Err(NoTag), Err(NoTag)])]
    #[case::no_comma("\"a\" \"b\", \"c\"", &[Err(NoTag), strong("c")])]
    #[case::any("*, \"a\"", &[Err(NoTag), strong("a")])]
    #[case::small("w/\"a\"", &[Err(NoTag)])]
    fn elements(#[case] line: &str, #[case] expected: &[Result<Tag<'static>, NoTag>]) {
        assert_eq!(tags(line.as_bytes()), expected);
    }
}
