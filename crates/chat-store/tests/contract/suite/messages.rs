//! The port of messages: sending, finding, deleting.

use chat_domain::ports::StoreError;
use chat_domain::{Content, MessageId, Recipient, Timeline};

use crate::harness::{at, limit, seq, words};

#[test]
fn a_message_comes_back_as_it_was_sent() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let text = " \u{202e}עברית 👩‍💻\n\u{7}";
    let sent = db.tell(ada, bob, text);
    assert_eq!(sent.content.text(), Some(text));
    assert_eq!(sent.sender_id, ada);
    assert_eq!(sent.recipient, Recipient::User(bob));
    assert_eq!(sent.conversation_id, db.direct(ada, bob).id);
    assert_eq!((sent.created_at, sent.updated_at), (at(5), at(5)));
    let id = sent.id;
    assert_eq!(db.read(move |tx| tx.message(id)), Some(sent.clone()));
    assert_eq!(db.write(move |tx| tx.lock_message(id)), Some(sent));
}

#[test]
fn a_message_carries_its_file() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let file = db.file();
    let sent = db.show(ada, bob, &file, Some("look"));
    let bare = db.show(ada, bob, &file, None);
    assert_eq!(sent.content.file(), Some(&file));
    assert_eq!(sent.content.text(), Some("look"));
    assert!(matches!(bare.content, Content::Image { caption: None, .. }));
    for message in [sent, bare] {
        let id = message.id;
        assert_eq!(db.read(move |tx| tx.message(id)), Some(message));
    }
}

#[test]
fn places_count_without_gaps_in_each_conversation() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (one, two) = (db.group("one", &[ada]), db.group("two", &[ada]));
    let places = [
        db.say(&one, ada, "a"),
        db.say(&two, ada, "b"),
        db.say(&one, ada, "c"),
        db.tell(ada, bob, "d"),
        db.say(&one, ada, "e"),
    ]
    .map(|message| message.seq.get());
    assert_eq!(places, [1, 1, 2, 1, 3]);
}

#[test]
fn an_undone_message_leaves_no_gap() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    db.say(&group, ada, "one");
    let message = words(
        group.conversation_id,
        ada,
        Recipient::Group(group.id),
        "never",
    );
    let undone = db.try_write(move |tx| {
        tx.append_message(&message)?;
        Err::<(), _>(crate::harness::undo())
    });
    assert!(undone.is_err());
    assert_eq!(db.say(&group, ada, "two").seq, seq(2));
}

#[test]
fn message_ids_grow_across_conversations() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let sent = [
        db.tell(ada, bob, "1"),
        db.tell(eve, bob, "2"),
        db.tell(bob, ada, "3"),
    ];
    assert!(sent.is_sorted_by(|a, b| a.id < b.id));
}

#[test]
fn who_takes_no_part_can_not_send() {
    let db = fresh!();
    let [ada, eve] = db.users(["ada", "eve"]);
    let group = db.group("team", &[ada]);
    let message = words(group.conversation_id, eve, Recipient::Group(group.id), "hi");
    let refused = db.try_write(move |tx| tx.append_message(&message));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(db.say(&group, ada, "first").seq, seq(1));
}

#[test]
fn a_deleted_message_is_absent_and_keeps_its_place() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let (gone, kept) = (db.say(&group, ada, "gone"), db.say(&group, ada, "kept"));
    db.delete(&gone);
    let id = gone.id;
    assert_eq!(db.read(move |tx| tx.message(id)), None);
    assert_eq!(db.write(move |tx| tx.lock_message(id)), None);
    assert_eq!(db.read(move |tx| tx.message(kept.id)).unwrap().seq, seq(2));
    assert_eq!(db.say(&group, ada, "next").seq, seq(3));
}

#[test]
fn a_message_is_deleted_once() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let said = db.say(&group, ada, "hi");
    db.delete(&said);
    let again = db.try_write(move |tx| tx.delete_message(&said, at(9)));
    assert!(matches!(again, Err(StoreError::Broken(_))), "{again:?}");
    assert_eq!(db.unseen(bob), 0);
}

#[test]
fn a_deleted_message_stands_on_its_timeline_still() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let sent = db.tell(ada, bob, "hi");
    let other = db.direct(ada, eve).id;
    db.delete(&sent);
    let holds = |timeline, id| db.read(move |tx| tx.timeline_contains(timeline, id));
    assert!(holds(Timeline::Conversation(sent.conversation_id), sent.id));
    assert!(holds(Timeline::Inbox(bob), sent.id));
    assert!(!holds(Timeline::Conversation(other), sent.id));
    assert!(!holds(Timeline::Inbox(ada), sent.id));
    assert!(!holds(Timeline::Inbox(bob), MessageId::parse(99).unwrap()));
}

#[test]
fn what_a_deleted_message_said_is_gone_from_every_list() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let sent = db.show(ada, bob, &db.file(), Some("secret"));
    db.mark(&sent, bob, 7);
    db.delete(&sent);
    let timeline = Timeline::Conversation(sent.conversation_id);
    assert!(
        db.read(move |tx| tx.messages_older(timeline, None, 0, 9))
            .is_empty()
    );
    // Who had seen it stays known to whoever holds the message itself.
    let receipts = db.read(move |tx| tx.receipts(&sent, None, limit(9)));
    assert_eq!(receipts.items.len(), 1);
}
