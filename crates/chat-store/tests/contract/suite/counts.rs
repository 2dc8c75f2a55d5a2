//! Unseen counts: what sending, deleting and marking do to them, and the list.

use chat_domain::{Role, Unseen, UserId};

use crate::harness::{Db, join, seq};

fn unseen(db: &Db, user: UserId) -> Unseen {
    db.read(move |tx| tx.unseen(user))
}

#[test]
fn a_message_is_unseen_by_all_but_its_sender() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[ada, bob, eve]);
    db.say(&group, ada, "1");
    db.say(&group, ada, "2");
    db.say(&group, bob, "3");
    assert_eq!([ada, bob, eve].map(|user| db.unseen(user)), [1, 2, 3]);
}

#[test]
fn what_was_said_before_joining_is_not_unseen() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada]);
    db.say(&group, ada, "before");
    db.write({
        let group = group.clone();
        move |tx| join(tx, &group, bob, Role::Member)
    });
    assert_eq!(db.unseen(bob), 0);
    db.say(&group, ada, "after");
    assert_eq!(db.unseen(bob), 1);
}

#[test]
fn unseen_conversations_come_latest_message_first() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let (red, blue) = (db.group("red", &[ada, bob]), db.group("blue", &[ada, bob]));
    db.say(&red, ada, "1");
    db.tell(eve, bob, "2");
    db.say(&blue, ada, "3");
    db.tell(ada, bob, "4");
    db.say(&red, ada, "5");

    let unseen = unseen(&db, bob);
    let direct: Vec<_> = unseen
        .direct
        .iter()
        .map(|d| (d.user_id, d.username.as_str(), d.count))
        .collect();
    let groups: Vec<_> = unseen
        .groups
        .iter()
        .map(|g| (g.group_id, g.group_name.as_str(), g.count))
        .collect();
    assert_eq!(direct, [(ada, "ada", 1), (eve, "eve", 1)]);
    assert_eq!(groups, [(red.id, "red", 2), (blue.id, "blue", 1)]);
    assert_eq!(unseen.total(), 5);
}

#[test]
fn a_deleted_latest_message_still_gives_the_order() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (red, blue) = (db.group("red", &[ada, bob]), db.group("blue", &[ada, bob]));
    db.say(&red, ada, "1");
    db.say(&blue, ada, "2");
    let gone = db.say(&red, ada, "3");
    db.delete(&gone);
    let groups: Vec<_> = unseen(&db, bob)
        .groups
        .iter()
        .map(|g| (g.group_id, g.count))
        .collect();
    assert_eq!(groups, [(red.id, 1), (blue.id, 1)]);
}

#[test]
fn conversations_without_anything_unseen_are_left_out() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    db.direct(ada, bob);
    let group = db.group("team", &[ada, bob]);
    let said = db.say(&group, ada, "hi");
    db.mark(&said, bob, 7);
    assert_eq!(unseen(&db, bob), Unseen::default());
    assert_eq!(unseen(&db, ada), Unseen::default());
}

#[test]
fn deleting_clears_only_those_who_had_it_unseen() {
    let db = fresh!();
    let [ada, named, ranged, fresh_reader] = db.users(["ada", "named", "ranged", "fresh"]);
    let group = db.group("team", &[ada, named, ranged, fresh_reader]);
    let (gone, _kept) = (db.say(&group, ada, "1"), db.say(&group, ada, "2"));
    db.mark(&gone, named, 7);
    db.mark_range(group.conversation_id, ranged, [1, 1], 7);
    db.delete(&gone);
    let counts = || [ada, named, ranged, fresh_reader].map(|user| db.unseen(user));
    assert_eq!(counts(), [0, 1, 1, 1]);
    // Cleared twice would not show before there is something new.
    db.say(&group, named, "3");
    assert_eq!(counts(), [1, 1, 2, 2]);
}

#[test]
fn deleting_touches_no_other_conversation() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let gone = db.say(&group, ada, "1");
    db.tell(ada, bob, "2");
    db.delete(&gone);
    assert_eq!(db.unseen(bob), 1);
}

#[test]
fn unmarked_messages_are_living_others_and_not_marked_by_name() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[ada, bob, eve]);
    let said = ["1", "2", "3", "4", "5", "6"].map(|text| db.say(&group, ada, text));
    let own = db.say(&group, bob, "7");
    db.delete(&said[1]);
    db.mark(&said[2], bob, 7);
    db.mark(&said[3], eve, 7);
    let id = group.conversation_id;
    let count =
        |after, through| db.write(move |tx| tx.count_unmarked(id, bob, seq(after), seq(through)));
    assert_eq!(
        count(0, own.seq.get()),
        4,
        "all but the deleted, the marked and the own"
    );
    assert_eq!(count(0, 1), 1, "the end is in");
    assert_eq!(count(1, 3), 0, "the deleted and the marked");
    assert_eq!(count(3, 4), 1, "another's mark does not count");
    assert_eq!(count(5, 5), 0, "the start is out");
    let tail = db.write(move |tx| tx.count_unmarked_tail(id, bob, seq(4)));
    assert_eq!(tail, (seq(7), 2));
    let nothing = db.write(move |tx| tx.count_unmarked_tail(id, bob, seq(7)));
    assert_eq!(nothing, (seq(7), 0));
}
