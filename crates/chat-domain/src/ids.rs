//! Identifiers: positive integers below 2^53, one type for each kind of thing.

use crate::{Fault, Invalid};

/// The greatest id: what a JSON number carries exactly in every client (2^53 - 1).
pub const MAX_ID: i64 = (1 << 53) - 1;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The id for `value`, or [`Fault::Range`] outside 1 to [`MAX_ID`].
            pub const fn parse(value: i64) -> Result<Self, Invalid> {
                if value >= 1 && value <= MAX_ID { Ok(Self(value)) } else { Err(OUT_OF_RANGE) }
            }

            /// The number itself, 1 to [`MAX_ID`].
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The id just below this one; none below 1.
            pub const fn pred(self) -> Option<Self> {
                if self.0 > 1 { Some(Self(self.0 - 1)) } else { None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

const OUT_OF_RANGE: Invalid = Invalid {
    fault: Fault::Range,
    message: std::borrow::Cow::Borrowed("must be an integer from 1 to 9007199254740991"),
};

id!(
    /// A user.
    UserId
);
id!(
    /// A group.
    GroupId
);
id!(
    /// A message; within one conversation ids grow with [`Seq`].
    MessageId
);
id!(
    /// A file.
    FileId
);
id!(
    /// The bytes of files, kept once however many files have them.
    BlobId
);
id!(
    /// An upload that can be resumed.
    UploadId
);
id!(
    /// A conversation: two users, or the members of a group.
    ConversationId
);

/// A message's place in its conversation: 1, 2, 3 … without gaps; 0 is the place before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(i64);

impl Seq {
    /// Before the first message.
    pub const START: Self = Self(0);

    /// The place numbered `value`; [`Fault::Range`] below 0.
    pub const fn parse(value: i64) -> Result<Self, Invalid> {
        if value >= 0 {
            Ok(Self(value))
        } else {
            Err(Invalid {
                fault: Fault::Range,
                message: std::borrow::Cow::Borrowed("must not be negative"),
            })
        }
    }

    /// The number itself, 0 and up.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// How many places lie after `earlier` up to and with this one; 0 when this one is not later.
    pub const fn since(self, earlier: Self) -> i64 {
        if self.0 > earlier.0 {
            self.0 - earlier.0
        } else {
            0
        }
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_positive_and_exact_in_json() {
        for bad in [i64::MIN, -1, 0, MAX_ID + 1, i64::MAX] {
            assert_eq!(UserId::parse(bad).unwrap_err().fault, Fault::Range, "{bad}");
        }
        for good in [1, 2, MAX_ID] {
            assert_eq!(UserId::parse(good).unwrap().get(), good);
        }
    }

    #[test]
    fn the_predecessor_ends_at_one() {
        assert_eq!(
            MessageId::parse(2).unwrap().pred(),
            MessageId::parse(1).ok()
        );
        assert_eq!(MessageId::parse(1).unwrap().pred(), None);
    }

    #[test]
    fn distance_is_never_negative() {
        let (two, five) = (Seq::parse(2).unwrap(), Seq::parse(5).unwrap());
        assert_eq!(five.since(two), 3);
        assert_eq!(two.since(five), 0);
        assert_eq!(Seq::START.next().get(), 1);
        assert!(Seq::parse(-1).is_err());
    }
}
