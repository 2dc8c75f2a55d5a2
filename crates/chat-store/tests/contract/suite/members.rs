//! The port of group membership.

use chat_domain::ports::StoreError;
use chat_domain::{Member, Role};

use crate::harness::{at, join, leave, limit};

#[test]
fn a_member_has_its_role() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[ada, bob]);
    let role = |user| db.read(move |tx| tx.role(group.id, user));
    assert_eq!(role(ada), Some(Role::Owner));
    assert_eq!(role(bob), Some(Role::Member));
    assert_eq!(role(eve), None);
}

#[test]
fn a_membership_comes_back_as_it_was_given() {
    let db = fresh!();
    let [ada, eve] = db.users(["ada", "eve"]);
    let group = db.group("team", &[ada]);
    let expected = Member {
        group_id: group.id,
        user_id: ada,
        role: Role::Owner,
        created_at: at(4),
        updated_at: at(4),
    };
    assert_eq!(db.read(move |tx| tx.member(group.id, ada)), Some(expected));
    assert_eq!(db.read(move |tx| tx.member(group.id, eve)), None);
}

#[test]
fn members_are_counted_in_their_group() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    assert_eq!(group.member_count, 2);
    db.write({
        let group = group.clone();
        move |tx| leave(tx, &group, bob)
    });
    let after = db.read(move |tx| tx.group(group.id)).unwrap();
    assert_eq!(after.member_count, 1);
    assert_eq!(
        after.updated_at, group.updated_at,
        "members are not the group's own fields"
    );
}

#[test]
fn a_user_is_a_member_once() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let again = db.try_write({
        let group = group.clone();
        move |tx| join(tx, &group, ada, Role::Member)
    });
    assert!(matches!(again, Err(StoreError::Broken(_))), "{again:?}");
    assert_eq!(
        db.read(move |tx| tx.group(group.id)).unwrap().member_count,
        1
    );
}

#[test]
fn the_owner_is_found_and_may_be_missing() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (owned, free) = (db.group("owned", &[ada, bob]), db.group("free", &[]));
    assert_eq!(db.read(move |tx| tx.owner(owned.id)), Some(ada));
    assert_eq!(db.read(move |tx| tx.owner(free.id)), None);
}

#[test]
fn a_handover_demotes_and_then_promotes() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    db.write(move |tx| {
        tx.set_role(group.id, ada, Role::Admin, at(8))?;
        tx.set_role(group.id, bob, Role::Owner, at(8))
    });
    assert_eq!(db.read(move |tx| tx.owner(group.id)), Some(bob));
    let demoted = db.read(move |tx| tx.member(group.id, ada)).unwrap();
    assert_eq!(demoted.role, Role::Admin);
    assert_eq!((demoted.created_at, demoted.updated_at), (at(4), at(8)));
}

#[test]
fn a_group_never_has_two_owners() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let second = db.try_write(move |tx| tx.set_role(group.id, bob, Role::Owner, at(8)));
    assert!(matches!(second, Err(StoreError::Broken(_))), "{second:?}");
    assert_eq!(db.read(move |tx| tx.owner(group.id)), Some(ada));
}

#[test]
fn who_is_no_member_gets_no_role_and_can_not_leave() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[]);
    let role = db.try_write(move |tx| tx.set_role(group.id, ada, Role::Admin, at(8)));
    let left = db.try_write(move |tx| tx.delete_member(group.id, ada));
    assert!(matches!(role, Err(StoreError::Broken(_))), "{role:?}");
    assert!(matches!(left, Err(StoreError::Broken(_))), "{left:?}");
}

#[test]
fn members_are_paged_by_user_id_whatever_their_order_of_joining() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[eve, ada, bob]);
    db.group("other", &[ada, bob, eve]);
    let page = |after, entries| {
        let page = db.read(move |tx| tx.members(group.id, after, limit(entries)));
        assert!(page.items.iter().all(|member| member.group_id == group.id));
        let ids: Vec<_> = page.items.iter().map(|member| member.user_id).collect();
        (ids, page.more)
    };
    assert_eq!(page(None, 2), (vec![ada, bob], true));
    assert_eq!(page(Some(ada), 2), (vec![bob, eve], false));
    assert_eq!(page(Some(eve), 1), (vec![], false));
}
