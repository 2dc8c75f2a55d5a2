//! Queries, decoded strictly: what is broken is named, never guessed at.

use percent_encoding::percent_decode_str;

use crate::problem::FieldError;

/// The parameters of a query in their order, and those that can't be decoded.
pub(crate) fn decode(query: &str) -> (Vec<(String, String)>, Vec<FieldError>) {
    let (mut pairs, mut spoiled) = (Vec::new(), Vec::new());
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match (text(name), text(value)) {
            (Some(name), Some(value)) => pairs.push((name, value)),
            (name, _) => {
                // A name that can't be decoded is shown as it was sent.
                let name = name.unwrap_or_else(|| name_as_sent(part));
                let message = "is not percent-encoded UTF-8";
                spoiled.push(FieldError::new(name, "format", message));
            }
        }
    }
    (pairs, spoiled)
}

/// The value of the parameter with this name, if it stands there once and can be decoded.
pub(crate) fn only(query: &str, name: &str) -> Option<String> {
    // A look at the text first: most queries have no such parameter.
    let pairs = query.contains(name).then(|| decode(query).0)?;
    let mut values = pairs.into_iter().filter(|(other, _)| other == name);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
}

fn name_as_sent(part: &str) -> String {
    part.split('=').next().unwrap_or_default().to_owned()
}

/// The decoded text: `+` is a space, and each `%` stands before two hexadecimal digits.
fn text(encoded: &str) -> Option<String> {
    let mut escapes = encoded.split('%').skip(1).map(str::as_bytes);
    let whole = |escape: &[u8]| matches!(escape, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if !escapes.all(whole) {
        return None;
    }
    let spaced = encoded.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none("", &[])]
    #[case::plain("limit=5&after=7", &[("limit", "5"), ("after", "7")])]
    #[case::no_value("limit", &[("limit", "")])]
    #[case::empty_value("limit=", &[("limit", "")])]
    #[case::empty_parts("&&limit=5&", &[("limit", "5")])]
    #[case::plus("q=a+b%2Bc", &[("q", "a b+c")])]
    #[case::encoded_name("%6Cimit=5", &[("limit", "5")])]
    #[case::second_equals("q=a=b", &[("q", "a=b")])]
    #[case::other_script("q=%D0%90", &[("q", "А")])]
    #[case::repeated("a=1&a=2", &[("a", "1"), ("a", "2")])]
    fn queries_that_decode(#[case] query: &str, #[case] pairs: &[(&str, &str)]) {
        let (decoded, spoiled) = decode(query);
        assert_eq!(spoiled, []);
        let decoded: Vec<_> = decoded
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(decoded, pairs);
    }

    #[rstest]
    #[case::no_hexadecimal("limit=%zz", "limit")]
    #[case::cut_short("limit=%a", "limit")]
    #[case::bare_percent("limit=5%", "limit")]
    #[case::double("limit=%%35", "limit")]
    #[case::no_utf8("limit=%ff", "limit")]
    #[case::half_a_letter("limit=%D0", "limit")]
    #[case::name("%zz=5", "%zz")]
    fn queries_that_do_not(#[case] query: &str, #[case] field: &str) {
        let (pairs, spoiled) = decode(query);
        assert!(pairs.is_empty());
        assert_eq!(
            (spoiled[0].field.as_str(), &*spoiled[0].code),
            (field, "format")
        );
    }
}
