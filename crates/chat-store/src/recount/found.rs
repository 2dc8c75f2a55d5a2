//! The differences found so far: all are counted, the first are kept, and what a repair has to mend is
//! handed out part by part.

use super::{Difference, Mended, Recount};

/// Takes differences.
#[derive(Debug, Default)]
pub(crate) struct Found {
    kept: Vec<Difference>,
    count: u64,
    mending: bool,
    due: Vec<Difference>,
    mended: Mended,
}

impl Found {
    /// For a count that only looks.
    pub(crate) fn looking() -> Self {
        Self::default()
    }

    /// For a count after which what was found is mended.
    pub(crate) fn mending() -> Self {
        Self {
            mending: true,
            ..Self::default()
        }
    }

    /// One more, which has to be mended if it can be.
    pub(crate) fn push(&mut self, difference: Difference) {
        if self.mending && difference.is_mendable() {
            self.due.push(difference.clone());
        }
        self.doubt(difference);
    }

    /// One more, which is left as it is: what must be there was counted from something in doubt.
    pub(crate) fn doubt(&mut self, difference: Difference) {
        self.count += 1;
        if self.kept.len() < Recount::KEPT {
            self.kept.push(difference);
        }
    }

    /// One more, by whether what must be there is in doubt.
    pub(crate) fn weigh(&mut self, in_doubt: bool, difference: Difference) {
        if in_doubt {
            self.doubt(difference);
        } else {
            self.push(difference);
        }
    }

    /// Whether nothing was found so far.
    pub(crate) const fn nothing(&self) -> bool {
        self.count == 0
    }

    /// What has to be mended since this was asked last.
    pub(crate) fn take_due(&mut self) -> Vec<Difference> {
        std::mem::take(&mut self.due)
    }

    /// One was mended.
    pub(crate) fn mended(&mut self, difference: Difference) {
        self.mended.count += 1;
        if self.mended.differences.len() < Recount::KEPT {
            self.mended.differences.push(difference);
        }
    }

    /// What was mended, once all is done.
    pub(crate) fn take_mended(&mut self) -> Mended {
        std::mem::take(&mut self.mended)
    }

    /// The first of all, and how many there are.
    pub(crate) fn take_parts(&mut self) -> (Vec<Difference>, u64) {
        (std::mem::take(&mut self.kept), self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_kept() {
        let mut found = Found::looking();
        for position in 0..250 {
            found.push(Difference::LogPosition {
                is: position,
                must: 1,
            });
        }
        assert_eq!(found.take_due(), []);
        let (kept, count) = found.take_parts();
        assert_eq!((kept.len(), count), (Recount::KEPT, 250));
        assert_eq!(kept[99], Difference::LogPosition { is: 99, must: 1 });
    }

    #[test]
    fn what_can_be_mended_is_handed_out_once_and_never_cut() {
        let mut found = Found::mending();
        for group in 0..150 {
            found.push(Difference::NoConversation { group });
            found.push(Difference::MemberCount {
                group,
                is: 1,
                must: 2,
            });
        }
        assert_eq!(found.take_due().len(), 150);
        assert_eq!(found.take_due(), []);
    }

    #[test]
    fn what_is_in_doubt_is_counted_and_kept_and_not_handed_out() {
        let head = |is| Difference::LogPosition { is, must: 1 };
        let mut found = Found::mending();
        assert!(found.nothing());
        found.weigh(true, head(2));
        found.weigh(false, head(3));
        assert!(!found.nothing());
        assert_eq!(found.take_due(), [head(3)]);
        assert_eq!(found.take_parts(), (vec![head(2), head(3)], 2));
    }

    #[test]
    fn all_that_was_mended_is_counted_and_the_first_are_kept() {
        let mut found = Found::mending();
        for is in 0..150 {
            found.mended(Difference::LogPosition { is, must: 1 });
        }
        let mended = found.take_mended();
        assert_eq!((mended.differences.len(), mended.count), (100, 150));
    }
}
