//! The port of groups.

use chat_domain::ports::{Conflict, StoreError};
use chat_domain::{ConversationKind, Group, GroupId, GroupName, Page, UserId};

use crate::harness::{Db, at, leave, limit, new_group};

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

/// The ids of a page, and whether there is more.
fn ids(page: &Page<Group>) -> (Vec<GroupId>, bool) {
    let ids = page.items.iter().map(|group| group.id).collect();
    (ids, page.more)
}

fn of(db: &Db, user: UserId, after: Option<GroupId>, entries: i64) -> (Vec<GroupId>, bool) {
    ids(&db.read(move |tx| tx.groups_of(user, after, limit(entries))))
}

#[test]
fn the_groups_of_a_user_are_paged_by_id() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let [one, others, two, three] = [
        ("one", vec![bob, ada]),
        ("others", vec![bob]),
        ("two", vec![ada]),
        ("three", vec![ada, bob]),
    ]
    .map(|(name, members)| db.group(name, &members).id);
    assert_eq!(of(&db, ada, None, 2), (vec![one, two], true));
    assert_eq!(of(&db, ada, None, 3), (vec![one, two, three], false));
    assert_eq!(of(&db, ada, Some(one), 1), (vec![two], true));
    assert_eq!(of(&db, ada, Some(others), 9), (vec![two, three], false));
    assert_eq!(of(&db, ada, Some(three), 9), (vec![], false));
    assert_eq!(of(&db, bob, None, 9), (vec![one, others, three], false));
    assert_eq!(of(&db, eve, None, 9), (vec![], false));
}

#[test]
fn a_group_is_listed_as_it_is_read_alone() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let alone = db.read(move |tx| tx.group(group.id)).unwrap();
    assert_eq!(alone.member_count, 2);
    let mut listed = db.read(move |tx| tx.groups_of(bob, None, limit(9))).items;
    listed.extend(db.read(|tx| tx.groups(None, limit(9))).items);
    assert_eq!(listed, [alone.clone(), alone]);
}

#[test]
fn all_living_groups_are_paged_by_id() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let (one, gone) = (db.group("one", &[ada]), db.group("gone", &[ada]));
    let (two, three) = (db.group("two", &[]).id, db.group("three", &[ada]).id);
    db.delete_group(&gone);
    let all = |after, entries| ids(&db.read(move |tx| tx.groups(after, limit(entries))));
    assert_eq!(all(None, 2), (vec![one.id, two], true));
    assert_eq!(all(None, 3), (vec![one.id, two, three], false));
    assert_eq!(all(Some(gone.id), 9), (vec![two, three], false));
    assert_eq!(all(Some(three), 9), (vec![], false));
}

#[test]
fn a_group_is_listed_while_one_is_in_it() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (left, gone) = (db.group("left", &[ada, bob]), db.group("gone", &[ada, bob]));
    assert_eq!(of(&db, bob, None, 9), (vec![left.id, gone.id], false));
    db.delete_group(&gone);
    assert_eq!(of(&db, bob, None, 9), (vec![left.id], false));
    db.write(move |tx| leave(tx, &left, bob));
    assert_eq!(of(&db, bob, None, 9), (vec![], false));
}

#[test]
fn a_group_gets_another_name() {
    let db = fresh!();
    let group = db.group("team", &[]);
    let name = |name| GroupName::parse(name).unwrap();
    let id = group.id;
    db.write(move |tx| tx.rename_group(id, &name("crew"), at(7)));
    let renamed = Group {
        name: name("crew"),
        updated_at: at(7),
        ..group
    };
    assert_eq!(db.read(move |tx| tx.group(id)), Some(renamed));
    // The old one is free, and the new one is taken.
    db.group("Team", &[]);
    let refused = db.try_write(|tx| tx.insert_group(&new_group("CREW")));
    assert_eq!(refused, Err(StoreError::Conflict(Conflict::GroupName)));
}

#[test]
fn a_group_may_spell_its_name_otherwise_and_not_take_anothers() {
    let db = fresh!();
    let (group, other) = (db.group("team", &[]), db.group("Straße", &[]));
    let name = |name| GroupName::parse(name).unwrap();
    let id = group.id;
    // A conflict leaves the transaction as it was.
    db.write(move |tx| {
        let refused = tx.rename_group(id, &name("STRASSE"), at(7));
        assert_eq!(refused, Err(StoreError::Conflict(Conflict::GroupName)));
        tx.rename_group(id, &name("TEAM"), at(8))
    });
    let found = db.read(move |tx| tx.group(id)).unwrap();
    assert_eq!((found.name.as_str(), found.updated_at), ("TEAM", at(8)));
    db.delete_group(&other);
    db.write(move |tx| tx.rename_group(id, &name("strasse"), at(9)));
}

#[test]
fn a_deleted_group_gets_no_name() {
    let db = fresh!();
    let group = db.group("team", &[]);
    db.delete_group(&group);
    let name = GroupName::parse("crew").unwrap();
    let refused = db.try_write(move |tx| tx.rename_group(group.id, &name, at(7)));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}
