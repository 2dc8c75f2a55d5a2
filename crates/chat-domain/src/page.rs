//! Pages of lists: how many, from where, and whether there is more.

use crate::{ConversationId, Fault, Invalid, MessageId, UserId};

/// How many entries a page may have: 1 to 200, 50 when not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(i64);

impl PageLimit {
    /// The most entries of one page.
    pub const MAX: i64 = 200;

    /// The limit for `value`; [`Fault::Range`] outside 1 to 200, never clamped.
    pub fn parse(value: i64) -> Result<Self, Invalid> {
        if (1..=Self::MAX).contains(&value) {
            Ok(Self(value))
        } else {
            Err(Invalid::new(Fault::Range, "must be from 1 to 200"))
        }
    }

    /// The number itself, 1 to 200.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(50)
    }
}

/// How many of the newest messages a simple client skips: 0 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset(i64);

impl Offset {
    /// The most messages that may be skipped: paging by key has no such limit.
    pub const MAX: i64 = 10_000;

    /// The offset for `value`; [`Fault::Range`] outside 0 to 10,000.
    pub fn parse(value: i64) -> Result<Self, Invalid> {
        if (0..=Self::MAX).contains(&value) {
            Ok(Self(value))
        } else {
            Err(Invalid::new(Fault::Range, "must be from 0 to 10000"))
        }
    }

    /// The number itself, 0 to 10,000.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Part of a list, in the list's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Whether entries follow after the last of these.
    pub more: bool,
}

impl<T> Page<T> {
    /// The page made of the first `limit` of `fetched`; one entry beyond the limit means there is more.
    ///
    /// ```
    /// use chat_domain::{Page, PageLimit};
    ///
    /// let page = Page::cut(vec![1, 2, 3], PageLimit::parse(2).unwrap());
    /// assert_eq!((page.items, page.more), (vec![1, 2], true));
    /// ```
    pub fn cut(mut fetched: Vec<T>, limit: PageLimit) -> Self {
        let most = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let more = fetched.len() > most;
        fetched.truncate(most);
        Self {
            items: fetched,
            more,
        }
    }

    /// The same page of other entries.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            more: self.more,
        }
    }
}

/// An ordered list of messages that windows are taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeline {
    /// One conversation, direct or a group's.
    Conversation(ConversationId),
    /// The direct messages sent to this user, whoever sent them.
    Inbox(UserId),
}

/// Which part of a list of messages is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The newest.
    Newest,
    /// The nearest with ids below this one.
    Before(MessageId),
    /// The nearest with ids above this one.
    After(MessageId),
    /// This message and its neighbours on both sides.
    Around(MessageId),
    /// The newest but so many.
    Offset(Offset),
}

/// Part of a list of messages, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePage<T> {
    /// The messages.
    pub items: Vec<T>,
    /// Whether there are older ones before the first of these.
    pub older: bool,
    /// Whether there are newer ones after the last of these.
    pub newer: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_refused_never_clamped() {
        for bad in [i64::MIN, -1, 0, 201, i64::MAX] {
            assert_eq!(
                PageLimit::parse(bad).unwrap_err().fault,
                Fault::Range,
                "{bad}"
            );
        }
        assert_eq!(PageLimit::parse(1).unwrap().get(), 1);
        assert_eq!(PageLimit::parse(200).unwrap().get(), 200);
        for bad in [-1, 10_001] {
            assert_eq!(Offset::parse(bad).unwrap_err().fault, Fault::Range, "{bad}");
        }
        assert_eq!(Offset::parse(10_000).unwrap().get(), 10_000);
    }

    #[test]
    fn a_full_page_without_an_entry_beyond_is_the_last() {
        let two = PageLimit::parse(2).unwrap();
        assert!(!Page::cut(vec![1, 2], two).more);
        assert!(!Page::<i32>::cut(vec![], two).more);
    }
}
