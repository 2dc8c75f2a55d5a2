//! The port of users.

use chat_domain::ports::{Conflict, StoreError};
use chat_domain::{EmailAddress, NewUser, UserId, Username};
use rstest::rstest;

use crate::harness::{limit, new_user};

#[test]
fn a_user_comes_back_as_it_was_given() {
    let db = fresh!();
    let given = NewUser {
        username: Username::parse("Ａda 👩‍💻").unwrap(),
        email: EmailAddress::parse("Ada+Chat@Example.org").unwrap(),
        ..new_user("ada")
    };
    let stored = db.write({
        let given = given.clone();
        move |tx| tx.insert_user(&given)
    });
    assert_eq!(stored.username, given.username);
    assert_eq!(stored.email, given.email);
    assert_eq!((stored.created_at, stored.updated_at), (given.at, given.at));
    assert_eq!(db.read(move |tx| tx.user(stored.id)), Some(stored));
}

#[test]
fn a_missing_user_is_absent() {
    let db = fresh!();
    let nobody = UserId::parse(7).unwrap();
    assert_eq!(db.read(move |tx| tx.user(nobody)), None);
    assert!(!db.read(move |tx| tx.user_exists(nobody)));
}

#[test]
fn a_stored_user_exists() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    assert!(db.read(move |tx| tx.user_exists(ada)));
}

#[rstest]
#[case::same("ada", "ada")]
#[case::case("Ada", "aDA")]
#[case::sharp_s("Straße", "STRASSE")]
#[case::full_width("Ａｄａ", "ada")]
fn a_name_of_the_same_key_is_taken(#[case] first: &str, #[case] second: &str) {
    let db = fresh!();
    let [first, mut second] = [first, second].map(|name| NewUser {
        username: Username::parse(name).unwrap(),
        ..new_user("one")
    });
    second.email = EmailAddress::parse("two@example.org").unwrap();
    db.write(move |tx| tx.insert_user(&first));
    let refused = db.try_write(move |tx| tx.insert_user(&second));
    assert_eq!(refused, Err(StoreError::Conflict(Conflict::Username)));
}

#[test]
fn an_email_of_the_same_key_is_taken() {
    let db = fresh!();
    db.user("ada");
    let mut other = new_user("ida");
    other.email = EmailAddress::parse("ADA@example.ORG").unwrap();
    let refused = db.try_write(move |tx| tx.insert_user(&other));
    assert_eq!(refused, Err(StoreError::Conflict(Conflict::Email)));
}

#[test]
fn a_transaction_goes_on_after_a_conflict() {
    let db = fresh!();
    db.user("ada");
    let stored = db.write(|tx| {
        assert!(tx.insert_user(&new_user("ada")).is_err());
        tx.insert_user(&new_user("bob"))
    });
    assert_eq!(db.read(move |tx| tx.user(stored.id)), Some(stored));
}

#[test]
fn users_are_paged_by_id() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let page = |after, entries| {
        let page = db.read(move |tx| tx.users(after, limit(entries)));
        let ids: Vec<_> = page.items.iter().map(|user| user.id).collect();
        (ids, page.more)
    };
    assert_eq!(page(None, 2), (vec![ada, bob], true));
    assert_eq!(page(None, 3), (vec![ada, bob, eve], false));
    assert_eq!(page(Some(bob), 2), (vec![eve], false));
    assert_eq!(page(Some(eve), 2), (vec![], false));
}
