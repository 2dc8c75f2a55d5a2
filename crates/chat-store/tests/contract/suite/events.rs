//! The log: its order, its head, and that it holds exactly what was committed.

use chat_domain::{ConversationId, EventKind, MessageId, NewEvent, Role, UserId};

use crate::harness::{Db, at, event, undo};

fn conversation(number: i64) -> ConversationId {
    ConversationId::parse(number).unwrap()
}

fn append(db: &Db, numbers: &'static [i64]) {
    db.write(move |tx| {
        numbers
            .iter()
            .try_for_each(|number| tx.append_event(&event(conversation(*number), None)))
    });
}

fn head(db: &Db) -> i64 {
    db.read(|tx| tx.log_state()).position
}

#[test]
fn a_new_log_is_empty_and_has_an_id_of_its_own() {
    let (db, other) = (fresh!(), fresh!());
    let [one, two] = [&db, &other].map(|db| db.read(|tx| tx.log_state()));
    assert_eq!(one.position, 0);
    assert_ne!(one.id, two.id);
    assert_eq!(one.forgotten, 0);
    assert!(db.read(|tx| tx.events(0, 9)).is_empty());
}

#[test]
fn an_event_comes_back_as_it_was_given() {
    let db = fresh!();
    let all: Vec<NewEvent> = EventKind::ALL
        .into_iter()
        .map(|kind| NewEvent {
            kind,
            conversation_id: Some(conversation(3)),
            message_id: MessageId::parse(4).ok(),
            user_id: UserId::parse(5).ok(),
            role: Some(Role::Admin),
            actor_id: UserId::parse(6).ok(),
            at: at(7),
        })
        .chain([
            event(conversation(3), None),
            NewEvent {
                conversation_id: None,
                ..event(conversation(3), None)
            },
        ])
        .collect();
    db.write({
        let all = all.clone();
        move |tx| all.iter().try_for_each(|event| tx.append_event(event))
    });
    let found: Vec<_> = db
        .read(|tx| tx.events(0, 99))
        .into_iter()
        .map(|logged| logged.event)
        .collect();
    assert_eq!(found, all);
}

#[test]
fn the_log_is_read_in_order_from_any_position() {
    let db = fresh!();
    append(&db, &[1, 2]);
    append(&db, &[3, 4]);
    let read = |after, take| {
        db.read(move |tx| tx.events(after, take))
            .into_iter()
            .map(|logged| (logged.position, logged.event.conversation_id.unwrap().get()))
            .collect::<Vec<_>>()
    };
    assert_eq!(read(0, 3), [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(read(3, 3), [(4, 4)]);
    assert_eq!(read(4, 3), []);
}

#[test]
fn the_head_is_the_position_of_the_latest_event() {
    let db = fresh!();
    append(&db, &[1, 2]);
    assert_eq!(head(&db), 2);
    db.user("ada");
    assert_eq!(head(&db), 2, "a change without an event");
    append(&db, &[3]);
    assert_eq!(head(&db), 3);
    assert_eq!(db.read(|tx| tx.events(0, 99)).len(), 3);
}

#[test]
fn an_undone_change_leaves_no_event_and_no_gap() {
    let db = fresh!();
    append(&db, &[1]);
    let undone = db.try_write(|tx| {
        tx.append_event(&event(conversation(2), None))?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(head(&db), 1);
    append(&db, &[3]);
    let positions: Vec<_> = db
        .read(|tx| tx.events(0, 9))
        .iter()
        .map(|e| e.position)
        .collect();
    assert_eq!(positions, [1, 2]);
    assert_eq!(head(&db), 2);
}
