//! Names of files: of those to be kept, the rules; of what clients give, what can be kept of it.

use crate::names::text;
use crate::{Fault, Invalid};

text!(
    /// A file's name for people: 1 to 255 bytes, no control characters.
    FileName
);

impl FileName {
    /// The most bytes, as file systems count them.
    pub const MAX_BYTES: usize = 255;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(Invalid::new(Fault::Length, "must have 1 to 255 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::new(
                Fault::Format,
                "must not contain control characters",
            ));
        }
        Ok(())
    }

    /// What a client gives as a name, made harmless: the last part of a path, without characters that
    /// can't be seen and change how the rest is read, without white space around it, and cut where it
    /// is too long, with its extension kept. None if nothing is left.
    ///
    /// ```
    /// use chat_domain::FileName;
    ///
    /// let cleaned = |given| FileName::cleaned(given).map(FileName::into_string);
    /// assert_eq!(cleaned("C:\\photos\\ada.png ").as_deref(), Some("ada.png"));
    /// assert_eq!(cleaned("cod\u{202e}gnp.exe").as_deref(), Some("codgnp.exe"));
    /// assert_eq!(cleaned("../.."), None);
    /// ```
    pub fn cleaned(given: &str) -> Option<Self> {
        let last = given.rsplit(['/', '\\']).next()?;
        let seen: String = last.chars().filter(|&c| !misleads(c)).collect();
        let name = trim_end(seen.trim_start());
        let name = if name.len() <= Self::MAX_BYTES {
            name.to_owned()
        } else {
            cut(name)
        };
        Self::parse(name).ok()
    }
}

/// The longest extension, in bytes, that is worth keeping where a name is cut.
const MAX_EXTENSION: usize = 32;

/// Whether a character is not seen itself, but breaks lines, turns the direction of others, or is none.
fn misleads(c: char) -> bool {
    let direction = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line = matches!(c, '\u{2028}' | '\u{2029}');
    // A byte order mark, marks of annotations, and what Unicode will never assign.
    let mark = matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    let none = matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe;
    c.is_control() || direction || line || mark || none
}

/// Without white space and dots at the end, which some systems drop without a word.
fn trim_end(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_whitespace() || c == '.')
}

/// The beginning of a name that is too long, and its extension.
fn cut(name: &str) -> String {
    let extension = match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= 1 + MAX_EXTENSION => &name[dot..],
        _ => "",
    };
    let mut end = FileName::MAX_BYTES - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", trim_end(&name[..end]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn limits_hold_at_their_edges() {
        assert!(FileName::parse("a".repeat(255)).is_ok());
        let fault = |name: &str| FileName::parse(name).unwrap_err().fault;
        assert_eq!(fault(&"a".repeat(256)), Fault::Length);
        assert_eq!(fault("a\nb"), Fault::Format);
    }

    #[rstest]
    #[case::plain("ada.png", "ada.png")]
    #[case::spaces_within("ada  lovelace .png", "ada  lovelace .png")]
    #[case::other_scripts("фото 写真 👩\u{200d}🔬.jpg", "фото 写真 👩\u{200d}🔬.jpg")]
    #[case::unix_path("/etc/passwd", "passwd")]
    #[case::climbing("../../a.txt", "a.txt")]
    #[case::windows_path("C:\\Users\\ada\\a.txt", "a.txt")]
    #[case::mixed_path("a/b\\c", "c")]
    #[case::hidden(".htaccess", ".htaccess")]
    #[case::outer_space(" \u{3000}a.txt \u{a0}", "a.txt")]
    #[case::trailing_dots("a.txt. . .", "a.txt")]
    #[case::dots_within("a..tar.gz", "a..tar.gz")]
    #[case::controls("a\0\r\n\t\u{7f}\u{85}b", "ab")]
    #[case::directions("a\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}b", "ab")]
    #[case::lines("a\u{2028}\u{2029}b", "ab")]
    #[case::marks("\u{feff}a\u{fff9}b", "ab")]
    #[case::no_characters("a\u{fdd0}\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}b", "ab")]
    #[case::space_that_a_mark_hid("\u{feff} a \u{feff}", "a")]
    #[case::quotes("a\"b;c%0d.txt", "a\"b;c%0d.txt")]
    fn what_is_left_of_a_name(#[case] given: &str, #[case] left: &str) {
        assert_eq!(FileName::cleaned(given).unwrap().as_str(), left);
    }

    #[rstest]
    #[case::empty("")]
    #[case::space(" \t ")]
    #[case::here(".")]
    #[case::above("..")]
    #[case::many_dots("... .")]
    #[case::directory("photos/")]
    #[case::climbing("a/..")]
    #[case::unseen("\u{202e}\0\u{feff}")]
    fn nothing_may_be_left(#[case] given: &str) {
        assert_eq!(FileName::cleaned(given), None);
    }

    #[rstest]
    #[case::fits("a".repeat(251) + ".png", "a".repeat(251) + ".png")]
    #[case::too_long("a".repeat(252) + ".png", "a".repeat(251) + ".png")]
    #[case::longest_extension("a".repeat(300) + "." + &"e".repeat(32), "a".repeat(222) + "." + &"e".repeat(32))]
    #[case::no_extension("a".repeat(300) + "." + &"e".repeat(33), "a".repeat(255))]
    #[case::only_an_extension(format!(".{}", "e".repeat(300)), format!(".{}", "e".repeat(254)))]
    #[case::wide("é".repeat(200) + ".png", "é".repeat(125) + ".png")]
    #[case::wide_extension("a".repeat(300) + ".日本", "a".repeat(248) + ".日本")]
    #[case::space_at_the_cut("a".repeat(250) + "  b.png", "a".repeat(250) + ".png")]
    fn a_long_name_is_cut_before_its_extension(#[case] given: String, #[case] left: String) {
        assert_eq!(FileName::cleaned(&given).unwrap().as_str(), left);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_left_is_clean(
            given in prop_oneof![
                any::<String>(),
                "[ ./a\\\\\u{0}\u{202e}\u{feff}é]{0,12}",
                "[ .aé]{200,300}",
                "[aé日]{200,280}\\.[a-z日]{0,40}",
            ],
        ) {
            let Some(name) = FileName::cleaned(&given) else { return Ok(()) };
            let text = name.as_str();
            prop_assert_eq!(FileName::check(text), Ok(()));
            prop_assert_eq!(text.trim(), text);
            let strays = |c: char| misleads(c) || "/\\".contains(c);
            prop_assert!(!text.contains(strays) && !text.ends_with('.'));
            prop_assert_eq!(FileName::cleaned(text), Some(name.clone()));
        }
    }
}
