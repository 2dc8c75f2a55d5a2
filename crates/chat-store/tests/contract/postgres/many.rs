//! Many at once beside others who write: what they hold is passed over.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use chat_domain::ports::Store;
use chat_domain::{ConversationKind, NewMessage, Recipient};

use super::fresh;
use crate::harness::{begin, words, write};

macro_rules! fresh {
    () => {
        match fresh() {
            Some(db) => db,
            None => return,
        }
    };
}

#[test]
fn a_conversation_that_another_has_locked_is_passed_over() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let (held, free) = (db.group("held", &[ada]), db.group("free", &[ada]));
    let (locked, is_locked) = channel();
    let (go_on, wait) = channel::<()>();
    let holder = held.id;
    let holding = begin(&*db.store, move |tx| {
        tx.lock_group_conversation(holder)?;
        locked.send(()).unwrap();
        // Ends by the sender's drop.
        let _ = wait.recv();
        Ok(())
    });
    is_locked.recv().unwrap();
    let of = [held.id, free.id].map(ConversationKind::Group);
    let free = Some(free.conversation_id);
    let found = db.write(move |tx| tx.lock_free_conversations(&of));
    assert_eq!(found, [None, free]);
    drop(go_on);
    holding.unwrap().ended();
    let found = db.write(move |tx| tx.lock_free_conversations(&of));
    assert_eq!(found, [Some(held.conversation_id), free]);
}

/// Sends one after the other, each in a transaction of its own.
fn one_by_one(store: &dyn Store, messages: Vec<NewMessage>) {
    for message in messages {
        let sent = write(store, move |tx| {
            tx.lock_conversation(message.conversation_id)?;
            tx.append_message(&message)
        });
        sent.unwrap();
    }
}

/// Sends what is free at once, again and again until all is sent.
fn at_once(store: &dyn Store, of: &[ConversationKind], mut messages: Vec<NewMessage>) {
    while !messages.is_empty() {
        let (of, asked) = (of.to_vec(), messages);
        let held = write(store, move |tx| {
            let free = tx.lock_free_conversations(&of)?;
            let is_free = |message: &NewMessage| free.contains(&Some(message.conversation_id));
            let (now, later): (Vec<_>, Vec<_>) = asked.iter().cloned().partition(is_free);
            tx.append_messages(&now)?;
            Ok(later)
        });
        messages = held.unwrap();
    }
}

#[test]
fn batches_and_single_sends_at_the_same_time_leave_no_gap() {
    const THREADS: usize = 4;
    const SENDS: usize = 240;
    let db = fresh!();
    let people = db.users(["ada", "bob", "eve"]);
    let groups = ["a", "b", "c"].map(|name| db.group(name, &people));
    let of: Vec<_> = groups
        .iter()
        .map(|g| ConversationKind::Group(g.id))
        .collect();
    let message = |number: usize| {
        let (group, sender) = (&groups[number % 3], people[number / 3 % 3]);
        words(
            group.conversation_id,
            sender,
            Recipient::Group(group.id),
            "x",
        )
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, of): (Arc<dyn Store>, _) = (db.store.clone(), &of);
            let messages: Vec<_> = (thread..thread + SENDS).map(message).collect();
            scope.spawn(move || match thread % 2 {
                0 => one_by_one(&*store, messages),
                _ => messages
                    .chunks(12)
                    .for_each(|some| at_once(&*store, of, some.to_vec())),
            });
        }
    });
    let mut sent = 0;
    for group in &groups {
        let id = group.conversation_id;
        let last = db
            .read(move |tx| tx.conversation(id))
            .unwrap()
            .last_seq
            .get();
        let cleared = |user| db.participant(id, user).unwrap().cleared;
        assert_eq!(people.map(cleared).iter().sum::<i64>(), last);
        sent += last;
    }
    assert_eq!(sent, i64::try_from(THREADS * SENDS).unwrap());
}
