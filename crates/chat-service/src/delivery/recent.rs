//! The messages that were told of late, as they were read and serialised: a crowd that comes back is told the same by all
//! who read it for them, and only the first of those reads the messages.
//!
//! What is kept is never older than it may be. A message never changes, but it may be deleted, after which its words
//! are told to nobody. So each use is judged by the log: what is kept holds up to a place in it, up to which
//! [`follow`](Recent::follow) has taken out what was deleted; and who reads a later state looks for deletions in
//! between by itself.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_domain::{ConversationId, EventKind, LoggedEvent, MessageId};

use super::{Event, EventData};

/// The most bytes that are kept.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many deletions are remembered, for who comes with what it has read before them.
const MOST_GONE: usize = 1_000;

/// How many entries of the log are looked at for deletions, at the most, to use what is kept.
pub(super) const MOST_BETWEEN: i64 = 500;

/// Events of messages that were sent, by their places in the log.
#[derive(Default)]
pub(super) struct Recent(Mutex<State>);

#[derive(Default)]
struct State {
    /// What is kept holds up to here; nothing is kept without.
    through: Option<i64>,
    /// Whether somebody takes out what is deleted.
    followed: bool,
    /// What was deleted after `since`, and where.
    gone: VecDeque<(i64, Gone)>,
    since: i64,
    events: BTreeMap<i64, Arc<Event>>,
    bytes: usize,
}

/// What is there no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    Message(MessageId),
    Group(ConversationId),
}

impl Gone {
    /// What this entry makes go, if it does.
    pub(super) fn by(entry: &LoggedEvent) -> Option<Self> {
        match entry.event.kind {
            EventKind::MessageDeleted => entry.event.message_id.map(Self::Message),
            EventKind::GroupDeleted => entry.event.conversation_id.map(Self::Group),
            _ => None,
        }
    }

    fn takes(self, event: &Event) -> bool {
        match (self, &event.data) {
            (Self::Message(id), EventData::MessageCreated(message)) => message.id() == id,
            (Self::Group(id), _) => event.conversation_id == Some(id),
            (Self::Message(_), _) => false,
        }
    }
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The follower has come from `from` to `through`, by these entries: what they delete is kept no longer.
    pub(super) fn follow(&self, from: i64, entries: &[LoggedEvent], through: i64) {
        let mut state = self.lock();
        if state.through != Some(from) {
            state.begin(from);
        }
        state.followed = true;
        for entry in entries {
            if let Some(gone) = Gone::by(entry) {
                state.take_out(gone);
                state.gone.push_back((entry.position, gone));
            }
        }
        while state.gone.len() > MOST_GONE {
            if let Some((position, _)) = state.gone.pop_front() {
                state.since = position;
            }
        }
        state.through = Some(through);
    }

    /// The follower follows no longer.
    pub(super) fn leave(&self) {
        self.lock().followed = false;
    }

    /// Up to where what is kept holds.
    pub(super) fn through(&self) -> Option<i64> {
        self.lock().through
    }

    /// Those of the events at these places that are kept, but for what is `gone`: all that was deleted between what
    /// [`through`](Self::through) has said and what is read now.
    pub(super) fn take(
        &self,
        places: impl Iterator<Item = i64>,
        gone: &[Gone],
    ) -> HashMap<i64, Arc<Event>> {
        let state = self.lock();
        let kept = places.filter_map(|place| state.events.get(&place).map(|event| (place, event)));
        let there = kept.filter(|(_, event)| !gone.iter().any(|gone| gone.takes(event)));
        there
            .map(|(place, event)| (place, Arc::clone(event)))
            .collect()
    }

    /// Keeps what of these is a message that was sent; they were read when the log had come to `head`.
    pub(super) fn keep<'e>(&self, events: impl Iterator<Item = &'e Arc<Event>>, head: i64) {
        let mut state = self.lock();
        let far = |through| head > through + MOST_BETWEEN;
        if state
            .through
            .is_none_or(|through| !state.followed && far(through))
        {
            state.begin(head);
        }
        if head < state.since {
            return;
        }
        for event in events {
            let later = state.gone.iter().filter(|(position, _)| *position > head);
            let gone = later.map(|(_, gone)| *gone).any(|gone| gone.takes(event));
            if !gone && matches!(event.data, EventData::MessageCreated(_)) {
                state.put(event);
            }
        }
    }
}

impl State {
    /// With nothing, from here on.
    fn begin(&mut self, at: i64) {
        *self = Self {
            through: Some(at),
            since: at,
            ..Self::default()
        };
    }

    fn put(&mut self, event: &Arc<Event>) {
        let place = event.cursor.position;
        if self.events.insert(place, Arc::clone(event)).is_none() {
            self.bytes += event.weight();
        }
        while self.bytes > MOST_BYTES {
            // The oldest: who comes back later has missed more.
            let Some((_, oldest)) = self.events.pop_first() else {
                return;
            };
            self.bytes -= oldest.weight();
        }
    }

    fn take_out(&mut self, gone: Gone) {
        let mut bytes = 0;
        self.events.retain(|_, event| {
            let stays = !gone.takes(event);
            if stays {
                bytes += event.weight();
            }
            stays
        });
        self.bytes = bytes;
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::{
        Content, Cursor, FoundMessage, GroupId, LogId, Message, MessageBody, NewEvent, Recipient,
        Seq, Timestamp, UserId,
    };

    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn place(number: i64) -> ConversationId {
        ConversationId::parse(number).unwrap()
    }

    fn id(number: i64) -> MessageId {
        MessageId::parse(number).unwrap()
    }

    /// The message with the id `position`, sent there in the conversation 1 or 2.
    fn sent(position: i64) -> Arc<Event> {
        let conversation_id = place(1 + position % 2);
        let message = Message {
            id: id(position),
            conversation_id,
            seq: Seq::parse(position).unwrap(),
            sender_id: UserId::parse(1).unwrap(),
            recipient: Recipient::Group(GroupId::parse(1).unwrap()),
            content: Content::Text(MessageBody::parse("secret").unwrap()),
            created_at: at(),
            updated_at: at(),
        };
        let log = LogId::parse("00112233445566778899aabbccddeeff").unwrap();
        let data = EventData::MessageCreated(FoundMessage::Living(message));
        let cursor = Cursor { log, position };
        Arc::new(Event::new(cursor, at(), Some(conversation_id), data))
    }

    fn deleted(position: i64, message: i64) -> LoggedEvent {
        let event = NewEvent {
            message_id: Some(id(message)),
            ..NewEvent::new(
                EventKind::MessageDeleted,
                place(1),
                chat_domain::Actor::System,
                at(),
            )
        };
        LoggedEvent { position, event }
    }

    fn kept(recent: &Recent, gone: &[Gone]) -> Vec<i64> {
        let mut kept: Vec<i64> = recent.take(1..100, gone).into_keys().collect();
        kept.sort_unstable();
        kept
    }

    fn keep(recent: &Recent, places: &[i64], head: i64) {
        let events: Vec<_> = places.iter().map(|place| sent(*place)).collect();
        recent.keep(events.iter(), head);
    }

    #[test]
    fn what_is_deleted_later_is_kept_no_longer() {
        let recent = Recent::default();
        keep(&recent, &[1, 2, 3], 10);
        assert_eq!(
            (kept(&recent, &[]), recent.through()),
            (vec![1, 2, 3], Some(10))
        );
        recent.follow(10, &[deleted(11, 2)], 11);
        assert_eq!(
            (kept(&recent, &[]), recent.through()),
            (vec![1, 3], Some(11))
        );
        // Who reads what is later still has looked for the deletions in between.
        assert_eq!(kept(&recent, &[Gone::Message(id(3))]), [1]);
        assert_eq!(kept(&recent, &[Gone::Group(place(2))]), [0; 0]);
        assert_eq!(kept(&recent, &[Gone::Group(place(1))]), [1, 3]);
    }

    #[test]
    fn what_was_read_before_a_deletion_comes_too_late() {
        let recent = Recent::default();
        recent.follow(10, &[deleted(11, 2)], 12);
        // Read when the log had come to 10: by now one of them is gone.
        keep(&recent, &[1, 2], 10);
        assert_eq!(kept(&recent, &[]), [1]);
        // Read after it, it says itself that it is gone.
        keep(&recent, &[2], 11);
        assert_eq!(kept(&recent, &[]), [1, 2]);
        // From before what is remembered of deletions nothing is taken.
        keep(&recent, &[3], 9);
        assert_eq!(kept(&recent, &[]), [1, 2]);
    }

    #[test]
    fn of_many_deletions_the_latest_are_remembered() {
        let recent = Recent::default();
        let many: Vec<_> = (1..=1_500)
            .map(|n| deleted(10 + n, 1_000_000 + n))
            .collect();
        recent.follow(10, &many, 1_600);
        keep(&recent, &[1], 500);
        assert_eq!(kept(&recent, &[]), [0; 0]);
        keep(&recent, &[2], 600);
        assert_eq!(kept(&recent, &[]), [2]);
    }

    #[test]
    fn who_follows_from_elsewhere_begins_anew() {
        let recent = Recent::default();
        keep(&recent, &[1], 10);
        recent.follow(20, &[], 20);
        assert_eq!((kept(&recent, &[]), recent.through()), (vec![], Some(20)));
        keep(&recent, &[1], 20);
        // While it is followed what is far ahead waits; afterwards it is a beginning.
        keep(&recent, &[2], 21 + MOST_BETWEEN);
        assert_eq!(kept(&recent, &[]), [1, 2]);
        recent.leave();
        keep(&recent, &[3], 22 + MOST_BETWEEN);
        assert_eq!(kept(&recent, &[]), [3]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let recent = Recent::default();
        let each = sent(1).weight();
        let fit = i64::try_from(MOST_BYTES / each).unwrap();
        let places: Vec<i64> = (1..=fit + 50).collect();
        keep(&recent, &places, 1);
        let state = recent.lock();
        assert!(state.bytes <= MOST_BYTES);
        assert_eq!(state.bytes, state.events.len() * each);
        assert_eq!(state.events.keys().next(), Some(&51));
    }
}
