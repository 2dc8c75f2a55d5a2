//! The log as it is followed: what stands in some conversations, when somebody was where, and what is forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chat_domain::{ConversationId, EventKind, NewEvent, Role, Stay, UserId};

use crate::harness::{Db, at, event, undo};

fn conversation(number: i64) -> ConversationId {
    ConversationId::parse(number).unwrap()
}

fn user(number: i64) -> UserId {
    UserId::parse(number).unwrap()
}

/// Of a user in a conversation.
fn of(kind: EventKind, number: i64, who: Option<i64>) -> NewEvent {
    NewEvent {
        kind,
        user_id: who.map(user),
        role: who.map(|_| Role::Member),
        ..event(conversation(number), None)
    }
}

fn append(db: &Db, entries: Vec<NewEvent>) {
    db.write(move |tx| entries.iter().try_for_each(|entry| tx.append_event(entry)));
    // Wherever a log has places to give, it has given them.
    db.read(|tx| tx.log_state());
}

fn positions(entries: &[chat_domain::LoggedEvent]) -> Vec<i64> {
    entries.iter().map(|entry| entry.position).collect()
}

#[test]
fn what_is_there_by_now_comes_with_how_far_the_log_has_come() {
    let db = fresh!();
    append(&db, vec![of(EventKind::MessageCreated, 1, None); 5]);
    let (log, entries) = db.read(|tx| tx.events_by_now(2, 2));
    assert_eq!(log, db.read(|tx| tx.log_state()));
    assert_eq!((log.position, positions(&entries)), (5, vec![3, 4]));
    let (_, none) = db.read(|tx| tx.events_by_now(5, 9));
    assert!(none.is_empty());
}

#[test]
fn of_some_conversations_and_of_none_all_is_found_in_order() {
    let db = fresh!();
    let sent = |number| of(EventKind::MessageCreated, number, None);
    let nowhere = NewEvent {
        conversation_id: None,
        ..of(EventKind::UserUpdated, 1, Some(7))
    };
    append(
        &db,
        vec![
            sent(1),
            sent(2),
            nowhere,
            sent(3),
            sent(2),
            sent(1),
            sent(2),
        ],
    );
    let read = |numbers: &'static [i64], after, through, take| {
        let found = db.read(move |tx| {
            let those: Vec<_> = numbers.iter().map(|number| conversation(*number)).collect();
            tx.events_of(&those, after, through, take)
        });
        positions(&found)
    };
    assert_eq!(read(&[2, 3], 0, 7, 9), [2, 3, 4, 5, 7]);
    assert_eq!(read(&[2, 3], 0, 7, 3), [2, 3, 4]);
    assert_eq!(read(&[2, 3], 2, 5, 9), [3, 4, 5]);
    assert_eq!(read(&[1], 1, 7, 9), [3, 6]);
    assert_eq!(read(&[], 0, 7, 9), [3]);
    assert!(read(&[9], 3, 7, 9).is_empty());
    let first = |number| {
        let found = db.read(move |tx| tx.first_event_of(conversation(number)));
        found.map(|entry| entry.position)
    };
    assert_eq!([1, 2, 3, 9].map(first), [Some(1), Some(2), Some(4), None]);
    assert_eq!(first(2), Some(2), "and by what is prepared");
}

fn stays(db: &Db, who: i64, through: i64) -> Vec<(i64, i64, Option<i64>)> {
    let stays = db.read(move |tx| tx.stays(user(who), through));
    let told = |stay: &Stay| (stay.conversation_id.get(), stay.from, stay.to);
    stays.iter().map(told).collect()
}

#[test]
fn stays_are_told_by_the_log_up_to_a_place() {
    let db = fresh!();
    append(
        &db,
        vec![
            of(EventKind::GroupCreated, 1, Some(7)),
            of(EventKind::MemberAdded, 1, Some(8)),
            of(EventKind::MessageCreated, 1, None),
            of(EventKind::MemberRoleChanged, 1, Some(8)),
            of(EventKind::MemberRemoved, 1, Some(8)),
            of(EventKind::MemberAdded, 2, Some(8)),
            of(EventKind::MemberAdded, 1, Some(8)),
            of(EventKind::MessageSeen, 1, Some(8)),
        ],
    );
    assert_eq!(stays(&db, 7, 8), [(1, 1, None)]);
    assert_eq!(
        stays(&db, 8, 8),
        [(1, 2, Some(5)), (2, 6, None), (1, 7, None)]
    );
    assert_eq!(stays(&db, 8, 4), [(1, 2, None)]);
    assert_eq!(stays(&db, 8, 5), [(1, 2, Some(5))]);
    assert_eq!(stays(&db, 8, 1), []);
    assert_eq!(stays(&db, 9, 8), []);
}

#[test]
fn a_stay_ends_with_its_group() {
    let db = fresh!();
    append(
        &db,
        vec![
            of(EventKind::GroupCreated, 1, Some(7)),
            of(EventKind::GroupCreated, 2, Some(7)),
            of(EventKind::MessageCreated, 1, None),
            of(EventKind::GroupDeleted, 1, None),
            of(EventKind::MessageCreated, 2, None),
        ],
    );
    assert_eq!(stays(&db, 7, 5), [(1, 1, Some(4)), (2, 2, None)]);
    // It was not deleted yet.
    assert_eq!(stays(&db, 7, 3), [(1, 1, None), (2, 2, None)]);
}

#[test]
fn a_place_that_a_user_takes_twice_is_one_stay() {
    let db = fresh!();
    append(
        &db,
        vec![
            of(EventKind::GroupCreated, 1, Some(7)),
            of(EventKind::MemberAdded, 1, Some(7)),
            of(EventKind::MemberRemoved, 1, Some(7)),
            of(EventKind::MemberRemoved, 1, Some(7)),
        ],
    );
    assert_eq!(stays(&db, 7, 4), [(1, 1, Some(3))]);
}

/// Entries at the times 1 and up: of these kinds, in one conversation.
fn dated(kinds: &[EventKind]) -> Vec<NewEvent> {
    let entries = kinds.iter().zip(1..);
    entries
        .map(|(kind, time)| NewEvent {
            at: at(time),
            ..of(*kind, 1, kind.is_of_membership().then_some(7))
        })
        .collect()
}

#[test]
fn what_is_old_is_forgotten_step_by_step_and_membership_never() {
    use EventKind::{GroupCreated, MemberAdded, MessageCreated, MessageSeen};
    let db = fresh!();
    append(
        &db,
        dated(&[
            GroupCreated,
            MessageCreated,
            MemberAdded,
            MessageSeen,
            MessageCreated,
            MessageCreated,
        ]),
    );
    let forget = |before, most| db.write(move |tx| tx.forget_events(at(before), most));
    let left = || positions(&db.read(|tx| tx.events(0, 99)));
    let log = || db.read(|tx| tx.log_state());
    assert_eq!(forget(1, 9), 0);
    assert_eq!((left().len(), log().forgotten), (6, 0));
    assert_eq!(forget(6, 2), 2);
    assert_eq!((left(), log().forgotten), (vec![1, 3, 4, 5, 6], 2));
    assert_eq!(forget(6, 99), 3);
    assert_eq!((left(), log().forgotten), (vec![1, 3, 6], 5));
    assert_eq!(forget(6, 99), 0);
    assert_eq!(stays(&db, 7, 6), [(1, 1, None)]);
    assert_eq!(log().position, 6);
    // Also when nothing is left but what is kept, the log goes on where it was.
    assert_eq!(forget(99, 99), 1);
    assert_eq!(left(), [1, 3]);
    append(&db, dated(&[MessageCreated]));
    assert_eq!((left(), log().position), (vec![1, 3, 7], 7));
}

#[test]
fn forgetting_that_is_undone_has_forgotten_nothing() {
    let db = fresh!();
    append(&db, dated(&[EventKind::MessageCreated; 3]));
    let undone = db.try_write(|tx| {
        tx.forget_events(at(9), 9)?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(positions(&db.read(|tx| tx.events(0, 9))), [1, 2, 3]);
    assert_eq!(db.read(|tx| tx.log_state()).forgotten, 0);
}

/// Whether it comes to that soon.
fn soon(holds: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > Duration::from_secs(10) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

#[test]
fn who_watches_the_log_is_told_when_it_has_grown() {
    let db = fresh!();
    let told = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&told);
    db.store.watch_log(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let undone = db.try_write(|tx| {
        tx.append_event(&event(conversation(1), None))?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    db.user("ada");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(told.load(Ordering::SeqCst), 0, "told of nothing");
    for n in 1..4 {
        append(&db, vec![of(EventKind::MessageCreated, 1, None)]);
        assert!(soon(|| told.load(Ordering::SeqCst) >= n), "not told of {n}");
        let (_, seen) = db.read(move |tx| tx.events_by_now(i64::try_from(n).unwrap() - 1, 9));
        assert_eq!(seen.len(), 1);
    }
}
