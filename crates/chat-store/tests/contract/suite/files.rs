//! The port of what is known about files.

use chat_domain::ports::StoreError;
use chat_domain::{BlobId, FileId, FileUrl, NewFile, NewFileSource, Role, Timeline};

use crate::harness::{at, join, leave, new_file, size, stored, undo};

#[test]
fn a_file_comes_back_as_it_was_given() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let given = NewFile {
        uploader_id: Some(ada),
        ..new_file()
    };
    let stored = db.write({
        let given = given.clone();
        move |tx| tx.insert_file(&given)
    });
    assert_eq!(given.source, NewFileSource::External(stored.url.clone()));
    assert_eq!(stored.name, given.name);
    assert!(stored.blob_id.is_none() && !stored.deleted);
    assert_eq!(
        (&stored.media_type, stored.size),
        (&given.media_type, given.size)
    );
    assert_eq!(
        (stored.uploader_id, stored.created_at),
        (Some(ada), given.at)
    );
    assert_eq!(db.read(move |tx| tx.file(stored.id)), Some(stored));
}

#[test]
fn what_is_not_known_about_a_file_stays_unknown() {
    let db = fresh!();
    let stored = db.write(|tx| {
        tx.insert_file(&NewFile {
            name: None,
            size: None,
            media_type: None,
            ..new_file()
        })
    });
    assert!(stored.name.is_none() && stored.size.is_none() && stored.media_type.is_none());
    assert_eq!(db.read(move |tx| tx.file(stored.id)), Some(stored));
}

#[test]
fn a_missing_file_is_absent() {
    let db = fresh!();
    let id = FileId::parse(7).unwrap();
    assert_eq!(db.read(move |tx| tx.file(id)), None);
}

#[test]
fn a_file_was_sent_to_those_of_its_conversations() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let (file, unsent) = (db.file(), db.file());
    let message = db.show(ada, bob, &file, None);
    let sent = |id, user| db.read(move |tx| tx.file_sent_to(id, user));
    assert!(sent(file.id, ada) && sent(file.id, bob));
    assert!(!sent(file.id, eve));
    assert!(!sent(unsent.id, bob));
    db.delete(&message);
    assert!(!sent(file.id, bob), "the message is deleted");
    db.show(ada, bob, &file, None);
    assert!(sent(file.id, bob), "it was sent again");
}

#[test]
fn a_file_is_not_for_those_who_left() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let file = db.file();
    db.share(&group, ada, &file);
    assert!(db.read(move |tx| tx.file_sent_to(file.id, bob)));
    db.write(move |tx| leave(tx, &group, bob));
    assert!(!db.read(move |tx| tx.file_sent_to(file.id, bob)));
}

#[test]
fn a_file_is_found_between_other_conversations_of_both() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let file = db.file();
    let sent = |user| db.read(move |tx| tx.file_sent_to(file.id, user));
    let groups: Vec<_> = (0..12)
        .map(|number| {
            // By turns Ada is alone with the file, Bob without it.
            let member = if number % 3 == 1 { bob } else { ada };
            let group = db.group(&format!("group {number}"), &[member]);
            if member == ada {
                db.share(&group, ada, &file);
            }
            group
        })
        .collect();
    assert!(sent(ada) && !sent(bob) && !sent(eve));
    for number in [0, 5, 11] {
        let (group, same) = (groups[number].clone(), groups[number].clone());
        db.write(move |tx| join(tx, &group, bob, Role::Member));
        assert!(sent(bob), "in group {number}");
        db.write(move |tx| leave(tx, &same, bob));
        assert!(!sent(bob), "out of group {number}");
    }
}

#[test]
fn an_undone_file_is_absent() {
    let db = fresh!();
    let kept = db.file().id;
    let undone = db.try_write(|tx| {
        tx.insert_file(&new_file())?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    let next = FileId::parse(kept.get() + 1).unwrap();
    assert_eq!(db.read(move |tx| tx.file(next)), None);
}

#[test]
fn a_file_whose_bytes_are_kept_has_the_url_that_serves_them() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let blob = db.claim(1, 3);
    assert!(!blob.stored);
    let given = NewFile {
        uploader_id: Some(ada),
        ..stored(blob.id)
    };
    let file = db.write(move |tx| tx.insert_file(&given));
    assert_eq!(file.url, FileUrl::of_content(file.id));
    assert_eq!(
        (file.blob_id, file.size),
        (Some(blob.id), Some(size(5_120)))
    );
    let (id, blob_id) = (file.id, blob.id);
    assert_eq!(db.read(move |tx| tx.file(id)), Some(file));
    // Its bytes are there.
    assert!(db.read(move |tx| tx.blob(blob_id)).unwrap().stored);
}

#[test]
fn a_file_without_its_blob_is_not_stored() {
    let db = fresh!();
    let doomed = db.claim(1, 3);
    assert!(db.doom(&doomed, 9));
    for blob in [doomed.id, BlobId::parse(99).unwrap()] {
        let refused = db.try_write(move |tx| tx.insert_file(&stored(blob)));
        assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    }
    assert_eq!(db.unused(99), []);
}

#[test]
fn a_locked_file_is_the_living_one() {
    let db = fresh!();
    let (file, gone) = (db.stored_file(1), db.file());
    db.delete_file(&gone, 8);
    let lock = |id| db.write(move |tx| tx.lock_file(id));
    assert_eq!(lock(file.id), Some(file));
    assert_eq!(lock(gone.id), None);
    assert_eq!(lock(FileId::parse(99).unwrap()), None);
}

#[test]
fn a_deleted_file_is_absent_and_its_messages_say_that_it_is_deleted() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    for file in [db.file(), db.stored_file(1)] {
        let message = db.show(ada, bob, &file, Some("look"));
        db.delete_file(&file, 8);
        assert_eq!(db.read(move |tx| tx.file(file.id)), None);

        let (id, timeline) = (message.id, Timeline::Conversation(message.conversation_id));
        let found = db.read(move |tx| tx.message(id)).unwrap();
        let left = found.content.file().unwrap().clone();
        assert!(left.deleted && left.blob_id.is_none());
        assert!(left.name.is_none() && left.size.is_none() && left.media_type.is_none());
        assert_eq!((left.id, left.url), (file.id, FileUrl::of_content(file.id)));
        assert_eq!((left.created_at, left.updated_at), (at(3), at(8)));
        assert_eq!(found.content.text(), Some("look"));
        let page = db.read(move |tx| tx.messages_older(timeline, None, 0, 1));
        assert_eq!(page, [found]);
    }
}

#[test]
fn a_file_is_deleted_once() {
    let db = fresh!();
    let file = db.stored_file(1);
    db.delete_file(&file, 8);
    let again = db.try_write(move |tx| tx.delete_file(&file, at(9), at(9)));
    assert!(matches!(again, Err(StoreError::Broken(_))), "{again:?}");
}

#[test]
fn a_deleted_file_can_not_be_sent() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[ada]);
    let file = db.file();
    db.delete_file(&file, 8);
    let message = crate::harness::carrying(&group, ada, file.id);
    let refused = db.try_write(move |tx| tx.append_message(&message));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(db.say(&group, ada, "first").seq.get(), 1);
}

#[test]
fn an_undone_deletion_leaves_the_file_as_it_was() {
    let db = fresh!();
    let file = db.stored_file(1);
    let undone = db.try_write({
        let file = file.clone();
        move |tx| {
            tx.delete_file(&file, at(8), at(8))?;
            assert_eq!(tx.file(file.id)?, None);
            Err::<(), _>(undo())
        }
    });
    assert!(undone.is_err());
    assert_eq!(db.unused(99), [file.id]);
    assert_eq!(db.unused_blobs(99), []);
    assert_eq!(db.read(move |tx| tx.file(file.id)), Some(file));
}
