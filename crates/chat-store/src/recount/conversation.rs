//! One conversation, counted from its messages.
//!
//! Its participants, members and ranges are given first, then its messages by place, then who has
//! marked them by name. What is kept of a message is its place, twice, while it lives; what is kept
//! of a mark by name is a number for each participant. So a participant costs a few searches, and a
//! group of a thousand members no more memory than its messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::places::{Places, count};
use super::ranges::{Range, Ranges};
use super::{Difference, Doubts, Found};

/// A conversation as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation {
    pub(crate) id: i64,
    pub(crate) kind: Kind,
    pub(crate) last_seq: i64,
}

/// Whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Of two users.
    Direct { low: i64, high: i64 },
    /// Of a group.
    Group {
        id: i64,
        living: bool,
        member_count: i64,
    },
}

/// A participant as it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Participant {
    pub(crate) user: i64,
    pub(crate) joined_seq: i64,
    pub(crate) seen_through: i64,
    pub(crate) cleared: i64,
}

/// A message, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) seq: i64,
    pub(crate) sender: i64,
    pub(crate) living: bool,
}

/// A participant, what its ranges cover, and how many messages it has marked by name that would be
/// unseen without that.
#[derive(Debug)]
struct Reader {
    stored: Participant,
    ranges: Ranges,
    by_name: i64,
    /// Its ranges can't all be true.
    in_doubt: bool,
}

/// The count of one conversation.
#[derive(Debug)]
pub(crate) struct Count {
    conversation: Conversation,
    /// Who has to take part; of a group, its members.
    expected: BTreeSet<i64>,
    /// By user, in order.
    readers: BTreeMap<i64, Reader>,
    ranges: Vec<(i64, Range)>,
    living: Places,
    own: HashMap<i64, Places>,
    last_seq: i64,
    last_id: i64,
    /// The messages can't be all there are, or not at their places, or not of their senders.
    in_doubt: bool,
}

impl Count {
    /// Begins with who takes part, who is a member (of a group), and all ranges, also of readers
    /// who have left.
    pub(crate) fn begin(
        conversation: Conversation,
        participants: Vec<Participant>,
        members: Vec<i64>,
        ranges: Vec<(i64, Range)>,
        found: &mut Found,
    ) -> Self {
        let mut of: BTreeMap<i64, Vec<Range>> = BTreeMap::new();
        for (user, range) in &ranges {
            of.entry(*user).or_default().push(*range);
        }
        let mut merged: HashMap<i64, (Ranges, bool)> = HashMap::new();
        for (user, ranges) in of {
            let (ranges, overlapping) = Ranges::merge(ranges);
            merged.insert(user, (ranges, !overlapping.is_empty()));
            for (from, to) in overlapping {
                found.push(Difference::RangeOverlap {
                    conversation: conversation.id,
                    user,
                    from,
                    to,
                });
            }
        }
        let readers = participants.into_iter().map(|stored| {
            let (ranges, in_doubt) = merged.remove(&stored.user).unwrap_or_default();
            let reader = Reader {
                stored,
                ranges,
                by_name: 0,
                in_doubt,
            };
            (stored.user, reader)
        });
        Self {
            readers: readers.collect(),
            expected: match conversation.kind {
                Kind::Direct { low, high } => BTreeSet::from([low, high]),
                Kind::Group { .. } => members.into_iter().collect(),
            },
            conversation,
            ranges,
            living: Places::default(),
            own: HashMap::new(),
            last_seq: 0,
            last_id: 0,
            in_doubt: false,
        }
    }

    /// The next message by place.
    pub(crate) fn message(&mut self, message: &Message, found: &mut Found) {
        let conversation = self.conversation.id;
        let Message { id, seq, .. } = *message;
        if seq < 1 {
            self.in_doubt = true;
            found.push(Difference::PlaceBelowOne {
                conversation,
                message: id,
                seq,
            });
        } else if seq > self.last_seq + 1 {
            self.in_doubt = true;
            found.push(Difference::NoMessages {
                conversation,
                from: self.last_seq + 1,
                to: seq - 1,
            });
        }
        if id <= self.last_id {
            self.in_doubt = true;
            found.push(Difference::IdOrder {
                conversation,
                message: id,
            });
        }
        self.last_seq = self.last_seq.max(seq);
        self.last_id = id;
        if message.living {
            self.living.push(seq);
            self.own.entry(message.sender).or_default().push(seq);
        }
    }

    /// A message that `user` has marked by name.
    pub(crate) fn seen(&mut self, message: &Message, user: i64, found: &mut Found) {
        if message.sender == user {
            self.in_doubt = true;
            found.push(Difference::SeenBySender {
                message: message.id,
                user,
            });
            return;
        }
        if let Some(reader) = self.readers.get_mut(&user)
            && message.living
            && message.seq > reader.stored.joined_seq
            && !reader.ranges.cover(message.seq)
        {
            reader.by_name += 1;
        }
    }

    /// Compares what was counted with what is stored, and doubts what was counted from something in
    /// doubt. Of a participant that joined at another place than is stored, nothing is known that its
    /// counts could be compared with.
    pub(crate) fn end(mut self, doubts: &Doubts, found: &mut Found) {
        let Conversation { id, last_seq, .. } = self.conversation;
        // A log that lacks events may have lost those of messages that are lost too. Were the counter
        // lowered, their places would be given again.
        self.in_doubt |= doubts.of_conversation(id) || doubts.of_log() && last_seq > self.last_seq;
        if last_seq != self.last_seq {
            let difference = Difference::LastSeq {
                conversation: id,
                is: last_seq,
                must: self.last_seq,
            };
            found.weigh(self.in_doubt, difference);
        }
        for (user, (from, to)) in &self.ranges {
            if *to > self.last_seq {
                if let Some(reader) = self.readers.get_mut(user) {
                    reader.in_doubt = true;
                }
                found.push(Difference::RangeOutside {
                    conversation: id,
                    user: *user,
                    from: *from,
                    to: *to,
                    last_seq: self.last_seq,
                });
            }
        }
        self.who(doubts.of_members(id), found);
        for reader in self.readers.values() {
            let user = reader.stored.user;
            if !doubts.of_joined(id, user) && self.joined(reader, found) {
                let in_doubt = self.in_doubt
                    || reader.in_doubt
                    || !self.expected.contains(&user)
                    || doubts.of_reader(id, user);
                let in_doubt = self.seen_through(reader, in_doubt, found);
                self.cleared(reader, in_doubt, found);
            }
        }
    }

    /// Whether those take part who must, and nobody else. Members are counted without doubt only if
    /// they do.
    fn who(&self, in_doubt: bool, found: &mut Found) {
        let conversation = self.conversation.id;
        if let Kind::Group {
            id: group,
            living,
            member_count,
        } = self.conversation.kind
        {
            let must = count(self.expected.len());
            if member_count != must {
                let others = if living {
                    !self.readers.keys().eq(&self.expected)
                } else {
                    must > 0
                };
                let difference = Difference::MemberCount {
                    group,
                    is: member_count,
                    must,
                };
                found.weigh(in_doubt || others, difference);
            }
            if !living {
                for user in &self.expected {
                    found.push(Difference::MemberOfDeleted { group, user: *user });
                }
                for user in self.readers.keys() {
                    found.push(Difference::Intruder {
                        conversation,
                        user: *user,
                    });
                }
                return;
            }
        }
        for user in &self.expected {
            if !self.readers.contains_key(user) {
                found.push(Difference::NoParticipant {
                    conversation,
                    user: *user,
                });
            }
        }
        for user in self
            .readers
            .keys()
            .filter(|user| !self.expected.contains(user))
        {
            found.push(Difference::Intruder {
                conversation,
                user: *user,
            });
        }
    }

    /// Whether the place where a participant joined can be true.
    fn joined(&self, reader: &Reader, found: &mut Found) -> bool {
        let Conversation { id, kind, .. } = self.conversation;
        let Participant {
            user,
            joined_seq: is,
            ..
        } = reader.stored;
        if matches!(kind, Kind::Direct { .. }) && is != 0 {
            found.push(Difference::JoinedSeq {
                conversation: id,
                user,
                is,
                must: 0,
            });
            return false;
        }
        let possible = (0..=self.last_seq).contains(&is);
        if !possible {
            found.push(Difference::JoinedOutside {
                conversation: id,
                user,
                is,
                last_seq: self.last_seq,
            });
        }
        possible
    }

    /// What a participant has marked since it joined is one stretch, from there to `seen_through`.
    /// Whether what it has marked is in doubt after that.
    fn seen_through(&self, reader: &Reader, in_doubt: bool, found: &mut Found) -> bool {
        let conversation = self.conversation.id;
        let Participant {
            user,
            joined_seq,
            seen_through: is,
            ..
        } = reader.stored;
        let mut must = joined_seq;
        for (from, to) in reader.ranges.after(joined_seq) {
            if from != must + 1 {
                found.push(Difference::RangeApart {
                    conversation,
                    user,
                    from,
                    to,
                    joined_seq,
                });
                return true;
            }
            must = to;
        }
        if is != must {
            let difference = Difference::SeenThrough {
                conversation,
                user,
                is,
                must,
            };
            found.weigh(in_doubt, difference);
        }
        in_doubt
    }

    /// `cleared` is what is left of all places when those of unseen messages are taken away.
    fn cleared(&self, reader: &Reader, in_doubt: bool, found: &mut Found) {
        let Participant {
            user,
            joined_seq,
            cleared: is,
            ..
        } = reader.stored;
        let nothing = Places::default();
        let own = self.own.get(&user).unwrap_or(&nothing);
        let by_range: i64 = reader
            .ranges
            .after(joined_seq)
            .map(|range| self.living.within(range) - own.within(range))
            .sum();
        let others = self.living.after(joined_seq) - own.after(joined_seq);
        let unseen = others - by_range - reader.by_name;
        let must = self.last_seq - unseen;
        if is != must {
            let difference = Difference::Cleared {
                conversation: self.conversation.id,
                user,
                is,
                must,
            };
            found.weigh(in_doubt, difference);
        }
    }
}

#[cfg(test)]
mod tests;
