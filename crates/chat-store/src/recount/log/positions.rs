//! The log by position: no event is missing, and the head is the last one.

use crate::recount::{Difference, Found};

/// Follows the positions.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    last: i64,
}

impl Positions {
    /// The next event.
    pub(crate) fn event(&mut self, position: i64, found: &mut Found) {
        if position != self.last + 1 {
            found.push(Difference::NoEvents {
                from: self.last + 1,
                to: position - 1,
            });
        }
        self.last = position;
    }

    /// After all of them; `head` is where the log says that it ends.
    pub(crate) fn end(self, head: i64, found: &mut Found) {
        if head != self.last {
            found.push(Difference::LogPosition {
                is: head,
                must: self.last,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(positions: &[i64], head: i64) -> Vec<String> {
        let mut found = Found::looking();
        let mut log = Positions::default();
        for position in positions {
            log.event(*position, &mut found);
        }
        log.end(head, &mut found);
        let (kept, _) = found.into_parts();
        kept.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_log_without_gap_up_to_its_head_agrees() {
        assert_eq!(differences(&[1, 2, 3], 3), [""; 0]);
        assert_eq!(differences(&[], 0), [""; 0]);
    }

    #[test]
    fn missing_events_are_named() {
        assert_eq!(
            differences(&[2, 3, 6], 6),
            [
                "the log: positions 1 to 1 have no event",
                "the log: positions 4 to 5 have no event"
            ]
        );
    }

    #[test]
    fn a_head_elsewhere_is_named() {
        assert_eq!(
            differences(&[1, 2], 3),
            ["the log: its head is 3, must be 2"]
        );
    }
}
