//! The head of a part: how its field is called, and how its file.

use httparse::Status;
use percent_encoding::percent_decode_str;

use super::{Malformed, Read};

/// The most lines of a part's head.
const MOST_LINES: usize = 32;

/// What the head of a part says. Its other lines are not read (RFC 7578, 4.8): what a part says of its
/// own length or type counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The name of the field.
    pub(crate) name: String,
    /// The name of the file as the client gives it.
    pub(crate) file_name: Option<String>,
}

/// Reads a head, with the empty line at its end.
pub(super) fn parse(head: &[u8]) -> Read<Head> {
    let mut lines = [httparse::EMPTY_HEADER; MOST_LINES];
    let Ok(Status::Complete((_, lines))) = httparse::parse_headers(head, &mut lines) else {
        return Err(Malformed::Form("the head of a part can't be read"));
    };
    let disposition = lines
        .iter()
        .find(|line| line.name.eq_ignore_ascii_case("content-disposition"));
    let value = disposition.map_or(&b""[..], |line| line.value);
    let value = std::str::from_utf8(value)
        .map_err(|_| Malformed::Form("the head of a part is not UTF-8"))?;
    let nameless = Malformed::Form("a part of the form has no Content-Disposition with a name");
    let (kind, rest) = value.split_once(';').ok_or(nameless)?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(nameless);
    }
    let parameters = parameters(rest);
    let given = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let name = given("name").filter(|name| !name.is_empty());
    Ok(Head {
        name: decoded(name.ok_or(nameless)?),
        file_name: given("filename*")
            .and_then(extended)
            .or_else(|| given("filename").map(decoded)),
    })
}

/// The parameters behind the disposition, names in lower case.
fn parameters(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let (value, next) = match behind.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, next) = behind.split_once(';').unwrap_or((behind, ""));
                (value.trim().to_owned(), next)
            }
        };
        let name = name.trim_matches([' ', '\t', ';']).to_ascii_lowercase();
        found.push((name, value));
        rest = next;
    }
    found
}

/// A quoted value, and what stands behind it. Browsers escape nothing with backslashes, which stand in
/// paths; other clients escape quotes. So a backslash before a quote escapes it, unless no other quote
/// ends the value, and any other backslash is one.
fn unquoted(quoted: &str) -> (String, &str) {
    let bytes = quoted.as_bytes();
    let ends = |at: &usize| *at == 0 || bytes[*at - 1] != b'\\';
    let quotes: Vec<usize> = memchr::memchr_iter(b'"', bytes).collect();
    let end = quotes.iter().copied().find(ends);
    let end = end.or(quotes.last().copied());
    let (value, behind) = match end {
        Some(end) => (&quoted[..end], &quoted[end + 1..]),
        None => (quoted, ""),
    };
    (value.replace("\\\"", "\""), behind)
}

/// What browsers encode in names: quotes and line breaks, and nothing else.
fn decoded(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0d", "\r")
        .replace("%0A", "\n")
        .replace("%0a", "\n")
}

/// A value that names its own encoding (RFC 8187), which must be UTF-8.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
