//! A page of the log for one actor: what it may see of it, as of each entry's place.

use std::collections::HashMap;
use std::sync::Arc;

use chat_domain::ports::ReadTx;
use chat_domain::{
    Actor, ConversationId, ConversationKind, Cursor, EventKind, LogState, LoggedEvent, Seq, Stay,
    UserId,
};

use super::hydrate::{Kinds, hydrate, learn_kinds};
use super::queue::AT_ONCE;
use super::recent::{Gone, MOST_BETWEEN, Recent};
use super::{Event, index::Shares};
use crate::ServiceError;
use crate::access::known_actor;

type Result<T> = std::result::Result<T, ServiceError>;

/// How far a reader may be behind so that it is cheaper to look at all that it has missed than to ask for
/// each of its conversations.
const SHORT_GAP: i64 = 200;

/// How many entries are made to events at a time: between two times it is seen whether a page is full.
const HYDRATED_AT_ONCE: usize = 32;

/// Some events, in order.
#[derive(Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Arc<Event>>,
    /// Everything up to here that the actor may see was given.
    pub cursor: Cursor,
    /// Whether the log goes on behind it.
    pub more: bool,
}

/// At most `most` events after `after` that the actor may see, and about 64 KiB of them.
pub(super) fn read(
    tx: &mut dyn ReadTx,
    recent: &Recent,
    actor: Actor,
    after: Cursor,
    most: usize,
) -> Result<EventPage> {
    let log = tx.log_state()?;
    check(after, &log)?;
    known_actor(tx, actor)?;
    let most = most.max(1);
    let (entries, scanned, mut kinds) = match actor {
        Actor::System => {
            let rows = tx.events(after.position, count(most))?;
            let scanned = end_of(&rows, count(most), log.position);
            (rows, scanned, Kinds::new())
        }
        Actor::User(user) => of_user(tx, user, after.position, &log, most)?,
    };
    let mut scanned = scanned;
    let mut events = Vec::new();
    let mut bytes = 0;
    let ids = entries
        .iter()
        .filter_map(|entry| entry.event.conversation_id);
    learn_kinds(tx, ids, &mut kinds)?;
    let entries: Vec<&LoggedEvent> = entries.iter().collect();
    let gone = gone_since(tx, recent.through(), log.position)?;
    let mut rest = &entries[..];
    while !rest.is_empty() && bytes < AT_ONCE {
        let (now, later) = rest.split_at(rest.len().min(HYDRATED_AT_ONCE));
        let places = now.iter().map(|entry| entry.position);
        let kept = gone.as_ref().map(|gone| recent.take(places, gone));
        let kept = kept.unwrap_or_default();
        let others = now.iter().copied();
        let others: Vec<_> = others
            .filter(|entry| !kept.contains_key(&entry.position))
            .collect();
        let read = hydrate(tx, log.id, &others, |id| kinds.get(&id).copied())?;
        let read: Vec<_> = read.into_iter().map(Arc::new).collect();
        recent.keep(read.iter(), log.position);
        let mut both: Vec<_> = kept.into_values().chain(read).collect();
        both.sort_unstable_by_key(|event| event.cursor.position);
        bytes += both.iter().map(|event| event.weight()).sum::<usize>();
        events.extend(both);
        // Full before its end: the rest is for the next one.
        if let (true, false, Some(last)) = (bytes >= AT_ONCE, later.is_empty(), now.last()) {
            scanned = last.position;
        }
        rest = later;
    }
    Ok(EventPage {
        events,
        cursor: Cursor {
            log: log.id,
            position: scanned,
        },
        more: scanned < log.position,
    })
}

/// What was deleted after `through` and up to the head of the log; none if that is too much to look at.
fn gone_since(tx: &mut dyn ReadTx, through: Option<i64>, head: i64) -> Result<Option<Vec<Gone>>> {
    let Some(through) = through.filter(|through| head - through <= MOST_BETWEEN) else {
        return Ok(None);
    };
    let between = match head - through {
        some @ 1.. => tx.events(through, some)?,
        _ => Vec::new(),
    };
    Ok(Some(between.iter().filter_map(Gone::by).collect()))
}

/// Fails with `CursorExpired` unless everything after the cursor is in the log.
pub(super) fn check(cursor: Cursor, log: &LogState) -> Result<()> {
    let known = cursor.log == log.id && (log.forgotten..=log.position).contains(&cursor.position);
    known.then_some(()).ok_or(ServiceError::CursorExpired)
}

/// At most `most` entries that the user may see, and how far the log was looked at for them.
fn of_user(
    tx: &mut dyn ReadTx,
    user: UserId,
    after: i64,
    log: &LogState,
    most: usize,
) -> Result<(Vec<LoggedEvent>, i64, Kinds)> {
    let head = log.position;
    if after >= head {
        return Ok((Vec::new(), head, Kinds::new()));
    }
    let mut sight = Sight::of(tx, user, log)?;
    let places = sight.places_after(after);
    let probes = i64::try_from(places.len()).unwrap_or(i64::MAX);
    let gap = head - after;
    let (rows, mut scanned) = if gap <= SHORT_GAP.max(probes.saturating_mul(4)) {
        (tx.events(after, gap)?, head)
    } else {
        let take = count(most).saturating_add(1);
        let rows = tx.events_of(&places, after, head, take)?;
        let scanned = end_of(&rows, take, head);
        (rows, scanned)
    };
    let mut seen = Vec::new();
    for row in rows {
        if row.position > head {
            break;
        }
        if !sight.covers(tx, &row)? {
            continue;
        }
        if seen.len() == most {
            scanned = seen
                .last()
                .map_or(after, |last: &LoggedEvent| last.position);
            break;
        }
        seen.push(row);
    }
    Ok((seen, scanned, sight.kinds()))
}

/// Up to where `rows`, of which at most `take` were asked for, tell all there is.
fn end_of(rows: &[LoggedEvent], take: i64, head: i64) -> i64 {
    match rows.last() {
        Some(last) if count(rows.len()) >= take => last.position,
        _ => head,
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a user sees of the log.
struct Sight {
    user: UserId,
    stays: HashMap<ConversationId, Vec<Stay>>,
    directs: HashMap<ConversationId, UserId>,
    peers: HashMap<UserId, ConversationId>,
    /// From which position on they have been that, of those about whom something stands in the log.
    met: HashMap<UserId, i64>,
    /// The stays of others about whom something stands in the log.
    others: HashMap<UserId, Vec<Stay>>,
    forgotten: i64,
    head: i64,
}

impl Sight {
    fn of(tx: &mut dyn ReadTx, user: UserId, log: &LogState) -> Result<Self> {
        let mut stays: HashMap<_, Vec<_>> = HashMap::new();
        for stay in tx.stays(user, log.position)? {
            stays.entry(stay.conversation_id).or_default().push(stay);
        }
        let directs: HashMap<_, _> = tx.directs(user)?.into_iter().collect();
        Ok(Self {
            user,
            stays,
            peers: directs.iter().map(|(id, peer)| (*peer, *id)).collect(),
            directs,
            met: HashMap::new(),
            others: HashMap::new(),
            forgotten: log.forgotten,
            head: log.position,
        })
    }

    /// The conversations in which the user may see something after this position.
    fn places_after(&self, after: i64) -> Vec<ConversationId> {
        let lasts = |stays: &[Stay]| stays.iter().any(|stay| stay.to.is_none_or(|to| to > after));
        let groups = self.stays.iter().filter(|(_, stays)| lasts(stays));
        let groups = groups.map(|(id, _)| *id);
        groups.chain(self.directs.keys().copied()).collect()
    }

    fn covers(&mut self, tx: &mut dyn ReadTx, row: &LoggedEvent) -> Result<bool> {
        let Some(conversation) = row.event.conversation_id else {
            return self.covers_user(tx, row);
        };
        if self.directs.contains_key(&conversation) {
            return Ok(true);
        }
        let stays = self.stays.get(&conversation).map_or(&[][..], Vec::as_slice);
        Ok(stays.iter().any(|stay| stay.covers(row.position)))
    }

    /// Whether the user shared a conversation with the one whom the row is about, when it happened.
    fn covers_user(&mut self, tx: &mut dyn ReadTx, row: &LoggedEvent) -> Result<bool> {
        let Some(other) = row.event.user_id else {
            return Ok(false);
        };
        if other == self.user || self.met(tx, other)?.is_some_and(|met| met <= row.position) {
            return Ok(true);
        }
        if !self.others.contains_key(&other) {
            let stays = tx.stays(other, self.head)?;
            self.others.insert(other, stays);
        }
        let theirs = self.others.get(&other).map_or(&[][..], Vec::as_slice);
        let at = row.position;
        Ok(theirs.iter().filter(|stay| stay.covers(at)).any(|stay| {
            let mine = self.stays.get(&stay.conversation_id);
            mine.is_some_and(|mine| mine.iter().any(|stay| stay.covers(at)))
        }))
    }

    /// From which position on the user has had a direct conversation with this other one; 0 where the log has
    /// forgotten when it began.
    fn met(&mut self, tx: &mut dyn ReadTx, other: UserId) -> Result<Option<i64>> {
        let Some(direct) = self.peers.get(&other) else {
            return Ok(None);
        };
        if let Some(met) = self.met.get(&other) {
            return Ok(Some(*met));
        }
        let met = match tx.first_event_of(*direct)? {
            Some(first) if self.forgotten == 0 || begins(tx, &first)? => first.position,
            // It is committed, and has no place yet.
            None if self.forgotten == 0 => i64::MAX,
            _ => 0,
        };
        self.met.insert(other, met);
        Ok(Some(met))
    }

    /// What is known by now of whose the conversations are: of the direct ones.
    fn kinds(&self) -> Kinds {
        let pair = |other| chat_domain::DirectPair::parse(self.user, other).ok();
        let directs = self.directs.iter();
        directs
            .filter_map(|(id, other)| Some((*id, ConversationKind::Direct(pair(*other)?))))
            .collect()
    }
}

/// Whether the entry is of the first message of its conversation.
fn begins(tx: &mut dyn ReadTx, entry: &LoggedEvent) -> Result<bool> {
    if entry.event.kind != EventKind::MessageCreated {
        return Ok(false);
    }
    let found = tx.found_messages(entry.event.message_id.as_slice())?;
    Ok(found
        .iter()
        .any(|message| message.seq() == Seq::START.next()))
}

/// With whom a user shares a conversation as of `position`.
pub(super) fn shares(tx: &mut dyn ReadTx, user: UserId, position: i64) -> Result<Shares> {
    let stays = tx.stays(user, position)?.into_iter();
    let open = stays.filter(|stay| stay.to.is_none());
    let directs = tx.directs(user)?.into_iter();
    Ok(Shares {
        groups: open.map(|stay| stay.conversation_id).collect(),
        peers: directs.map(|(_, other)| other).collect(),
    })
}

/// Whether the entry makes the user whom it is about a member of its conversation.
pub(super) fn brings_member(entry: &LoggedEvent) -> Option<(ConversationId, UserId)> {
    let brings = matches!(
        entry.event.kind,
        EventKind::GroupCreated | EventKind::MemberAdded
    );
    brings.then_some((entry.event.conversation_id?, entry.event.user_id?))
}
