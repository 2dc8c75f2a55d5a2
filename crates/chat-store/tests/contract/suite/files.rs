//! The port of what is known about files.

use chat_domain::{FileId, NewFile, NewFileSource};

use super::fresh;
use crate::harness::{leave, new_file, undo};

#[test]
fn a_file_comes_back_as_it_was_given() {
    let db = fresh();
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
    let db = fresh();
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
    let db = fresh();
    let id = FileId::parse(7).unwrap();
    assert_eq!(db.read(move |tx| tx.file(id)), None);
}

#[test]
fn a_file_was_sent_to_those_of_its_conversations() {
    let db = fresh();
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
    let db = fresh();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let file = db.file();
    let mut message = crate::harness::words(
        group.conversation_id,
        ada,
        chat_domain::Recipient::Group(group.id),
        "x",
    );
    message.content = chat_domain::Content::File {
        file: file.id,
        caption: None,
    };
    db.write(move |tx| tx.append_message(&message));
    assert!(db.read(move |tx| tx.file_sent_to(file.id, bob)));
    db.write(move |tx| leave(tx, &group, bob));
    assert!(!db.read(move |tx| tx.file_sent_to(file.id, bob)));
}

#[test]
fn an_undone_file_is_absent() {
    let db = fresh();
    let kept = db.file().id;
    let undone = db.try_write(|tx| {
        tx.insert_file(&new_file())?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    let next = FileId::parse(kept.get() + 1).unwrap();
    assert_eq!(db.read(move |tx| tx.file(next)), None);
}
