//! The port of groups.

use chat_domain::ConversationKind;
use chat_domain::ports::{Conflict, StoreError};

use crate::harness::{at, limit, new_group};

#[test]
fn a_group_comes_with_its_conversation() {
    let db = fresh!();
    let group = db.group("team", &[]);
    let found = db
        .read(move |tx| tx.conversation(group.conversation_id))
        .unwrap();
    assert_eq!(found.kind, ConversationKind::Group(group.id));
    assert_eq!(found.last_seq.get(), 0);
    assert_eq!(group.member_count, 0);
    assert_eq!((group.created_at, group.updated_at), (at(2), at(2)));
    assert_eq!(db.read(move |tx| tx.group(group.id)), Some(group));
}

#[test]
fn a_group_name_of_the_same_key_is_taken() {
    let db = fresh!();
    db.group("Straße", &[]);
    let refused = db.try_write(|tx| tx.insert_group(&new_group("STRASSE")));
    assert_eq!(refused, Err(StoreError::Conflict(Conflict::GroupName)));
}

#[test]
fn the_name_of_a_deleted_group_is_free() {
    let db = fresh!();
    for _ in 0..3 {
        let group = db.group("team", &[]);
        db.delete_group(&group);
    }
    assert_eq!(db.group("Team", &[]).name.as_str(), "Team");
}

#[test]
fn a_deleted_group_is_absent_everywhere() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let said = db.say(&group, ada, "hi");
    assert_eq!(db.unseen(bob), 1);
    db.delete_group(&group);

    let (id, conversation) = (group.id, group.conversation_id);
    assert_eq!(db.read(move |tx| tx.group(id)), None);
    assert_eq!(db.read(move |tx| tx.conversation(conversation)), None);
    assert_eq!(db.write(move |tx| tx.lock_conversation(conversation)), None);
    assert_eq!(db.write(move |tx| tx.lock_group_conversation(id)), None);
    assert_eq!(db.read(move |tx| tx.role(id, ada)), None);
    assert_eq!(db.read(move |tx| tx.member(id, ada)), None);
    assert_eq!(db.read(move |tx| tx.owner(id)), None);
    assert!(
        db.read(move |tx| tx.members(id, None, limit(9)))
            .items
            .is_empty()
    );
    assert_eq!(db.participant(conversation, bob), None);
    assert_eq!(db.unseen(bob), 0);
    // The message itself is found still; its conversation is not, which is what hides it.
    assert_eq!(db.read(move |tx| tx.message(said.id)), Some(said));
}

#[test]
fn other_groups_stay_when_one_is_deleted() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let (gone, kept) = (db.group("gone", &[ada]), db.group("kept", &[ada]));
    db.delete_group(&gone);
    assert!(db.read(move |tx| tx.role(kept.id, ada)).is_some());
    assert!(db.participant(kept.conversation_id, ada).is_some());
    assert_eq!(db.read(move |tx| tx.group(kept.id)), Some(kept));
}

#[test]
fn a_group_is_deleted_once() {
    let db = fresh!();
    let group = db.group("team", &[]);
    db.delete_group(&group);
    let again = db.try_write(move |tx| tx.delete_group(&group, at(9)));
    assert!(matches!(again, Err(StoreError::Broken(_))), "{again:?}");
}
