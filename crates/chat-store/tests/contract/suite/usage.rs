//! Whether files are in use, and since when they may not be.

use chat_domain::FileId;
use chat_domain::ports::StoreError;

use crate::harness::{at, carrying, new_file, undo};

#[test]
fn a_new_file_is_unused_from_its_creation_on() {
    let db = fresh!();
    let file = db.file();
    assert!(!db.in_use(&file));
    assert_eq!(db.unused(3), []);
    assert_eq!(db.unused(4), [file.id]);
}

#[test]
fn a_file_that_is_sent_is_in_use() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let file = db.file();
    db.show(ada, bob, &file, None);
    assert!(db.in_use(&file));
    assert_eq!(db.unused(99), []);
}

#[test]
fn a_file_may_be_unused_again_when_a_message_that_carries_it_is_deleted() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let file = db.file();
    let sent = db.show(ada, bob, &file, None);
    db.delete(&sent);
    assert!(!db.in_use(&file));
    assert_eq!(db.unused(9), []);
    assert_eq!(db.unused(10), [file.id]);
    db.show(ada, bob, &file, None);
    assert!(db.in_use(&file));
    assert_eq!(db.unused(99), []);
}

#[test]
fn a_text_that_is_deleted_says_nothing_of_files() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let file = db.file();
    db.show(ada, bob, &file, None);
    let text = db.tell(ada, bob, "hi");
    db.delete(&text);
    assert_eq!(db.unused(99), []);
}

#[test]
fn a_file_that_another_message_carries_is_in_use_after_all() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let file = db.file();
    let sent = db.show(ada, bob, &file, None);
    db.show(ada, eve, &file, None);
    db.delete(&sent);
    // It may be unused, so it is found; it is not.
    assert_eq!(db.unused(99), [file.id]);
    assert!(db.in_use(&file));
    db.write(move |tx| tx.file_is_used(file.id));
    assert_eq!(db.unused(99), []);
}

#[test]
fn only_a_living_file_can_be_in_use_after_all() {
    let db = fresh!();
    let file = db.file();
    db.delete_file(&file, 8);
    for id in [file.id, FileId::parse(99).unwrap()] {
        let refused = db.try_write(move |tx| tx.file_is_used(id));
        assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    }
}

#[test]
fn those_unused_for_the_longest_come_first_and_no_more_than_asked_for() {
    let db = fresh!();
    let [third, first, second, late] = [7, 5, 5, 9].map(|when| {
        let mut file = new_file();
        file.at = at(when);
        db.write(move |tx| tx.insert_file(&file)).id
    });
    let found = |before, limit| db.read(move |tx| tx.unused_files(at(before), limit));
    assert_eq!(found(9, 99), [first, second, third]);
    assert_eq!(found(9, 2), [first, second]);
    assert_eq!(found(10, 99), [first, second, third, late]);
}

#[test]
fn a_deleted_file_is_not_looked_for() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (never_sent, sent) = (db.file(), db.file());
    let message = db.show(ada, bob, &sent, None);
    db.delete_file(&never_sent, 8);
    db.delete_file(&sent, 8);
    assert_eq!(db.unused(99), []);
    // Nor when the message goes that carried it.
    db.delete(&message);
    assert_eq!(db.unused(99), []);
}

#[test]
fn a_deleted_group_uses_no_file_and_tells_them_so_later() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let files = [(); 3].map(|()| db.file());
    for file in &files {
        db.share(&group, ada, file);
    }
    db.say(&group, ada, "and words");
    db.delete_group(&group);
    assert!(files.iter().all(|file| !db.in_use(file)));
    assert_eq!(db.unused(99), []);

    let [one, two, three] = files.map(|file| file.id);
    assert_eq!(db.release(2), 2);
    // Since the group was deleted, and not since they were told.
    assert_eq!(db.unused(9), []);
    assert_eq!(db.unused(10), [one, two]);
    assert_eq!(db.release(2), 1);
    assert_eq!(db.unused(10), [one, two, three]);
    assert_eq!(db.release(2), 0);
}

#[test]
fn groups_that_carry_no_file_tell_none() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let (empty, wordy) = (db.group("empty", &[ada]), db.group("wordy", &[ada]));
    db.say(&wordy, ada, "hi");
    let shown = db.share(&wordy, ada, &db.file());
    db.delete(&shown);
    db.delete_group(&empty);
    db.delete_group(&wordy);
    assert_eq!(db.release(9), 0);
}

#[test]
fn a_file_that_a_group_was_sent_often_is_told_once() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let (often, once) = (db.file(), db.file());
    for _ in 0..5 {
        db.share(&group, ada, &often);
    }
    db.share(&group, ada, &once);
    db.delete_group(&group);
    assert_eq!(db.release(9), 2);
    assert_eq!(db.unused(99), [often.id, once.id]);
}

#[test]
fn steps_go_on_from_group_to_group() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    for name in ["one", "two", "three"] {
        let group = db.group(name, &[ada]);
        db.share(&group, ada, &db.file());
        db.share(&group, ada, &db.file());
        db.delete_group(&group);
    }
    let steps = [db.release(3), db.release(3), db.release(3)];
    assert_eq!(steps, [3, 3, 0]);
    assert_eq!(db.unused(99).len(), 6);
}

#[test]
fn a_file_that_a_living_conversation_carries_too_is_in_use() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (gone, kept) = (db.group("gone", &[ada]), db.group("kept", &[ada]));
    let (here, elsewhere, nowhere) = (db.file(), db.file(), db.file());
    for file in [&here, &elsewhere, &nowhere] {
        db.share(&gone, ada, file);
    }
    db.share(&kept, ada, &here);
    db.show(ada, bob, &elsewhere, None);
    db.delete_group(&gone);
    assert!(db.in_use(&here) && db.in_use(&elsewhere) && !db.in_use(&nowhere));
}

#[test]
fn what_is_told_late_does_not_undo_what_is_known_since() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada]);
    let (before, after, deleted) = (db.file(), db.file(), db.file());
    for file in [&before, &after, &deleted] {
        db.share(&group, ada, file);
        let sent = db.show(ada, bob, file, None);
        let when = if file == &before { 6 } else { 20 };
        db.write(move |tx| tx.delete_message(&sent, at(when)));
    }
    db.delete_file(&deleted, 30);
    db.delete_group(&group);
    assert_eq!(db.release(9), 3);
    // One was in use until the group went, at 9; the other until 20.
    assert_eq!(db.unused(9), []);
    assert_eq!(db.unused(10), [before.id]);
    assert_eq!(db.unused(20), [before.id]);
    assert_eq!(db.unused(21), [before.id, after.id]);
}

#[test]
fn what_is_undone_is_forgotten() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let (kept, gone) = (db.group("kept", &[ada]), db.group("gone", &[ada]));
    let (unsent, sent, told) = (db.file(), db.file(), db.file());
    let message = db.share(&kept, ada, &sent);
    db.share(&gone, ada, &told);

    let undone = db.try_write({
        let (kept, gone) = (kept.clone(), gone.clone());
        let (unsent, message) = (unsent.clone(), message.clone());
        move |tx| {
            tx.append_message(&carrying(&kept, ada, unsent.id))?;
            tx.delete_message(&message, at(9))?;
            tx.delete_group(&gone, at(9))?;
            assert_eq!(tx.release_files(9)?, 1);
            tx.delete_file(&unsent, at(9), at(9))?;
            Err::<(), _>(undo())
        }
    });
    assert!(undone.is_err());
    assert!(!db.in_use(&unsent) && db.in_use(&sent) && db.in_use(&told));
    assert_eq!(db.unused(99), [unsent.id]);
    assert_eq!(db.release(9), 0);
    db.delete_group(&gone);
    assert_eq!(db.release(9), 1);
}
