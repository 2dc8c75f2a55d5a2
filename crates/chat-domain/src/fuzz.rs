//! Whatever text may come: what parses is kept as it is, and keys make no difference that people would
//! not make.

use proptest::prelude::*;
use proptest::sample::select;
use unicode_normalization::UnicodeNormalization;

use crate::{
    Caption, DisplayName, EmailAddress, ExternalId, FileName, FileUrl, GroupName, IdempotencyKey,
    Invalid, MAX_ID, MediaType, MessageBody, UserId, Username,
};

/// Letters that are hard on somebody: blanks and controls of all kinds, and those that fold, compose or
/// take one another's place.
#[rustfmt::skip]
const HARD: &[&str] = &[
    "\0", "\n", "\t", " ", "\u{7f}", "\u{85}", "\u{a0}", "\u{200b}", "\u{202e}", "\u{3000}", "\u{feff}",
    "\u{10ffff}", "a", "B", "é", "e\u{301}", "\u{301}", "\u{345}", "ß", "ẞ", "İ", "ı", "i\u{307}", "Σ", "ς",
    "ﬁ", "Ａ", "ǆ", "ᾳ", "ΐ", "Ꭰ", "ꭰ", "가", "ㅏ", "½", "™", "@", ".", "/", ":", "\\", "%", "1", "image/",
    "http://", "https://", ".org",
];

fn text() -> impl Strategy<Value = String> {
    let hard = prop::collection::vec(select(HARD), 0..8).prop_map(|letters| letters.concat());
    let lengths = &[
        1, 64, 65, 100, 101, 127, 128, 254, 255, 256, 2_048, 8_192, 8_193, 16_384,
    ][..];
    let long = (select(&["a", "é", " "][..]), select(lengths));
    prop_oneof![
        4 => hard,
        2 => any::<String>(),
        1 => long.prop_map(|(letter, length)| letter.repeat(length)),
        1 => "[a-z.+@-]{1,20}@[a-zA-Z0-9.-]{1,20}",
        1 => "https?://[a-z0-9.:@/%\\[\\]-]{1,30}",
    ]
}

/// What a type makes of a text: the same text and its greatest size, or a clause that says what it asks.
type Parse = fn(&str) -> Result<(String, usize), Invalid>;

macro_rules! parsers {
    ($($name:ident, $most:expr;)+) => {
        [$(
            (stringify!($name), |text| {
                let checked = $name::check(text);
                let parsed = $name::parse(text);
                assert_eq!(checked.is_ok(), parsed.is_ok());
                parsed.map(|parsed| (parsed.into_string(), $most))
            }),
        )+]
    };
}

/// Each type of text, with the most bytes it can have.
#[rustfmt::skip]
fn parsers() -> [(&'static str, Parse); 11] {
    parsers! {
        Username, 4 * Username::MAX_CHARS;
        DisplayName, 4 * DisplayName::MAX_CHARS;
        ExternalId, ExternalId::MAX_BYTES;
        GroupName, 4 * GroupName::MAX_CHARS;
        EmailAddress, EmailAddress::MAX_BYTES;
        MessageBody, MessageBody::MAX_BYTES;
        Caption, Caption::MAX_BYTES;
        FileUrl, FileUrl::MAX_BYTES;
        FileName, FileName::MAX_BYTES;
        MediaType, MediaType::MAX_BYTES;
        IdempotencyKey, IdempotencyKey::MAX_CHARS;
    }
}

/// The dotless i, whose capital is that of another letter; and letters of Unicode 17, whose cases the
/// standard library knows, but not yet the tables that keys are made by.
fn has_a_case_of_its_own(letter: char) -> bool {
    matches!(letter, 'ı' | '\u{a7ce}'..='\u{a7d5}' | '\u{16ea0}'..='\u{16ed3}')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_kept_as_it_is_or_refused_with_a_clause(text in text()) {
        for (name, parse) in parsers() {
            match parse(&text) {
                Ok((kept, most)) => {
                    prop_assert_eq!(&kept, &text, "{}", name);
                    prop_assert!((1..=most).contains(&kept.len()), "{}", name);
                    prop_assert!(!kept.contains('\0'), "{}", name);
                }
                Err(invalid) => {
                    let clause = invalid.message.starts_with("must ") || invalid.message.starts_with("is ");
                    prop_assert!(clause, "{}: {}", name, invalid);
                }
            }
        }
    }

    #[test]
    fn a_key_is_its_own_key(name in text()) {
        let Ok(name) = GroupName::parse(name) else { return Ok(()) };
        let key = name.key();
        if let Ok(folded) = GroupName::parse(key.as_str()) {
            prop_assert_eq!(folded.key(), key);
        }
    }

    #[test]
    fn a_key_knows_neither_case_nor_composition(name in text()) {
        let Ok(name) = Username::parse(name) else { return Ok(()) };
        let text = name.as_str();
        if text.contains(has_a_case_of_its_own) {
            return Ok(());
        }
        let forms: [String; 6] = [
            text.to_lowercase(),
            // Composed before: a capital would come between a letter and its marks.
            text.nfc().collect::<String>().to_uppercase(),
            text.nfc().collect(),
            text.nfd().collect(),
            text.nfkc().collect(),
            text.nfkd().collect(),
        ];
        for form in forms {
            // Another form may be longer than a name can be.
            if let Ok(form) = Username::parse(form) {
                prop_assert_eq!(form.key(), name.key(), "{:?}", form);
            }
        }
    }

    #[test]
    fn an_id_is_any_positive_integer_that_json_carries(number in any::<i64>(), shift in 0_u32..64) {
        let number = number >> shift;
        let id = UserId::parse(number);
        prop_assert_eq!(id.is_ok(), number > 0 && number <= MAX_ID);
        prop_assert!(id.is_err() || id.is_ok_and(|id| id.get() == number));
    }
}
