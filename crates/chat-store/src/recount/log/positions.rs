//! The log by position: no event is missing, and the head is the last one.

use crate::recount::{Difference, Doubts, Found};

/// Follows the positions.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    last: i64,
    /// Up to here events may have been forgotten.
    forgotten: i64,
    missing: bool,
}

impl Positions {
    /// Those of a log that has forgotten what it likes up to this one.
    pub(crate) fn since(forgotten: i64) -> Self {
        Self {
            forgotten,
            ..Self::default()
        }
    }

    /// The next event.
    pub(crate) fn event(&mut self, position: i64, found: &mut Found) {
        if position < 1 {
            found.push(Difference::PositionBelowOne { position });
            self.missing = true;
            return;
        }
        let next = self.last.max(self.forgotten) + 1;
        if position > next {
            found.push(Difference::NoEvents {
                from: next,
                to: position - 1,
            });
            self.missing = true;
        }
        self.last = position;
    }

    /// After all of them; `is` is where the log says that it ends, and `given` the last position that
    /// the database has given to an event.
    pub(crate) fn end(self, is: i64, given: i64, doubts: &mut Doubts) -> Head {
        let last = self.last.max(self.forgotten);
        if self.missing || given > last {
            doubts.log();
        }
        if self.forgotten > 0 {
            doubts.beginning();
        }
        Head { is, given, last }
    }
}

/// Where the log ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    is: i64,
    given: i64,
    last: i64,
}

impl Head {
    /// Once the whole log is compared. The head goes up to an event that is there, unless the database
    /// never gave that position. It goes down, which makes cursors beyond it worthless, only if there
    /// never was an event: the database gave no such position, and nothing is missing anywhere.
    pub(crate) fn compare(self, found: &mut Found) {
        let Self { is, given, last } = self;
        let sure = if is < last {
            given >= last
        } else {
            given <= last && found.nothing()
        };
        if is != last {
            found.weigh(!sure, Difference::LogPosition { is, must: last });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines, and how many of them are mended.
    fn differences(positions: &[i64], is: i64, given: i64) -> (Vec<String>, usize) {
        let (mut found, mut doubts) = (Found::mending(), Doubts::default());
        let mut log = Positions::default();
        for position in positions {
            log.event(*position, &mut found);
        }
        log.end(is, given, &mut doubts).compare(&mut found);
        let mended = found.take_due().len();
        let (kept, _) = found.take_parts();
        (kept.iter().map(ToString::to_string).collect(), mended)
    }

    #[test]
    fn of_what_was_forgotten_nothing_is_missed_and_of_the_rest_all() {
        let of = |positions: &[i64], is| {
            let (mut found, mut doubts) = (Found::looking(), Doubts::default());
            let mut log = Positions::since(4);
            for position in positions {
                log.event(*position, &mut found);
            }
            log.end(is, is, &mut doubts).compare(&mut found);
            assert!(doubts.may_be_forgotten());
            let (kept, _) = found.take_parts();
            let lines: Vec<_> = kept.iter().map(ToString::to_string).collect();
            (lines.len(), doubts.of_log())
        };
        assert_eq!(of(&[1, 3, 5, 6], 6), (0, false));
        assert_eq!(of(&[], 4), (0, false));
        assert_eq!(of(&[5], 5), (0, false));
        assert_eq!(of(&[2, 6], 6), (1, true));
        assert_eq!(of(&[5, 7], 7), (1, true));
        assert_eq!(of(&[5], 6), (1, true));
    }

    #[track_caller]
    fn check((lines, mended): (Vec<String>, usize), expected: &[&str], due: usize) {
        assert_eq!(lines, expected);
        assert_eq!(mended, due);
    }

    #[test]
    fn a_log_without_gap_up_to_its_head_agrees() {
        check(differences(&[1, 2, 3], 3, 3), &[], 0);
        check(differences(&[], 0, 0), &[], 0);
    }

    #[test]
    fn missing_events_are_named() {
        let lines = [
            "the log: positions 1 to 1 have no event",
            "the log: positions 4 to 5 have no event",
        ];
        check(differences(&[2, 3, 6], 6, 6), &lines, 0);
    }

    #[test]
    fn positions_below_the_first_are_named() {
        let lines = [
            &format!("event {}: its position must be 1 or more", i64::MIN),
            "event 0: its position must be 1 or more",
            "the log: positions 1 to 1 have no event",
        ];
        check(differences(&[i64::MIN, 0, 2], 2, 2), &lines, 0);
    }

    #[test]
    fn a_head_before_the_last_event_is_raised_to_it() {
        let behind = "the log: its head is 1, must be 3";
        check(differences(&[1, 2, 3], 1, 3), &[behind], 1);
        let gap = "the log: positions 2 to 2 have no event";
        check(differences(&[1, 3], 1, 3), &[gap, behind], 1);
        // A position that was never given.
        check(differences(&[1, 3], 1, 2), &[gap, behind], 0);
    }

    #[test]
    fn a_head_beyond_the_last_event_is_lowered_only_if_there_was_never_one() {
        let beyond = "the log: its head is 5, must be 3";
        check(differences(&[1, 2, 3], 5, 3), &[beyond], 1);
        check(differences(&[1, 2, 3], 5, 5), &[beyond], 0);
        let gap = "the log: positions 2 to 2 have no event";
        check(differences(&[1, 3], 5, 3), &[gap, beyond], 0);
    }

    #[test]
    fn a_log_is_in_doubt_when_an_event_is_missing() {
        let in_doubt = |positions: &[i64], given| {
            let (mut found, mut doubts) = (Found::looking(), Doubts::default());
            let mut log = Positions::default();
            for position in positions {
                log.event(*position, &mut found);
            }
            log.end(0, given, &mut doubts);
            doubts.of_log()
        };
        assert!(!in_doubt(&[1, 2], 2));
        assert!(in_doubt(&[1, 3], 3) && in_doubt(&[1, 2], 3));
    }
}
