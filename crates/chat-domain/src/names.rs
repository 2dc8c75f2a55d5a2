//! Names that people give: of users, of groups, and their email addresses.

use unicode_normalization::UnicodeNormalization;
use validator::ValidateEmail;

use crate::{Fault, Invalid};

/// What two names share when people would take them for the same: NFKC and case folding applied.
///
/// ```
/// use chat_domain::Username;
///
/// let key = |name| Username::parse(name).unwrap().key();
/// assert_eq!(key("Straße"), key("STRASSE"));
/// assert_ne!(key("ada"), key("ida"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameKey(String);

impl NameKey {
    /// The folding runs until it settles: normalising can bring up letters that fold once more.
    fn of(name: &str) -> Self {
        let fold = |s: &str| caseless::default_case_fold_str(&s.nfkc().collect::<String>());
        Self(fold(&fold(name)).nfkc().collect())
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rules that user and group names share: 1 to `max` characters, none of them a control
/// character, and no white space at either end.
fn check_name(name: &str, max: usize) -> Result<(), Invalid> {
    // Counting stops one past the limit, so that a huge name costs no more than a long one.
    let length = name.chars().take(max + 1).count();
    if length == 0 || length > max {
        return Err(Invalid::new(
            Fault::Length,
            format!("must have 1 to {max} characters"),
        ));
    }
    check_ends(name)
}

/// No control character, and no white space at either end.
fn check_ends(name: &str) -> Result<(), Invalid> {
    if name.chars().any(char::is_control) {
        return Err(Invalid::new(
            Fault::Format,
            "must not contain control characters",
        ));
    }
    if name.starts_with(char::is_whitespace) || name.ends_with(char::is_whitespace) {
        return Err(Invalid::new(
            Fault::Format,
            "must not begin or end with white space",
        ));
    }
    Ok(())
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is if it keeps the rules, else says which one it breaks.
            pub fn parse(text: impl Into<String>) -> Result<Self, Invalid> {
                let text = text.into();
                Self::check(&text)?;
                Ok(Self(text))
            }

            /// A text read back from the store, where only parsed ones go: it is not checked
            /// again, so that a rule made stricter later leaves what is stored readable.
            pub fn trusted(text: String) -> Self {
                Self(text)
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself, without a copy.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    };
}
pub(crate) use text;

text!(
    /// A user's name: 1 to 64 characters, no control characters, no white space at either end.
    /// Unique among users by its [`NameKey`].
    Username
);

impl Username {
    /// The most characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 64;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        check_name(text, Self::MAX_CHARS)
    }

    /// What makes it unique.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

text!(
    /// What a user is called where people read it: 1 to 100 characters, by the rules of [`Username`].
    /// Any number of users may have the same one.
    DisplayName
);

impl DisplayName {
    /// The most characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 100;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        check_name(text, Self::MAX_CHARS)
    }
}

text!(
    /// By what the system knows a user elsewhere, such as the subject of its tokens: 1 to 255 bytes, no
    /// control characters, no white space at either end. Unique among living users, byte for byte.
    ExternalId
);

impl ExternalId {
    /// The most bytes.
    pub const MAX_BYTES: usize = 255;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(Invalid::new(Fault::Length, "must have 1 to 255 bytes"));
        }
        check_ends(text)
    }
}

text!(
    /// A group's name: 1 to 100 characters, by the rules of [`Username`].
    /// Unique among living groups by its [`NameKey`].
    GroupName
);

impl GroupName {
    /// The most characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 100;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        check_name(text, Self::MAX_CHARS)
    }

    /// What makes it unique.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

text!(
    /// An email address of at most 254 bytes. Unique among users by its [`NameKey`].
    EmailAddress
);

impl EmailAddress {
    /// The most bytes, as mail systems count them.
    pub const MAX_BYTES: usize = 254;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(Invalid::new(Fault::Length, "must have 1 to 254 bytes"));
        }
        if text.chars().any(char::is_control) || !text.validate_email() {
            return Err(Invalid::new(Fault::Format, "is not a valid email address"));
        }
        Ok(())
    }

    /// What makes it unique.
    pub fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one_letter("a")]
    #[case::inner_space("ada lovelace")]
    #[case::other_script("Ада")]
    #[case::right_to_left("עדה")]
    #[case::emoji("👩‍💻")]
    fn usernames_that_pass(#[case] name: &str) {
        assert_eq!(Username::parse(name).unwrap().as_str(), name);
    }

    #[rstest]
    #[case::empty("", Fault::Length)]
    #[case::blank(" ", Fault::Format)]
    #[case::leading(" ada", Fault::Format)]
    #[case::trailing_wide("ada\u{3000}", Fault::Format)]
    #[case::nul("a\0a", Fault::Format)]
    #[case::newline("a\na", Fault::Format)]
    #[case::c1_control("a\u{85}a", Fault::Format)]
    fn usernames_that_fail(#[case] name: &str, #[case] fault: Fault) {
        assert_eq!(Username::parse(name).unwrap_err().fault, fault);
    }

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(Username::parse("é".repeat(64)).is_ok());
        assert_eq!(
            Username::parse("é".repeat(65)).unwrap_err().fault,
            Fault::Length
        );
        assert!(GroupName::parse("é".repeat(100)).is_ok());
        assert_eq!(
            GroupName::parse("é".repeat(101)).unwrap_err().fault,
            Fault::Length
        );
        assert!(DisplayName::parse("é".repeat(100)).is_ok());
        assert_eq!(
            DisplayName::parse("é".repeat(101)).unwrap_err().fault,
            Fault::Length
        );
    }

    #[rstest]
    #[case::subject("auth0|5f7c8ec7c33c6c004bbafe82")]
    #[case::inner_space("a b")]
    #[case::other_script("ада")]
    #[case::longest(&"s".repeat(255))]
    fn external_ids_that_pass(#[case] id: &str) {
        assert_eq!(ExternalId::parse(id).unwrap().as_str(), id);
    }

    #[rstest]
    #[case::empty("", Fault::Length)]
    #[case::too_long(&"s".repeat(256), Fault::Length)]
    #[case::bytes_count(&"é".repeat(128), Fault::Length)]
    #[case::leading(" a", Fault::Format)]
    #[case::trailing("a\u{a0}", Fault::Format)]
    #[case::nul("a\0a", Fault::Format)]
    #[case::newline("a\nb", Fault::Format)]
    fn external_ids_that_fail(#[case] id: &str, #[case] fault: Fault) {
        assert_eq!(ExternalId::parse(id).unwrap_err().fault, fault);
        assert!(id.is_empty() || id.len() > 255 || DisplayName::parse(id).is_err());
    }

    #[rstest]
    #[case::ascii_case("Ada", "aDA")]
    #[case::sharp_s("Straße", "STRASSE")]
    #[case::composed("e\u{301}", "é")]
    #[case::full_width("Ａｄａ", "ada")]
    #[case::final_sigma("ΣΑΣ", "σας")]
    #[case::ligature("ﬁn", "FIN")]
    fn keys_that_are_the_same(#[case] one: &str, #[case] other: &str) {
        assert_eq!(NameKey::of(one), NameKey::of(other));
    }

    #[rstest]
    #[case::plain("ada@example.org")]
    #[case::tag("ada+chat@example.org")]
    #[case::international_domain("ada@bücher.example")]
    fn emails_that_pass(#[case] email: &str) {
        assert_eq!(EmailAddress::parse(email).unwrap().as_str(), email);
    }

    #[rstest]
    #[case::empty("", Fault::Length)]
    #[case::no_at("ada", Fault::Format)]
    #[case::no_domain("ada@", Fault::Format)]
    #[case::no_user("@example.org", Fault::Format)]
    #[case::two_at("a@b@example.org", Fault::Format)]
    #[case::space("a da@example.org", Fault::Format)]
    #[case::newline("ada@example.org\n", Fault::Format)]
    #[case::nul("ada\0@example.org", Fault::Format)]
    fn emails_that_fail(#[case] email: &str, #[case] fault: Fault) {
        assert_eq!(EmailAddress::parse(email).unwrap_err().fault, fault);
    }

    #[test]
    fn an_email_ends_at_254_bytes() {
        let domain = format!("{}.example", ["a".repeat(60).as_str(); 4].join("."));
        let email = |user: usize| format!("{}@{}", "u".repeat(user), &domain[domain.len() - 200..]);
        assert!(EmailAddress::parse(email(53)).is_ok(), "{:?}", email(53));
        assert_eq!(
            EmailAddress::parse(email(54)).unwrap_err().fault,
            Fault::Length
        );
    }

    proptest! {
        #[test]
        fn no_key_has_a_control_character(name in "\\PC{1,20}") {
            prop_assert!(!NameKey::of(&name).as_str().contains(char::is_control));
        }

        #[test]
        fn folding_again_changes_nothing(name in "\\PC{1,20}") {
            let key = NameKey::of(&name);
            prop_assert_eq!(NameKey::of(key.as_str()), key);
        }
    }
}
