use super::*;

#[track_caller]
fn check(entries: Vec<(i64, i64, Entry)>, expected: &[&str]) -> Doubts {
    let (mut found, mut doubts) = (Found::looking(), Doubts::default());
    let mut log = Conversations::default();
    for (conversation, position, entry) in entries {
        log.entry(conversation, position, entry, &mut found, &mut doubts);
    }
    log.end(&mut found, &mut doubts);
    let (kept, _) = found.take_parts();
    let lines: Vec<String> = kept.iter().map(ToString::to_string).collect();
    assert_eq!(lines, expected);
    doubts
}

fn member(user: i64, role: &str, joined_seq: i64) -> Entry {
    Entry::Member {
        user,
        role: role.into(),
        joined_seq: Some(joined_seq),
    }
}

fn added(user: i64, role: &str) -> Entry {
    Entry::Added {
        user,
        role: Some(role.into()),
    }
}

fn role(user: i64, role: &str) -> Entry {
    Entry::RoleChanged {
        user,
        role: Some(role.into()),
    }
}

const fn sent(seq: i64) -> Entry {
    Entry::Sent { seq: Some(seq) }
}

/// A group of conversation 3 with these rows and events; its creation is the event 1.
fn group(kind: Kind, members: Vec<Entry>, events: Vec<Entry>) -> Vec<(i64, i64, Entry)> {
    let rows = [Entry::Conversation(kind)].into_iter().chain(members);
    let events = [Entry::GroupCreated].into_iter().chain(events);
    rows.map(|row| (3, 0, row))
        .chain(
            events
                .zip(1..)
                .map(|(event, position)| (3, position, event)),
        )
        .collect()
}

#[test]
fn a_group_with_a_history_agrees() {
    let rows = vec![member(1, "admin", 0), member(2, "owner", 1)];
    let events = vec![
        added(1, "owner"),
        added(2, "member"),
        added(4, "member"),
        sent(1),
        Entry::Removed { user: 4 },
        Entry::Removed { user: 2 },
        added(2, "admin"),
        role(1, "admin"),
        role(2, "owner"),
        sent(2),
    ];
    let doubts = check(group(Kind::LivingGroup, rows, events), &[]);
    assert!(!doubts.of_conversation(3) && !doubts.of_members(3));
    for user in [1, 2, 4] {
        assert!(!doubts.of_reader(3, user) && !doubts.of_joined(3, user));
    }
}

#[test]
fn a_deleted_group_has_let_its_members_go() {
    let events = vec![added(1, "owner"), Entry::GroupDeleted];
    check(group(Kind::DeletedGroup, vec![], events), &[]);
}

#[test]
fn each_conversation_has_an_order_of_its_own() {
    let direct = |id| (id, 0, Entry::Conversation(Kind::Direct));
    let entries = vec![
        direct(1),
        (1, 2, sent(1)),
        (1, 5, sent(2)),
        direct(2),
        (2, 1, sent(1)),
        (2, 3, sent(2)),
    ];
    check(entries, &[]);
}

#[test]
fn a_message_logged_before_an_earlier_one_is_named() {
    let events = vec![sent(2), sent(1), sent(3)];
    let doubts = check(
        group(Kind::LivingGroup, vec![], events),
        &["event 3: place 1 of conversation 3 was logged after place 2"],
    );
    assert!(doubts.of_conversation(3));
}

#[test]
fn a_group_is_created_once_and_a_pair_never() {
    check(
        group(Kind::LivingGroup, vec![], vec![Entry::GroupCreated]),
        &["conversation 3: 2 events say that its group was created, must be 1"],
    );
    check(
        vec![(3, 0, Entry::Conversation(Kind::LivingGroup))],
        &["conversation 3: 0 events say that its group was created, must be 1"],
    );
    check(
        group(Kind::Direct, vec![], vec![]),
        &["conversation 3: 1 events say that its group was created, must be 0"],
    );
}

#[test]
fn a_group_is_deleted_once_or_lives() {
    check(
        group(Kind::DeletedGroup, vec![], vec![]),
        &["conversation 3: 0 events say that its group was deleted, must be 1"],
    );
    check(
        group(Kind::LivingGroup, vec![], vec![Entry::GroupDeleted]),
        &["conversation 3: 1 events say that its group was deleted, must be 0"],
    );
}

#[test]
fn a_conversation_that_does_not_exist_is_named_once() {
    check(
        vec![(9, 1, Entry::GroupCreated), (9, 2, sent(1))],
        &["the log: tells of conversation 9, which does not exist"],
    );
}

#[test]
fn the_last_event_of_a_member_is_its_role() {
    let rows = vec![member(1, "owner", 0), member(2, "member", 0)];
    let events = vec![added(1, "owner"), added(2, "member"), role(2, "admin")];
    let doubts = check(
        group(Kind::LivingGroup, rows, events),
        &["conversation 3, user 2: is member of its group, must be admin by the log"],
    );
    assert!(!doubts.of_members(3) && !doubts.of_reader(3, 2));
}

#[test]
fn a_member_that_was_removed_or_never_added_is_named() {
    let rows = vec![member(1, "owner", 0), member(2, "member", 0)];
    let events = vec![added(1, "owner"), Entry::Removed { user: 1 }];
    check(
        group(Kind::LivingGroup, rows, events),
        &[
            "conversation 3, user 1: is owner of its group, must be no member by the log",
            "conversation 3, user 2: is member of its group, must be no member by the log",
        ],
    );
}

#[test]
fn a_member_that_is_missing_is_named() {
    let events = vec![added(1, "owner")];
    let doubts = check(
        group(Kind::LivingGroup, vec![], events),
        &["conversation 3, user 1: is no member of its group, must be owner by the log"],
    );
    assert!(doubts.of_members(3) && doubts.of_reader(3, 1));
}

#[test]
fn who_joined_elsewhere_is_named_and_doubted() {
    let rows = vec![member(1, "owner", 0), member(2, "member", 0)];
    let events = vec![
        added(1, "owner"),
        added(2, "member"),
        sent(1),
        Entry::Removed { user: 2 },
        added(2, "member"),
    ];
    let doubts = check(
        group(Kind::LivingGroup, rows, events),
        &["conversation 3, user 2: joined_seq is 0, must be 1"],
    );
    assert!(doubts.of_joined(3, 2) && !doubts.of_joined(3, 1));
}

#[test]
fn of_a_forgotten_beginning_roles_and_places_are_not_known() {
    let members = vec![member(1, "admin", 40), member(2, "member", 0)];
    let events = vec![added(1, "owner"), added(2, "member"), sent(41)];
    let (mut found, mut doubts) = (Found::looking(), Doubts::default());
    doubts.beginning();
    let mut log = Conversations::default();
    for (conversation, position, entry) in group(Kind::LivingGroup, members, events) {
        log.entry(conversation, position, entry, &mut found, &mut doubts);
    }
    // Who came is known: this one is no member in the tables.
    log.entry(3, 9, added(5, "member"), &mut found, &mut doubts);
    log.end(&mut found, &mut doubts);
    let (kept, _) = found.take_parts();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(matches!(kept[0], Difference::MemberRole { user: 5, .. }));
}
