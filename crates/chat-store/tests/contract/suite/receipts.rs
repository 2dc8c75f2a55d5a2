//! Who has seen a message, and when.

use chat_domain::ports::StoreError;
use chat_domain::{Message, Timestamp, UserId};

use crate::harness::{Db, at, leave, limit};

fn receipts(db: &Db, of: &Message, after: Option<UserId>, n: i64) -> (Vec<(UserId, i64)>, bool) {
    let of = of.clone();
    let page = db.read(move |tx| tx.receipts(&of, after, limit(n)));
    let items = page
        .items
        .iter()
        .map(|receipt| (receipt.user_id, receipt.seen_at.as_micros()))
        .collect();
    (items, page.more)
}

fn seen_at(db: &Db, message: &Message, user: UserId) -> Option<i64> {
    let message = message.clone();
    db.read(move |tx| tx.seen_at(&message, user))
        .map(Timestamp::as_micros)
}

#[test]
fn a_message_is_seen_by_name_or_within_a_range() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[ada, bob, eve]);
    let said = ["1", "2", "3", "4", "5"].map(|text| db.say(&group, ada, text));
    db.mark(&said[4], bob, 50);
    db.mark_range(group.conversation_id, bob, [1, 2], 10);
    db.mark_range(group.conversation_id, bob, [4, 4], 20);
    let seen = [0, 1, 2, 3, 4].map(|place: usize| seen_at(&db, &said[place], bob));
    assert_eq!(seen, [Some(10), Some(10), None, Some(20), Some(50)]);
    assert_eq!(seen_at(&db, &said[0], eve), None);
}

#[test]
fn the_mark_by_name_stands_before_the_range() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let said = db.say(&group, ada, "hi");
    db.mark(&said, bob, 10);
    db.mark_range(group.conversation_id, bob, [1, 1], 20);
    assert_eq!(seen_at(&db, &said, bob), Some(10));
    assert_eq!(receipts(&db, &said, None, 9), (vec![(bob, 10)], false));
}

#[test]
fn ranges_of_another_conversation_do_not_count() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (group, other) = (
        db.group("team", &[ada, bob]),
        db.group("other", &[ada, bob]),
    );
    let said = db.say(&group, ada, "hi");
    db.say(&other, ada, "hi");
    db.mark_range(other.conversation_id, bob, [1, 1], 10);
    assert_eq!(seen_at(&db, &said, bob), None);
    assert_eq!(receipts(&db, &said, None, 9), (vec![], false));
}

#[test]
fn receipts_join_both_kinds_by_user_id() {
    let db = fresh!();
    let [ada, ranged, named, unread, late] = db.users(["ada", "ranged", "named", "unread", "late"]);
    let group = db.group("team", &[ada, ranged, named, unread, late]);
    let id = group.conversation_id;
    let said = ["1", "2", "3"].map(|text| db.say(&group, ada, text));
    db.mark_range(id, ranged, [1, 2], 10);
    db.mark(&said[1], named, 20);
    db.mark_range(id, unread, [1, 1], 30);
    db.mark_range(id, unread, [3, 3], 40);
    db.mark_range(id, late, [1, 1], 50);
    db.mark_range(id, late, [2, 3], 60);
    let all = vec![(ranged, 10), (named, 20), (late, 60)];
    assert_eq!(receipts(&db, &said[1], None, 9), (all, false));
}

#[test]
fn receipts_are_paged_by_user_id() {
    let db = fresh!();
    let [ada, one, two, three] = db.users(["ada", "one", "two", "three"]);
    let group = db.group("team", &[ada, one, two, three]);
    let said = db.say(&group, ada, "hi");
    db.mark_range(group.conversation_id, one, [1, 1], 10);
    db.mark(&said, two, 20);
    db.mark_range(group.conversation_id, three, [1, 1], 30);
    assert_eq!(receipts(&db, &said, None, 1), (vec![(one, 10)], true));
    assert_eq!(
        receipts(&db, &said, None, 2),
        (vec![(one, 10), (two, 20)], true)
    );
    assert_eq!(
        receipts(&db, &said, Some(one), 2),
        (vec![(two, 20), (three, 30)], false)
    );
    assert_eq!(
        receipts(&db, &said, Some(two), 1),
        (vec![(three, 30)], false)
    );
    assert_eq!(receipts(&db, &said, Some(three), 1), (vec![], false));
}

#[test]
fn the_sender_is_never_among_the_receipts() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let said = [db.say(&group, ada, "1"), db.say(&group, bob, "2")];
    db.mark_range(group.conversation_id, ada, [1, 2], 10);
    db.mark_range(group.conversation_id, bob, [1, 2], 20);
    db.mark(&said[0], ada, 30);
    assert_eq!(receipts(&db, &said[0], None, 9), (vec![(bob, 20)], false));
    assert_eq!(receipts(&db, &said[1], None, 9), (vec![(ada, 10)], false));
}

#[test]
fn past_members_stay_among_the_receipts() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[ada, bob, eve]);
    let said = db.say(&group, ada, "hi");
    db.mark(&said, bob, 10);
    db.mark_range(group.conversation_id, eve, [1, 1], 20);
    db.write(move |tx| {
        leave(tx, &group, bob)?;
        leave(tx, &group, eve)
    });
    let all = vec![(bob, 10), (eve, 20)];
    assert_eq!(receipts(&db, &said, None, 9), (all, false));
}

#[test]
fn a_message_is_marked_by_name_once() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let said = db.tell(ada, bob, "hi");
    db.mark(&said, bob, 10);
    let id = said.id;
    let again = db.try_write(move |tx| tx.insert_seen(id, bob, at(20)));
    assert!(matches!(again, Err(StoreError::Broken(_))), "{again:?}");
    assert_eq!(seen_at(&db, &said, bob), Some(10));
}
