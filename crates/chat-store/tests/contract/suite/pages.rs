//! Lists of messages: both directions, both timelines, and the edges.

use chat_domain::{Message, MessageId, Timeline};

use crate::harness::{Db, ids};

fn older(
    db: &Db,
    timeline: Timeline,
    below: Option<MessageId>,
    skip: i64,
    take: i64,
) -> Vec<MessageId> {
    ids(&db.read(move |tx| tx.messages_older(timeline, below, skip, take)))
}

fn newer(db: &Db, timeline: Timeline, above: Option<MessageId>, take: i64) -> Vec<MessageId> {
    ids(&db.read(move |tx| tx.messages_newer(timeline, above, take)))
}

/// A group with five messages between those of another, the third of them deleted.
fn story(db: &Db) -> (Timeline, [MessageId; 5]) {
    let [ada] = db.users(["ada"]);
    let (group, noise) = (db.group("team", &[ada]), db.group("noise", &[ada]));
    let said: [Message; 5] = ["1", "2", "3", "4", "5"].map(|text| {
        db.say(&noise, ada, text);
        db.say(&group, ada, text)
    });
    db.delete(&said[2]);
    (
        Timeline::Conversation(group.conversation_id),
        said.map(|message| message.id),
    )
}

#[test]
fn older_ones_come_newest_first_without_the_deleted() {
    let db = fresh!();
    let (timeline, [a, b, _, d, e]) = story(&db);
    assert_eq!(older(&db, timeline, None, 0, 9), [e, d, b, a]);
    assert_eq!(older(&db, timeline, None, 0, 2), [e, d]);
}

#[test]
fn older_ones_begin_below_the_bound_even_a_deleted_one() {
    let db = fresh!();
    let (timeline, [a, b, c, d, _]) = story(&db);
    assert_eq!(older(&db, timeline, Some(d), 0, 9), [b, a]);
    assert_eq!(older(&db, timeline, Some(c), 0, 1), [b]);
    assert_eq!(older(&db, timeline, Some(a), 0, 9), []);
}

#[test]
fn skipped_ones_count_without_the_deleted() {
    let db = fresh!();
    let (timeline, [a, b, _, _, _]) = story(&db);
    assert_eq!(older(&db, timeline, None, 2, 9), [b, a]);
    assert_eq!(older(&db, timeline, None, 4, 9), []);
}

#[test]
fn newer_ones_come_oldest_first_without_the_deleted() {
    let db = fresh!();
    let (timeline, [a, b, c, d, e]) = story(&db);
    assert_eq!(newer(&db, timeline, None, 9), [a, b, d, e]);
    assert_eq!(newer(&db, timeline, Some(b), 1), [d]);
    assert_eq!(newer(&db, timeline, Some(c), 9), [d, e]);
    assert_eq!(newer(&db, timeline, Some(e), 9), []);
}

#[test]
fn an_inbox_holds_what_was_sent_to_its_user_by_whomever() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[ada, bob]);
    let first = db.tell(ada, bob, "1").id;
    db.tell(bob, ada, "from him");
    db.say(&group, ada, "to a group");
    let gone = db.tell(eve, bob, "gone");
    let second = db.tell(eve, bob, "2").id;
    db.delete(&gone);
    let inbox = Timeline::Inbox(bob);
    assert_eq!(older(&db, inbox, None, 0, 9), [second, first]);
    assert_eq!(older(&db, inbox, Some(second), 0, 9), [first]);
    assert_eq!(newer(&db, inbox, None, 9), [first, second]);
    assert_eq!(newer(&db, inbox, Some(first), 9), [second]);
    assert_eq!(newer(&db, Timeline::Inbox(eve), None, 9), []);
}
