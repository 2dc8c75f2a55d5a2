//! `Content-Disposition`: whether content is shown or saved, and under which name (RFC 6266).

use chat_domain::FileName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in an extended value: RFC 8187's `attr-char`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The header's value: printable ASCII, whatever the name is.
pub(crate) fn disposition(inline: bool, name: Option<&FileName>) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let Some(name) = name.map(FileName::as_str) else {
        return kind.to_owned();
    };
    // Quotes and backslashes are escaped in more than one way, and some readers decode percents; so
    // none of them stands in the plain name.
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    if plain == name {
        return format!("{kind}; filename=\"{plain}\"");
    }
    let encoded = utf8_percent_encode(name, ENCODED);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ContentDisposition, HeaderValue};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("ada.png", r#"filename="ada.png""#)]
    #[case::spaces("a b;c='d'.txt", r#"filename="a b;c='d'.txt""#)]
    #[case::letters(
        "фото.jpg",
        "filename=\"____.jpg\"; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.jpg"
    )]
    #[case::quote("a\"b", "filename=\"a_b\"; filename*=UTF-8''a%22b")]
    #[case::backslash("a\\", "filename=\"a_\"; filename*=UTF-8''a%5C")]
    #[case::percent("50%20.txt", "filename=\"50_20.txt\"; filename*=UTF-8''50%2520.txt")]
    #[case::attr_chars(
        "ä!#$&+-.^_`|~",
        "filename=\"_!#$&+-.^_`|~\"; filename*=UTF-8''%C3%A4!#$&+-.^_`|~"
    )]
    #[case::others(
        "ä*'()@,;:<>/[]?={}",
        "filename=\"_*'()@,;:<>/[]?={}\"; filename*=UTF-8''%C3%A4%2A%27%28%29%40%2C%3B%3A%3C%3E%2F%5B%5D%3F%3D%7B%7D"
    )]
    #[case::emoji(
        "👩\u{200d}🔬",
        "filename=\"___\"; filename*=UTF-8''%F0%9F%91%A9%E2%80%8D%F0%9F%94%AC"
    )]
    fn names_are_told_to_old_and_new_readers(#[case] name: &str, #[case] told: &str) {
        let name = FileName::parse(name).unwrap();
        assert_eq!(
            disposition(false, Some(&name)),
            format!("attachment; {told}")
        );
        assert_eq!(disposition(true, Some(&name)), format!("inline; {told}"));
    }

    #[test]
    fn there_may_be_no_name() {
        assert_eq!(disposition(true, None), "inline");
        assert_eq!(disposition(false, None), "attachment");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_name_stays_within_its_value(
            // As from the store, where rules may have been weaker.
            name in prop_oneof![any::<String>(), "[\"\\\\;=\r\n%'é a]{1,20}"],
            inline in any::<bool>(),
        ) {
            let name = FileName::trusted(name);
            let text = disposition(inline, Some(&name));
            prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", text);
            let value = HeaderValue::from_str(&text).unwrap();
            prop_assert_eq!(text.matches('"').count(), 2);
            let told = ContentDisposition::from_raw(&value).unwrap();
            prop_assert_eq!(told.parameters.len(), text.matches("filename").count());
            if let Some(extended) = told.get_filename_ext() {
                prop_assert_eq!(extended.value.as_slice(), name.as_str().as_bytes());
            } else {
                prop_assert_eq!(told.get_filename(), Some(name.as_str()));
            }
        }
    }
}
