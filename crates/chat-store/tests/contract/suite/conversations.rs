//! The port of conversations and of who takes part in them.

use chat_domain::ports::StoreError;
use chat_domain::{ConversationId, ConversationKind, GroupId, Participant, Seq};

use crate::harness::{at, leave, pair, seq};

#[test]
fn two_users_have_no_conversation_before_one_is_opened() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    assert_eq!(
        db.read(move |tx| tx.direct_conversation(pair(ada, bob))),
        None
    );
    let opened = db.direct(ada, bob);
    assert_eq!(opened.kind, ConversationKind::Direct(pair(ada, bob)));
    assert_eq!(opened.last_seq, Seq::START);
    assert_eq!(
        db.read(move |tx| tx.direct_conversation(pair(bob, ada))),
        Some(opened)
    );
    assert_eq!(db.read(move |tx| tx.conversation(opened.id)), Some(opened));
}

#[test]
fn two_users_have_one_conversation() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let opened = db.direct(ada, bob);
    assert_eq!(db.direct(bob, ada), opened);
    assert_ne!(db.direct(ada, eve).id, opened.id);
    assert_ne!(db.direct(bob, eve).id, opened.id);
}

#[test]
fn both_take_part_in_a_direct_conversation_from_its_start() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let opened = db.direct(ada, bob);
    for user in [ada, bob] {
        let expected = Participant::joining(opened.id, user, Seq::START);
        assert_eq!(db.participant(opened.id, user), Some(expected));
    }
    assert_eq!(db.participant(opened.id, eve), None);
}

#[test]
fn a_locked_conversation_tells_its_latest_place() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada]);
    db.say(&group, ada, "one");
    db.say(&group, ada, "two");
    let id = group.conversation_id;
    let of_group = db
        .write(move |tx| tx.lock_group_conversation(group.id))
        .unwrap();
    assert_eq!((of_group.id, of_group.last_seq), (id, seq(2)));
    assert_eq!(db.write(move |tx| tx.lock_conversation(id)), Some(of_group));
    db.tell(ada, bob, "three");
    assert_eq!(db.direct(ada, bob).last_seq, seq(1));
}

#[test]
fn missing_conversations_are_absent() {
    let db = fresh!();
    let (id, group) = (
        ConversationId::parse(7).unwrap(),
        GroupId::parse(7).unwrap(),
    );
    assert_eq!(db.read(move |tx| tx.conversation(id)), None);
    assert_eq!(db.write(move |tx| tx.lock_conversation(id)), None);
    assert_eq!(db.write(move |tx| tx.lock_group_conversation(group)), None);
}

#[test]
fn a_participant_is_stored_changed_and_deleted() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let id = group.conversation_id;
    let mut reader = db.write(move |tx| tx.lock_participant(id, ada)).unwrap();
    assert_eq!(reader, Participant::joining(id, ada, Seq::START));
    (reader.joined_seq, reader.seen_through, reader.cleared) = (seq(1), seq(3), 2);
    db.write(move |tx| tx.update_participant(&reader));
    assert_eq!(db.participant(id, ada), Some(reader));
    db.write(move |tx| leave(tx, &group, ada));
    assert_eq!(db.participant(id, ada), None);
}

#[test]
fn who_takes_no_part_is_neither_changed_nor_deleted() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let id = db.group("team", &[]).conversation_id;
    let stranger = Participant::joining(id, ada, Seq::START);
    let changed = db.try_write(move |tx| tx.update_participant(&stranger));
    let deleted = db.try_write(move |tx| tx.delete_participant(id, ada));
    assert!(matches!(changed, Err(StoreError::Broken(_))), "{changed:?}");
    assert!(matches!(deleted, Err(StoreError::Broken(_))), "{deleted:?}");
}

#[test]
fn opening_is_undone_with_its_transaction() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let undone = db.try_write(move |tx| {
        tx.lock_or_open_direct(pair(ada, bob), at(4))?;
        Err::<(), _>(crate::harness::undo())
    });
    assert!(undone.is_err());
    assert_eq!(
        db.read(move |tx| tx.direct_conversation(pair(ada, bob))),
        None
    );
}
