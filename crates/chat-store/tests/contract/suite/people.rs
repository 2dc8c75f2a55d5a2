//! Users as they change and go: what is unique of them, what is left, and what they are shown by.

use chat_domain::ports::{Conflict, StoreError};
use chat_domain::{
    DeletedUser, DisplayName, EmailAddress, ExternalId, File, FoundUser, NewUser, User, UserId,
    Username,
};
use rstest::rstest;

use crate::harness::{Db, at, limit, new_user, undo};

fn external(id: &str) -> ExternalId {
    ExternalId::parse(id).unwrap()
}

/// Stores what `change` makes of the user.
fn change(
    db: &Db,
    id: UserId,
    change: impl Fn(&mut User) + Send + 'static,
) -> Result<User, StoreError> {
    db.try_write(move |tx| {
        let before = tx.lock_user(id)?.unwrap();
        let mut user = before.clone();
        change(&mut user);
        user.updated_at = at(20);
        tx.update_user(&before, &user)?;
        Ok(user)
    })
}

fn show_by(db: &Db, user: UserId, file: Option<&File>) {
    let file = file.map(|file| file.id);
    change(db, user, move |user| user.avatar_file_id = file).unwrap();
}

fn delete(db: &Db, id: UserId) {
    db.write(move |tx| {
        let user = tx.lock_user(id)?.unwrap();
        tx.delete_user(&user, at(30))
    });
}

/// Whether the user lives, as a write sees it, which is where that may be remembered.
fn lives(db: &Db, id: UserId) -> [bool; 2] {
    db.write(move |tx| Ok([tx.user_exists(id)?, tx.hold_user(id)?]))
}

#[test]
fn a_user_with_everything_comes_back_as_it_was_given() {
    let db = fresh!();
    let given = NewUser {
        display_name: DisplayName::parse("Ada Lovelace").ok(),
        external_id: Some(external("auth|1")),
        ..new_user("ada")
    };
    let stored = db.write({
        let given = given.clone();
        move |tx| tx.insert_user(&given)
    });
    assert_eq!(stored.display_name, given.display_name);
    assert_eq!(stored.external_id, given.external_id);
    assert_eq!(stored.avatar_file_id, None);
    let id = stored.id;
    assert_eq!(db.read(move |tx| tx.user(id)), Some(stored.clone()));
    assert_eq!(
        db.read(move |tx| tx.any_user(id)),
        Some(FoundUser::Living(stored))
    );
}

#[test]
fn an_external_id_finds_its_user_byte_for_byte() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    change(&db, ada, |user| user.external_id = Some(external("É|1"))).unwrap();
    let of = |id: &str| {
        let id = external(id);
        db.read(move |tx| tx.user_of(&id))
    };
    assert_eq!(of("É|1"), Some(ada));
    assert_eq!((of("é|1"), of("E\u{301}|1")), (None, None));
    change(&db, bob, |user| user.external_id = Some(external("é|1"))).unwrap();
    assert_eq!(of("é|1"), Some(bob));
    change(&db, bob, |user| user.external_id = None).unwrap();
    assert_eq!(of("é|1"), None);
}

#[rstest]
#[case::username(Conflict::Username)]
#[case::email(Conflict::Email)]
#[case::external_id(Conflict::ExternalId)]
fn what_another_has_is_taken(#[case] what: Conflict) {
    let db = fresh!();
    let ada = NewUser {
        external_id: Some(external("x")),
        ..new_user("ada")
    };
    let ada = db.write(move |tx| tx.insert_user(&ada)).id;
    let bob = db.user("bob");
    let refused = change(&db, bob.id, move |user| match what {
        Conflict::Username => user.username = Username::parse("ADA").unwrap(),
        Conflict::Email => user.email = EmailAddress::parse("ADA@example.org").unwrap(),
        Conflict::ExternalId | Conflict::GroupName => user.external_id = Some(external("x")),
    });
    assert_eq!(refused, Err(StoreError::Conflict(what)));
    let id = bob.id;
    assert_eq!(db.read(move |tx| tx.user(id)), Some(bob));
    // Its own in another spelling is nobody else's.
    let own = change(&db, ada, |user| {
        user.username = Username::parse("Ada").unwrap();
        user.email = EmailAddress::parse("Ada@Example.org").unwrap();
    });
    assert_eq!(own.unwrap().username.as_str(), "Ada");
    let fresh = NewUser {
        external_id: Some(external("x")),
        ..new_user("eve")
    };
    assert_eq!(
        db.try_write(move |tx| tx.insert_user(&fresh)),
        Err(StoreError::Conflict(Conflict::ExternalId))
    );
}

#[test]
fn a_transaction_goes_on_after_a_name_that_is_taken() {
    let db = fresh!();
    let [_, bob] = db.users(["ada", "bob"]);
    let stored = db.write(move |tx| {
        let before = tx.lock_user(bob)?.unwrap();
        let mut user = before.clone();
        user.username = Username::parse("ada").unwrap();
        assert!(tx.update_user(&before, &user).is_err());
        user.username = Username::parse("bo").unwrap();
        tx.update_user(&before, &user)?;
        Ok(user)
    });
    assert_eq!(db.read(move |tx| tx.user(bob)), Some(stored));
}

#[test]
fn of_a_deleted_user_its_id_is_left() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let file = db.file();
    show_by(&db, ada, Some(&file));
    change(&db, ada, |user| {
        user.display_name = DisplayName::parse("Ada").ok();
        user.external_id = Some(external("x"));
    })
    .unwrap();
    assert_eq!(lives(&db, ada), [true; 2]);
    delete(&db, ada);
    assert_eq!(lives(&db, ada), [false; 2]);
    assert_eq!(db.read(move |tx| tx.user(ada)), None);
    assert_eq!(db.write(move |tx| tx.lock_user(ada)), None);
    let left = DeletedUser { id: ada };
    assert_eq!(
        db.read(move |tx| tx.any_user(ada)),
        Some(FoundUser::Deleted(left))
    );
    assert_eq!(db.read(|tx| tx.user_of(&external("x"))), None);
    let page = db.read(|tx| tx.users(None, limit(9)));
    let ids: Vec<_> = page.items.iter().map(|user| user.id).collect();
    assert_eq!(ids, [bob]);
    let shown = file.id;
    assert!(!db.read(move |tx| tx.is_avatar(shown)));
    let nobody = UserId::parse(99).unwrap();
    assert_eq!(db.read(move |tx| tx.any_user(nobody)), None);
}

#[test]
fn the_names_of_a_deleted_user_are_free_at_once() {
    let db = fresh!();
    let all = || NewUser {
        external_id: Some(external("x")),
        ..new_user("ada")
    };
    let first = db.write(move |tx| tx.insert_user(&all())).id;
    delete(&db, first);
    let second = db.write(move |tx| tx.insert_user(&all())).id;
    assert_ne!(first, second);
    // So is what stands in its place, and any number of them may go.
    let named = new_user(DeletedUser { id: first }.username().as_str());
    let named = db.write(move |tx| tx.insert_user(&named)).id;
    for id in [second, named] {
        delete(&db, id);
    }
}

#[test]
fn a_deletion_that_is_undone_leaves_the_user() {
    let db = fresh!();
    let ada = db.user("ada");
    let id = ada.id;
    assert_eq!(lives(&db, id), [true; 2]);
    let undone = db.try_write(move |tx| {
        let user = tx.lock_user(id)?.unwrap();
        tx.delete_user(&user, at(30))?;
        assert!(!tx.user_exists(id)?);
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(lives(&db, id), [true; 2]);
    assert_eq!(db.read(move |tx| tx.user(id)), Some(ada));
}

#[test]
fn an_avatar_is_in_use_until_it_is_one_no_more() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let (one, other) = (db.file(), db.file());
    for user in [eve, ada, bob] {
        show_by(&db, user, Some(&one));
    }
    let file = one.id;
    assert!(db.read(move |tx| tx.is_avatar(file)) && db.in_use(&one));
    assert_eq!(db.read(move |tx| tx.users_shown_by(file)), [ada, bob, eve]);
    assert_eq!(db.unused(99), [other.id]);
    // Replaced, cleared, and its user deleted: each time it is looked at again.
    show_by(&db, ada, Some(&other));
    assert!(db.in_use(&one) && db.in_use(&other));
    assert_eq!(db.unused(21), [file]);
    db.write(move |tx| tx.file_is_used(file));
    show_by(&db, bob, None);
    assert_eq!(db.unused(21), [file]);
    assert!(db.in_use(&one));
    db.write(move |tx| tx.file_is_used(file));
    delete(&db, eve);
    assert!(!db.in_use(&one));
    assert_eq!((db.unused(30), db.unused(31)), (vec![], vec![file]));
}

#[test]
fn another_change_says_nothing_of_the_avatar() {
    let db = fresh!();
    let ada = db.user("ada").id;
    let file = db.file();
    show_by(&db, ada, Some(&file));
    change(&db, ada, |user| user.display_name = None).unwrap();
    assert_eq!(db.unused(99), []);
}

#[test]
fn a_user_s_groups_come_in_the_order_of_their_conversations() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let groups = ["a", "b", "c", "d"].map(|name| db.group(name, &[bob]));
    db.direct(ada, bob);
    for place in [2, 0, 1] {
        let group = groups[place].clone();
        db.write(move |tx| crate::harness::join(tx, &group, ada, chat_domain::Role::Member));
    }
    db.delete_group(&groups[1]);
    let found = db.read(move |tx| tx.memberships(ada));
    let expected = [0, 2].map(|place| (groups[place].conversation_id, groups[place].id));
    assert_eq!(found, expected);
}
