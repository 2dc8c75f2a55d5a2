//! The differences found so far: all are counted, the first are kept, and what a repair has to mend is
//! handed out part by part.

use super::{Difference, Recount};

/// Takes differences.
#[derive(Debug, Default)]
pub(crate) struct Found {
    kept: Vec<Difference>,
    count: u64,
    mending: bool,
    due: Vec<Difference>,
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

    /// One more.
    pub(crate) fn push(&mut self, difference: Difference) {
        self.count += 1;
        if self.mending && difference.is_mendable() {
            self.due.push(difference.clone());
        }
        if self.kept.len() < Recount::KEPT {
            self.kept.push(difference);
        }
    }

    /// What has to be mended since this was asked last.
    pub(crate) fn take_due(&mut self) -> Vec<Difference> {
        std::mem::take(&mut self.due)
    }

    /// The first of all, and how many there are.
    pub(crate) fn into_parts(self) -> (Vec<Difference>, u64) {
        (self.kept, self.count)
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
        let (kept, count) = found.into_parts();
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
}
