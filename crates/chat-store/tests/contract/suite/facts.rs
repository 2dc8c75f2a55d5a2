//! Facts that a store may remember from one job to the next: what one job changes is so for the next, and
//! what is undone never was.

use chat_domain::ports::{StoreError, StoreResult, WriteTx};
use chat_domain::{ConversationKind, Group, Recipient, Role, UserId};

use crate::harness::{Db, at, join, leave, new_group, new_user, pair, seq, undo, words};

/// The role as a write sees it, which is where it may be remembered.
fn role(db: &Db, group: &Group, user: UserId) -> Option<Role> {
    let group = group.id;
    db.write(move |tx| tx.role(group, user))
}

fn last_seq(db: &Db, group: &Group) -> Option<i64> {
    let group = group.id;
    let conversation = db.write(move |tx| tx.lock_group_conversation(group));
    conversation.map(|conversation| conversation.last_seq.get())
}

fn say(tx: &mut dyn WriteTx, group: &Group, sender: UserId) -> StoreResult<()> {
    let to = Recipient::Group(group.id);
    tx.append_message(&words(group.conversation_id, sender, to, "hi"))
        .map(drop)
}

#[test]
fn a_join_that_is_undone_gives_no_role() {
    let db = fresh!();
    let [ada, eve] = db.users(["ada", "eve"]);
    let group = db.group("team", &[ada]);
    for panics in [false, true] {
        let team = group.clone();
        let undone = db.try_write(move |tx| {
            join(tx, &team, eve, Role::Admin)?;
            assert_eq!(tx.role(team.id, eve)?, Some(Role::Admin));
            assert!(!panics, "on purpose");
            Err::<(), _>(undo())
        });
        assert!(undone.is_err());
        assert_eq!(role(&db, &group, eve), None);
    }
}

#[test]
fn who_is_removed_has_no_role_at_once() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    assert_eq!(role(&db, &group, bob), Some(Role::Member));
    let team = group.clone();
    let within = db.write(move |tx| {
        leave(tx, &team, bob)?;
        tx.role(team.id, bob)
    });
    assert_eq!(within, None);
    assert_eq!(role(&db, &group, bob), None);
}

#[test]
fn a_removal_that_is_undone_leaves_the_role() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    assert_eq!(role(&db, &group, bob), Some(Role::Member));
    let team = group.clone();
    let undone = db.try_write(move |tx| {
        leave(tx, &team, bob)?;
        assert_eq!(tx.role(team.id, bob)?, None);
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(role(&db, &group, bob), Some(Role::Member));
}

#[test]
fn another_role_is_had_at_once_and_not_when_it_is_undone() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]).id;
    let promote = move |tx: &mut dyn WriteTx, role| {
        tx.role(group, bob)?;
        tx.set_role(group, bob, role, at(7))?;
        tx.role(group, bob)
    };
    let undone = db.try_write(move |tx| {
        assert_eq!(promote(tx, Role::Admin)?, Some(Role::Admin));
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(db.write(move |tx| tx.role(group, bob)), Some(Role::Member));
    assert_eq!(
        db.write(move |tx| promote(tx, Role::Admin)),
        Some(Role::Admin)
    );
    assert_eq!(db.write(move |tx| tx.role(group, bob)), Some(Role::Admin));
}

#[test]
fn in_a_deleted_group_nobody_has_a_role_and_nothing_is_said() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (gone, other) = (db.group("gone", &[ada, bob]), db.group("other", &[bob]));
    let look = move |tx: &mut dyn WriteTx, group: &Group| -> StoreResult<_> {
        let roles = (tx.role(group.id, ada)?, tx.role(group.id, bob)?);
        let conversation = tx.lock_group_conversation(group.id)?;
        Ok((roles, conversation.is_some()))
    };
    let both = (Some(Role::Owner), Some(Role::Member));
    let team = gone.clone();
    assert_eq!(db.write(move |tx| look(tx, &team)), (both, true));
    let team = gone.clone();
    let undone = db.try_write(move |tx| {
        tx.delete_group(&team, at(9))?;
        assert_eq!(look(tx, &team)?, ((None, None), false));
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    let team = gone.clone();
    assert_eq!(db.write(move |tx| look(tx, &team)), (both, true));
    db.delete_group(&gone);
    let team = gone.clone();
    assert_eq!(db.write(move |tx| look(tx, &team)), ((None, None), false));
    assert_eq!(role(&db, &other, bob), Some(Role::Owner));
    let refused = db.try_write(move |tx| say(tx, &gone, ada));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}

#[test]
fn a_groups_latest_place_follows_what_is_said_and_what_is_undone() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    assert_eq!(last_seq(&db, &group), Some(0));
    for panics in [false, true] {
        let team = group.clone();
        let undone = db.try_write(move |tx| {
            say(tx, &team, ada)?;
            let conversation = tx.lock_group_conversation(team.id)?.unwrap();
            assert_eq!(conversation.last_seq, seq(1));
            assert!(!panics, "on purpose");
            Err::<(), _>(undo())
        });
        assert!(undone.is_err());
        assert_eq!(last_seq(&db, &group), Some(0));
    }
    let team = group.clone();
    db.write(move |tx| say(tx, &team, ada));
    assert_eq!(last_seq(&db, &group), Some(1));
}

#[test]
fn a_pairs_latest_place_follows_what_is_said_and_what_is_undone() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let opened = db.direct(ada, bob);
    let tell = move |tx: &mut dyn WriteTx| {
        let id = tx.lock_or_open_direct(pair(ada, bob), at(4))?.id;
        tx.append_message(&words(id, ada, Recipient::User(bob), "hi"))?;
        tx.lock_or_open_direct(pair(ada, bob), at(4))
    };
    let undone = db.try_write(move |tx| {
        assert_eq!(tell(tx)?.last_seq, seq(1));
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(db.direct(ada, bob), opened);
    assert_eq!(db.write(tell).last_seq, seq(1));
    assert_eq!(db.direct(bob, ada).last_seq, seq(1));
}

/// It is named by the message itself, whatever else the message says.
#[test]
fn a_place_is_taken_in_the_conversation_that_the_message_names() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (red, blue) = (db.group("red", &[ada]), db.group("blue", &[ada]));
    let places = |db: &Db| (last_seq(db, &red), last_seq(db, &blue));
    assert_eq!(places(&db), (Some(0), Some(0)));
    for astray in [Recipient::Group(blue.id), Recipient::User(bob)] {
        let message = words(red.conversation_id, ada, astray, "hi");
        db.write(move |tx| tx.append_message(&message));
    }
    assert_eq!(places(&db), (Some(2), Some(0)));
}

#[test]
fn within_a_job_that_broke_off_nothing_is_told_that_is_not_so() {
    let db = fresh!();
    let [ada, eve] = db.users(["ada", "eve"]);
    let group = db.group("team", &[ada]);
    assert_eq!(last_seq(&db, &group), Some(0));
    let team = group.clone();
    let broken = db.try_write(move |tx| {
        // A place is taken before it shows that Eve takes no part.
        assert!(say(tx, &team, eve).is_err());
        let stored = tx.conversation(team.conversation_id)?;
        assert_eq!(tx.lock_group_conversation(team.id)?, stored);
        Ok(())
    });
    assert!(matches!(broken, Err(StoreError::Broken(_))), "{broken:?}");
    assert_eq!(last_seq(&db, &group), Some(0));
}

#[test]
fn a_user_that_is_undone_does_not_live() {
    let db = fresh!();
    let undone = db.try_write(|tx| {
        let ada = tx.insert_user(&new_user("ada"))?.id;
        assert!(tx.user_exists(ada)?);
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    let first = UserId::parse(1).unwrap();
    assert!(!db.write(move |tx| tx.user_exists(first)));
    let bob = db.user("bob").id;
    assert!(db.write(move |tx| tx.user_exists(bob)));
}

#[test]
fn a_group_that_is_undone_leaves_nothing_to_the_next_with_its_id() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let undone = db.try_write(move |tx| {
        let group = tx.insert_group(&new_group("red"))?;
        join(tx, &group, ada, Role::Owner)?;
        tx.role(group.id, ada)?;
        tx.lock_group_conversation(group.id)?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    // It takes the id of the conversation that was undone.
    let direct = db.direct(ada, bob);
    let group = db.group("blue", &[bob]);
    let conversation = db.write(move |tx| tx.lock_group_conversation(group.id));
    let conversation = conversation.unwrap();
    assert_eq!(conversation.id, group.conversation_id);
    assert_ne!(conversation.id, direct.id);
    assert_eq!(conversation.kind, ConversationKind::Group(group.id));
    assert_eq!(role(&db, &group, ada), None);
    assert_eq!(role(&db, &group, bob), Some(Role::Owner));
}

#[test]
fn a_pair_whose_opening_is_undone_does_not_get_the_next_conversation() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let undone = db.try_write(move |tx| {
        // Opened, and then asked for, so that it may be remembered.
        tx.lock_or_open_direct(pair(ada, bob), at(4))?;
        tx.lock_or_open_direct(pair(ada, bob), at(4))?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    // It takes the id of the one that was undone.
    db.direct(ada, eve);
    let other = db.direct(ada, eve);
    assert_ne!(db.direct(ada, bob).id, other.id);
}
