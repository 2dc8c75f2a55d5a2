//! Triggers that a host has put on the chat's tables: what they write beside changes nothing of ours, and
//! a row that one of them drops is missed.

use chat_domain::ports::StoreError;
use chat_domain::{
    Actor, ConversationId, Fingerprint, Group, IdempotencyKey, KeptAnswer, Recipient, UserId,
};
use diesel::connection::SimpleConnection;

use super::World;
use crate::harness::{at, words};

/// A group of one, in a database with this trigger.
fn with_trigger(sql: &str) -> (World, Group, UserId) {
    let world = World::new();
    let db = world.db();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    world.stranger().batch_execute(sql).unwrap();
    (world, group, ada)
}

fn last_seq(world: &World, id: ConversationId) -> i64 {
    let conversation = world.db().read(move |tx| tx.conversation(id));
    conversation.unwrap().last_seq.get()
}

#[test]
fn a_message_has_its_own_id_whatever_a_trigger_inserts() {
    let (world, group, ada) = with_trigger(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, message_id INTEGER);
         INSERT INTO notes (id) VALUES (70);
         CREATE VIRTUAL TABLE notes_words USING fts5 (content);
         INSERT INTO notes_words (rowid, content) VALUES (90, 'old');
         CREATE TRIGGER notes_before BEFORE INSERT ON messages BEGIN
             INSERT INTO notes (message_id) VALUES (new.id);
         END;
         CREATE TRIGGER notes_after AFTER INSERT ON messages BEGIN
             INSERT INTO notes_words (content) VALUES (new.content);
             INSERT INTO notes (message_id) VALUES (new.id);
         END;",
    );
    let db = world.db();
    for id in 1..=3 {
        let message = words(group.conversation_id, ada, Recipient::Group(group.id), "hi");
        let sent = db.write(move |tx| tx.append_message(&message));
        assert_eq!(sent.id.get(), id);
        let stored = db.read(move |tx| tx.message(sent.id));
        assert_eq!(stored, Some(sent));
    }
}

#[test]
fn a_message_that_a_trigger_drops_was_not_sent() {
    let (world, group, ada) = with_trigger(
        "CREATE TRIGGER notes_drop BEFORE INSERT ON messages WHEN new.content = 'spam' BEGIN
             SELECT RAISE(IGNORE);
         END;",
    );
    let db = world.db();
    let say = |text: &str| {
        let message = words(group.conversation_id, ada, Recipient::Group(group.id), text);
        db.try_write(move |tx| tx.append_message(&message))
    };
    assert_eq!(say("one").unwrap().seq.get(), 1);
    let dropped = say("spam");
    assert!(matches!(dropped, Err(StoreError::Broken(_))), "{dropped:?}");
    assert_eq!(last_seq(&world, group.conversation_id), 1);
    assert_eq!(say("two").unwrap().seq.get(), 2);
}

#[test]
fn an_answer_that_a_trigger_drops_was_not_kept() {
    let (world, _, ada) = with_trigger(
        "CREATE TRIGGER notes_drop BEFORE INSERT ON idempotency_keys BEGIN
             SELECT RAISE(IGNORE);
         END;",
    );
    let dropped = world.db().try_write(move |tx| {
        tx.keep_answer(&KeptAnswer {
            actor: Actor::User(ada),
            key: IdempotencyKey::parse("key").unwrap(),
            fingerprint: Fingerprint::from_bytes([7; 32]),
            answer: b"done".to_vec(),
            at: at(5),
        })
    });
    assert!(matches!(dropped, Err(StoreError::Broken(_))), "{dropped:?}");
}

/// No host may do this. What is remembered is then not so; that is found out before anything is stored.
#[test]
fn a_place_that_a_trigger_has_moved_is_not_taken_from_memory() {
    let (world, group, ada) = with_trigger(
        "CREATE TRIGGER notes_move AFTER INSERT ON messages BEGIN
             UPDATE conversations SET last_seq = last_seq + 5;
         END;",
    );
    let db = world.db();
    let say = || {
        let message = words(group.conversation_id, ada, Recipient::Group(group.id), "hi");
        db.try_write(move |tx| tx.append_message(&message))
    };
    assert_eq!(say().unwrap().seq.get(), 1);
    let astray = say();
    assert!(matches!(astray, Err(StoreError::Broken(_))), "{astray:?}");
    assert_eq!(last_seq(&world, group.conversation_id), 6);
    // What was remembered is forgotten with that.
    assert_eq!(say().unwrap().seq.get(), 7);
}
