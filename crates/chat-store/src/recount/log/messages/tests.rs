use super::*;

#[track_caller]
fn check(entries: &[(i64, Entry)], expected: &[&str]) -> Doubts {
    let (mut found, mut doubts) = (Found::looking(), Doubts::default());
    let mut log = Messages::default();
    for (position, entry) in entries {
        log.entry(4, *position, *entry, &mut found, &mut doubts);
    }
    log.end(&mut found, &mut doubts);
    let (kept, _) = found.take_parts();
    let lines: Vec<String> = kept.iter().map(ToString::to_string).collect();
    assert_eq!(lines, expected);
    doubts
}

const LIVING: (i64, Entry) = message(true);

const fn message(living: bool) -> (i64, Entry) {
    let conversation = 3;
    (
        0,
        Entry::Message {
            conversation,
            living,
        },
    )
}

const fn event(position: i64, event: Event) -> (i64, Entry) {
    let conversation = 3;
    (
        position,
        Entry::Event {
            conversation,
            event,
        },
    )
}

const CREATED: (i64, Entry) = event(1, Event::Created);

const fn seen(at: i64) -> (i64, Entry) {
    (0, Entry::Seen { user: 7, at })
}

const fn range(at: i64) -> (i64, Entry) {
    let entry = Entry::Range {
        conversation: 3,
        user: 7,
        to_seq: 5,
        at,
    };
    (0, entry)
}

const fn marked(position: i64, at: i64) -> (i64, Entry) {
    event(position, Event::Seen { user: 7, at })
}

const fn marked_up_to(position: i64, at: i64) -> (i64, Entry) {
    event(position, Event::SeenUpTo { user: 7, at })
}

#[test]
fn each_way_to_mark_agrees() {
    check(&[LIVING, CREATED], &[]);
    check(&[LIVING, CREATED, seen(8), marked(2, 8)], &[]);
    check(
        &[LIVING, CREATED, range(8), seen(8), marked_up_to(2, 8)],
        &[],
    );
    // By name first, and later with all before it: the first time stands.
    let both = [
        LIVING,
        CREATED,
        range(9),
        seen(8),
        marked(2, 8),
        marked_up_to(3, 9),
    ];
    check(&both, &[]);
    check(
        &[
            message(false),
            CREATED,
            event(5, Event::Deleted),
            seen(8),
            marked(2, 8),
        ],
        &[],
    );
}

#[test]
fn a_message_is_sent_once() {
    check(
        &[LIVING],
        &["message 4: 0 events say that it was sent, must be 1"],
    );
    check(
        &[LIVING, CREATED, CREATED],
        &["message 4: 2 events say that it was sent, must be 1"],
    );
}

#[test]
fn a_message_is_deleted_once_or_lives() {
    check(
        &[message(false), CREATED],
        &["message 4: 0 events say that it was deleted, must be 1"],
    );
    check(
        &[LIVING, CREATED, event(2, Event::Deleted)],
        &["message 4: 1 events say that it was deleted, must be 0"],
    );
}

#[test]
fn events_of_a_message_that_does_not_exist_are_named_once() {
    check(
        &[CREATED, marked(2, 8)],
        &["event 1: tells of message 4, which does not exist"],
    );
}

#[test]
fn an_event_in_another_conversation_is_named() {
    let elsewhere = Entry::Event {
        conversation: 2,
        event: Event::Created,
    };
    check(
        &[LIVING, (6, elsewhere)],
        &["event 6: is in conversation 2, must be in 3 as message 4 is"],
    );
}

#[test]
fn a_mark_has_the_time_of_its_first_event() {
    check(
        &[LIVING, CREATED, seen(9), marked(2, 8)],
        &["message 4, user 7: seen_at is 9, must be 8 by the log"],
    );
    let later = [
        LIVING,
        CREATED,
        range(9),
        seen(9),
        marked(2, 8),
        marked_up_to(3, 9),
    ];
    check(
        &later,
        &["message 4, user 7: seen_at is 9, must be 8 by the log"],
    );
}

#[test]
fn a_range_has_the_time_of_its_event() {
    check(
        &[LIVING, CREATED, range(7), seen(8), marked_up_to(2, 8)],
        &["conversation 3, user 7: seen_at of the range to 5 is 7, must be 8 by the log"],
    );
}

#[test]
fn a_mark_without_its_event_is_named() {
    check(
        &[LIVING, CREATED, seen(8)],
        &["message 4, user 7: is marked as seen, and no event says so"],
    );
    check(
        &[LIVING, CREATED, range(8), seen(8), marked(2, 8)],
        &["conversation 3, user 7: the range to 5 is marked, and no event says so"],
    );
}

#[test]
fn an_event_without_its_mark_is_named() {
    check(
        &[LIVING, CREATED, marked(2, 8)],
        &["message 4, user 7: is marked as seen by event 2, and no row says so"],
    );
    check(
        &[LIVING, CREATED, seen(8), marked_up_to(2, 8)],
        &["message 4, user 7: is marked with all before it by event 2, and no range ends there"],
    );
}

#[test]
fn what_is_marked_is_not_marked_again() {
    let again = "message 4, user 7: event 3 marks it as seen once more";
    check(
        &[LIVING, CREATED, seen(8), marked(2, 8), marked(3, 8)],
        &[again],
    );
    let twice = [
        LIVING,
        CREATED,
        range(8),
        seen(8),
        marked_up_to(2, 8),
        marked_up_to(3, 8),
    ];
    check(&twice, &[again]);
    let after = [
        LIVING,
        CREATED,
        range(8),
        seen(8),
        marked_up_to(2, 8),
        marked(3, 8),
    ];
    check(&after, &[again]);
}

#[test]
fn readers_and_messages_are_kept_apart() {
    let (mut found, mut doubts) = (Found::looking(), Doubts::default());
    let mut log = Messages::default();
    let mut entry = |message, (position, entry)| {
        log.entry(message, position, entry, &mut found, &mut doubts);
    };
    entry(4, LIVING);
    entry(4, CREATED);
    entry(4, seen(8));
    entry(4, marked(2, 8));
    entry(4, event(3, Event::Seen { user: 8, at: 8 }));
    entry(5, LIVING);
    entry(5, CREATED);
    entry(5, seen(8));
    log.end(&mut found, &mut doubts);
    let (kept, _) = found.take_parts();
    let lines: Vec<String> = kept.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "message 4, user 8: is marked as seen by event 3, and no row says so",
            "message 5, user 7: is marked as seen, and no event says so"
        ]
    );
}

#[test]
fn a_conversation_is_in_doubt_with_a_message_that_the_log_tells_otherwise() {
    let told = "event 1: tells of message 4, which does not exist";
    assert!(check(&[CREATED], &[told]).of_conversation(3));
    let unsent = "message 4: 0 events say that it was sent, must be 1";
    assert!(check(&[LIVING], &[unsent]).of_conversation(3));
    let elsewhere = Entry::Event {
        conversation: 2,
        event: Event::Created,
    };
    let moved = "event 6: is in conversation 2, must be in 3 as message 4 is";
    let doubts = check(&[LIVING, (6, elsewhere)], &[moved]);
    assert!(doubts.of_conversation(2) && doubts.of_conversation(3));
    assert!(!check(&[LIVING, CREATED], &[]).of_conversation(3));
}

#[test]
fn a_reader_is_in_doubt_with_a_mark_that_the_log_tells_otherwise_and_not_with_its_time() {
    let unkept = "message 4, user 7: is marked as seen by event 2, and no row says so";
    let doubts = check(&[LIVING, CREATED, marked(2, 8)], &[unkept]);
    assert!(doubts.of_reader(3, 7) && !doubts.of_conversation(3));
    let later = "message 4, user 7: seen_at is 9, must be 8 by the log";
    let doubts = check(&[LIVING, CREATED, seen(9), marked(2, 8)], &[later]);
    assert!(!doubts.of_reader(3, 7));
}

#[test]
fn what_was_forgotten_is_not_missed() {
    let agree = |entries: &[(i64, Entry)]| {
        let (mut found, mut doubts) = (Found::looking(), Doubts::default());
        doubts.beginning();
        let mut log = Messages::default();
        for (position, entry) in entries {
            log.entry(4, *position, *entry, &mut found, &mut doubts);
        }
        log.end(&mut found, &mut doubts);
        let (kept, _) = found.take_parts();
        (
            kept.len(),
            doubts.of_conversation(3),
            doubts.of_reader(3, 7),
        )
    };
    assert_eq!(
        agree(&[message(true), seen(5), range(6)]),
        (0, false, false)
    );
    assert_eq!(agree(&[message(false)]), (0, false, false));
    // Its first mark is forgotten, a later one is not.
    let up_to = event(9, Event::SeenUpTo { user: 7, at: 6 });
    assert_eq!(
        agree(&[LIVING, seen(5), range(6), up_to]),
        (0, false, false)
    );
    // What is told must be so all the same.
    assert_eq!(agree(&[LIVING, marked(9, 5)]), (1, false, true));
    let deleted = event(9, Event::Deleted);
    assert_eq!(agree(&[LIVING, deleted]), (1, true, false));
}
