//! A conversation to be counted, described in a few words, and what is found in it.

use super::super::*;

/// A conversation as a test describes it. Users 1 and 2 are a pair, or the members of group 5; each
/// message is its sender, negative when it was deleted.
pub(super) struct Case {
    pub(super) kind: Kind,
    pub(super) last_seq: i64,
    participants: Vec<Participant>,
    pub(super) members: Vec<i64>,
    ranges: Vec<(i64, Range)>,
    pub(super) messages: Vec<Message>,
    seens: Vec<(i64, i64)>,
    pub(super) doubts: Doubts,
}

impl Case {
    pub(super) fn new(kind: Kind, senders: &[i64]) -> Self {
        let messages = senders.iter().zip(1..).map(|(sender, seq)| Message {
            id: seq * 10,
            seq,
            sender: sender.abs(),
            living: *sender > 0,
        });
        Self {
            kind,
            last_seq: count(senders.len()),
            participants: Vec::new(),
            members: vec![1, 2],
            ranges: Vec::new(),
            messages: messages.collect(),
            seens: Vec::new(),
            doubts: Doubts::default(),
        }
    }

    /// The pair of users 1 and 2.
    pub(super) fn direct(senders: &[i64]) -> Self {
        Self::new(Kind::Direct { low: 1, high: 2 }, senders)
    }

    /// Group 5 of users 1 and 2.
    pub(super) fn group(senders: &[i64]) -> Self {
        Self::new(group(true, 2), senders)
    }

    /// Takes part with these columns.
    pub(super) fn with(mut self, user: i64, [joined_seq, seen_through, cleared]: [i64; 3]) -> Self {
        self.participants.push(Participant {
            user,
            joined_seq,
            seen_through,
            cleared,
        });
        self
    }

    pub(super) fn range(mut self, user: i64, range: Range) -> Self {
        self.ranges.push((user, range));
        self
    }

    pub(super) fn seen(mut self, user: i64, seq: i64) -> Self {
        self.seens.push((user, seq));
        self
    }

    #[track_caller]
    pub(super) fn gives(self, expected: &[&str]) {
        let (lines, _) = self.counted();
        assert_eq!(lines, expected);
    }

    /// Gives these, of which the last are mended.
    #[track_caller]
    pub(super) fn gives_and_mends(self, left: &[&str], mended: &[&str]) {
        let (lines, due) = self.counted();
        assert_eq!(lines, [left, mended].concat());
        assert_eq!(due, mended);
    }

    /// Gives several, of which this one alone is mended.
    #[track_caller]
    pub(super) fn gives_and_mends_one(self, mended: &str) {
        let (lines, due) = self.counted();
        assert!(lines.len() > 1, "{lines:#?}");
        assert_eq!(due, [mended]);
    }

    /// The lines of all that was found, and of what a repair mends.
    fn counted(self) -> (Vec<String>, Vec<String>) {
        let mut found = Found::mending();
        let conversation = Conversation {
            id: 3,
            kind: self.kind,
            last_seq: self.last_seq,
        };
        let mut count = Count::begin(
            conversation,
            self.participants,
            self.members,
            self.ranges,
            &mut found,
        );
        for message in &self.messages {
            count.message(message, &mut found);
        }
        for (user, seq) in self.seens {
            let message = self.messages.iter().find(|message| message.seq == seq);
            count.seen(message.unwrap(), user, &mut found);
        }
        count.end(&self.doubts, &mut found);
        let (kept, _) = found.take_parts();
        let lines = |all: Vec<Difference>| all.iter().map(ToString::to_string).collect();
        (lines(kept), lines(found.take_due()))
    }
}

pub(super) const fn group(living: bool, member_count: i64) -> Kind {
    Kind::Group {
        id: 5,
        living,
        member_count,
    }
}
