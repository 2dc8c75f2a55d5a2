//! The log by message: that it was sent and deleted is logged once, and whatever was marked as seen is
//! logged with the same time.

use crate::recount::{Difference, Doubts, Found};

/// What stands about a message, in the tables or in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// The message itself.
    Message { conversation: i64, living: bool },
    /// `user` has marked it by name.
    Seen { user: i64, at: i64 },
    /// A range of `user` ends with it.
    Range {
        conversation: i64,
        user: i64,
        to_seq: i64,
        at: i64,
    },
    /// An event.
    Event { conversation: i64, event: Event },
}

/// What an event says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Created,
    Deleted,
    Seen { user: i64, at: i64 },
    SeenUpTo { user: i64, at: i64 },
}

/// The entries of one message.
#[derive(Debug, Default)]
struct One {
    id: i64,
    /// Its conversation, and whether it lives; none when it does not exist.
    stored: Option<(i64, bool)>,
    /// The first event, in case that it tells of nothing.
    told: Option<i64>,
    created: i64,
    deleted: i64,
}

/// The entries of one reader about one message.
#[derive(Debug, Default)]
struct Reader {
    user: i64,
    /// When it was marked by name.
    seen: Option<i64>,
    range: Option<Ending>,
    /// The position and time of the first event.
    first: Option<(i64, i64)>,
    /// The position and time of the event that marked all before it too.
    up_to: Option<(i64, i64)>,
}

/// A range that ends here.
#[derive(Clone, Copy, Debug)]
struct Ending {
    conversation: i64,
    to_seq: i64,
    at: i64,
}

/// Takes all entries, ordered by message, reader (what concerns none comes first) and position.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    message: Option<One>,
    reader: Option<Reader>,
}

impl Messages {
    /// The next entry; rows of the tables have position 0.
    pub(crate) fn entry(
        &mut self,
        message: i64,
        position: i64,
        entry: Entry,
        found: &mut Found,
        doubts: &mut Doubts,
    ) {
        if self.message.as_ref().map(|one| one.id) != Some(message) {
            self.end_message(found, doubts);
        }
        let one = self.message.get_or_insert_with(|| One {
            id: message,
            ..One::default()
        });
        match entry {
            Entry::Message {
                conversation,
                living,
            } => one.stored = Some((conversation, living)),
            Entry::Event {
                conversation,
                event,
            } => {
                one.told(position, conversation, found, doubts);
                match event {
                    Event::Created => one.created += 1,
                    Event::Deleted => one.deleted += 1,
                    Event::Seen { user, at } => {
                        let reader = self.reader(user, found, doubts);
                        if reader.first.is_some() {
                            found.push(again(position, message, user));
                        }
                        reader.first.get_or_insert((position, at));
                    }
                    Event::SeenUpTo { user, at } => {
                        let reader = self.reader(user, found, doubts);
                        if reader.up_to.is_some() {
                            found.push(again(position, message, user));
                        }
                        reader.first.get_or_insert((position, at));
                        reader.up_to.get_or_insert((position, at));
                    }
                }
            }
            Entry::Seen { user, at } => self.reader(user, found, doubts).seen = Some(at),
            Entry::Range {
                conversation,
                user,
                to_seq,
                at,
            } => {
                let ending = Ending {
                    conversation,
                    to_seq,
                    at,
                };
                self.reader(user, found, doubts).range = Some(ending);
            }
        }
    }

    /// After all of them.
    pub(crate) fn end(mut self, found: &mut Found, doubts: &mut Doubts) {
        self.end_message(found, doubts);
    }

    fn reader(&mut self, user: i64, found: &mut Found, doubts: &mut Doubts) -> &mut Reader {
        if self.reader.as_ref().map(|reader| reader.user) != Some(user) {
            self.end_reader(found, doubts);
        }
        self.reader.get_or_insert_with(|| Reader {
            user,
            ..Reader::default()
        })
    }

    fn end_message(&mut self, found: &mut Found, doubts: &mut Doubts) {
        self.end_reader(found, doubts);
        if let Some(one) = self.message.take() {
            one.end(found, doubts);
        }
    }

    fn end_reader(&mut self, found: &mut Found, doubts: &mut Doubts) {
        if let (Some(one), Some(reader)) = (&self.message, self.reader.take()) {
            // Marks of a message that does not exist are told as that, once.
            if let Some((conversation, _)) = one.stored {
                reader.end(one.id, conversation, found, doubts);
            }
        }
    }
}

const fn again(position: i64, message: i64, user: i64) -> Difference {
    Difference::MarkedAgain {
        position,
        message,
        user,
    }
}

impl One {
    fn told(&mut self, position: i64, is: i64, found: &mut Found, doubts: &mut Doubts) {
        self.told.get_or_insert(position);
        match self.stored {
            Some((must, _)) if is != must => {
                doubts.conversation(is);
                doubts.conversation(must);
                found.push(Difference::EventElsewhere {
                    position,
                    message: self.id,
                    is,
                    must,
                });
            }
            Some(_) => {}
            None => doubts.conversation(is),
        }
    }

    fn end(&self, found: &mut Found, doubts: &mut Doubts) {
        let message = self.id;
        let Some((conversation, living)) = self.stored else {
            if let Some(position) = self.told {
                found.push(Difference::EventOfNothing { position, message });
            }
            return;
        };
        if self.created != 1 && !(self.created == 0 && doubts.may_be_forgotten()) {
            doubts.conversation(conversation);
            found.push(Difference::MessageCreated {
                message,
                is: self.created,
            });
        }
        let must = i64::from(!living);
        if self.deleted != must && !(self.deleted == 0 && doubts.may_be_forgotten()) {
            doubts.conversation(conversation);
            found.push(Difference::MessageDeleted {
                message,
                is: self.deleted,
                must,
            });
        }
    }
}

impl Reader {
    /// The first event is the one that left the mark by name; the one over all before it left the
    /// range.
    fn end(&self, message: i64, conversation: i64, found: &mut Found, doubts: &mut Doubts) {
        let user = self.user;
        let forgotten = doubts.may_be_forgotten();
        // A range with another time is a mark all the same.
        let differ = |kept: bool, told: bool| {
            if forgotten {
                told && !kept
            } else {
                told != kept
            }
        };
        if differ(self.seen.is_some(), self.first.is_some())
            || differ(self.range.is_some(), self.up_to.is_some())
        {
            doubts.reader(conversation, user);
        }
        match (self.seen, self.first) {
            // The first may have been forgotten.
            (Some(is), Some((_, must))) if is != must && !forgotten => {
                let difference = Difference::SeenAt {
                    message,
                    user,
                    is,
                    must,
                };
                // Where events are missing, that may not have been the first.
                found.weigh(doubts.of_log(), difference);
            }
            (Some(_), None) if !forgotten => {
                found.push(Difference::SeenNotLogged { message, user });
            }
            (None, Some((position, _))) => found.push(Difference::SeenNotKept {
                position,
                message,
                user,
            }),
            (Some(_), Some(_) | None) | (None, None) => {}
        }
        match (self.range, self.up_to) {
            (Some(range), Some((_, must))) if range.at != must => {
                found.push(Difference::RangeSeenAt {
                    conversation: range.conversation,
                    user,
                    to_seq: range.to_seq,
                    is: range.at,
                    must,
                });
            }
            (Some(range), None) if !forgotten => found.push(Difference::RangeNotLogged {
                conversation: range.conversation,
                user,
                to_seq: range.to_seq,
            }),
            (None, Some((position, _))) => found.push(Difference::RangeNotKept {
                position,
                message,
                user,
            }),
            (Some(_), Some(_) | None) | (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests;
