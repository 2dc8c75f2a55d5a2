//! The port of uploads that can be resumed.

use chat_domain::ports::{StoreError, Turn};
use chat_domain::{FileId, Generation, NewUpload, StageMark, Upload, UploadId};

use crate::harness::{Db, at, new_upload, progress, size, undo};

/// The generation of an upload that nobody has taken.
const FIRST: Generation = Generation::new(0);

fn found(db: &Db, upload: &Upload) -> Option<Upload> {
    let id = upload.id;
    db.read(move |tx| tx.upload(id))
}

fn take(db: &Db, upload: UploadId) -> Option<Upload> {
    db.write(move |tx| tx.take_upload(upload))
}

fn complete(db: &Db, upload: UploadId, file: FileId) {
    let completed = db.write(move |tx| tx.complete_upload(upload, FIRST, file));
    assert_eq!(completed, Turn::Held);
}

fn staged(db: &Db) -> Vec<StageMark> {
    db.read(|tx| tx.staged_uploads())
}

#[test]
fn an_upload_comes_back_as_it_was_begun() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let of_ada = NewUpload {
        uploader_id: Some(ada),
        ..new_upload(9)
    };
    let bare = NewUpload {
        name: None,
        metadata: None,
        ..new_upload(0)
    };
    for given in [of_ada, bare] {
        let begun = db.write({
            let given = given.clone();
            move |tx| tx.insert_upload(&given)
        });
        assert_eq!(begun.uploader_id, given.uploader_id);
        assert_eq!(
            (&begun.name, &begun.metadata),
            (&given.name, &given.metadata)
        );
        assert_eq!((begun.length, begun.expires_at), (given.length, at(100)));
        assert_eq!(
            (&begun.progress, begun.file_id, begun.offset()),
            (&None, None, 0)
        );
        assert_eq!(found(&db, &begun), Some(begun.clone()));
        let id = begun.id;
        assert_eq!(db.write(move |tx| tx.lock_upload(id)), Some(begun));
    }
    assert_eq!(staged(&db), []);
}

#[test]
fn a_missing_upload_is_absent() {
    let db = fresh!();
    let id = UploadId::parse(7).unwrap();
    assert_eq!(db.read(move |tx| tx.upload(id)), None);
    assert_eq!(db.write(move |tx| tx.lock_upload(id)), None);
}

#[test]
fn an_upload_comes_as_far_as_it_was_told() {
    let db = fresh!();
    let upload = db.upload(9);
    for offset in [4, 9] {
        db.advance(&upload, offset, at(100 + offset));
        let now = found(&db, &upload).unwrap();
        assert_eq!(now.progress, Some(progress(offset)));
        assert_eq!((now.offset(), now.expires_at), (offset, at(100 + offset)));
        assert_eq!((&now.name, &now.metadata), (&upload.name, &upload.metadata));
    }
}

#[test]
fn an_upload_that_is_renewed_stays_as_far_as_it_has_come() {
    let db = fresh!();
    let [begun, gone_on] = [db.upload(9), db.upload(9)];
    db.advance(&gone_on, 4, at(100));
    for (upload, come) in [(&begun, None), (&gone_on, Some(progress(4)))] {
        let id = upload.id;
        let renewed = db.write(move |tx| tx.renew_upload(id, FIRST, at(200)));
        assert_eq!(renewed, Turn::Held);
        let renewed = Upload {
            progress: come,
            expires_at: at(200),
            ..upload.clone()
        };
        assert_eq!(found(&db, upload), Some(renewed));
    }
}

#[test]
fn an_upload_never_has_more_than_its_length() {
    let db = fresh!();
    let id = db.upload(9).id;
    let refused = db.try_write(move |tx| tx.advance_upload(id, FIRST, &progress(10), at(100)));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}

#[test]
fn an_upload_that_became_a_file_needs_no_stage() {
    let db = fresh!();
    let file = db.file().id;
    let [upload, empty] = [db.upload(9), db.upload(0)];
    db.advance(&upload, 9, at(100));
    for (upload, length) in [(&upload, 9), (&empty, 0)] {
        complete(&db, upload.id, file);
        let done = found(&db, upload).unwrap();
        assert_eq!((done.file_id, done.offset()), (Some(file), length));
        let left = done.progress.unwrap();
        assert!(left.mark.as_bytes().is_empty() && left.head.is_empty());
        assert_eq!(left.offset, size(length));
    }
    assert_eq!(staged(&db), []);
}

#[test]
fn who_is_overtaken_changes_nothing_any_more() {
    let db = fresh!();
    let (upload, file) = (db.upload(9), db.file().id);
    let id = upload.id;
    db.advance(&upload, 4, at(100));
    let first = take(&db, id).unwrap();
    assert!(first.generation > upload.generation);
    assert_eq!(first.progress, Some(progress(4)));
    db.advance(&first, 5, at(200));
    let second = take(&db, id).unwrap();
    assert!(second.generation > first.generation);
    assert_eq!(found(&db, &upload), Some(second.clone()));

    // Also at the very offset that it knows.
    for stale in [FIRST, first.generation] {
        let lost = [
            db.write(move |tx| tx.advance_upload(id, stale, &progress(6), at(300))),
            db.write(move |tx| tx.renew_upload(id, stale, at(300))),
            db.write(move |tx| tx.complete_upload(id, stale, file)),
        ];
        assert_eq!(lost, [Turn::Lost; 3]);
        assert_eq!(found(&db, &upload), Some(second.clone()));
    }
    db.advance(&second, 9, at(300));
    let held = second.generation;
    let completed = db.write(move |tx| tx.complete_upload(id, held, file));
    assert_eq!(completed, Turn::Held);
}

#[test]
fn what_is_lost_undoes_nothing_else() {
    let db = fresh!();
    let (upload, other) = (db.upload(9), db.upload(9));
    let (id, second) = (upload.id, other.id);
    take(&db, id).unwrap();
    let lost = db.write(move |tx| {
        let lost = tx.advance_upload(id, FIRST, &progress(3), at(200))?;
        assert_eq!(tx.renew_upload(second, FIRST, at(200))?, Turn::Held);
        Ok(lost)
    });
    assert_eq!(lost, Turn::Lost);
    assert_eq!(found(&db, &other).unwrap().expires_at, at(200));
}

#[test]
fn one_that_is_a_file_or_gone_is_not_taken() {
    let db = fresh!();
    let (done, gone) = (db.upload(9), db.upload(9).id);
    complete(&db, done.id, db.file().id);
    db.write(move |tx| tx.delete_upload(gone));
    let before = found(&db, &done);
    assert_eq!(take(&db, done.id), before);
    assert_eq!(found(&db, &done), before);
    assert_eq!(take(&db, gone), None);
}

#[test]
fn an_upload_ends_once() {
    let db = fresh!();
    let file = db.file().id;
    let (done, gone) = (db.upload(9).id, db.upload(9).id);
    complete(&db, done, file);
    db.write(move |tx| tx.delete_upload(gone));
    let refused = [
        db.try_write(move |tx| tx.complete_upload(done, FIRST, file)),
        db.try_write(move |tx| tx.advance_upload(done, FIRST, &progress(3), at(100))),
        db.try_write(move |tx| tx.renew_upload(done, FIRST, at(100))),
        db.try_write(move |tx| tx.complete_upload(gone, FIRST, file)),
        db.try_write(move |tx| tx.advance_upload(gone, FIRST, &progress(3), at(100))),
        db.try_write(move |tx| tx.renew_upload(gone, FIRST, at(100))),
        db.try_write(move |tx| tx.delete_upload(gone).map(|()| Turn::Held)),
    ];
    for (number, refused) in refused.into_iter().enumerate() {
        let broken = matches!(refused, Err(StoreError::Broken(_)));
        assert!(broken, "{number}: {refused:?}");
    }
}

#[test]
fn a_removed_upload_is_absent() {
    let db = fresh!();
    let (gone, kept) = (db.upload(9), db.upload(9));
    db.advance(&gone, 4, at(100));
    let id = gone.id;
    db.write(move |tx| tx.delete_upload(id));
    assert_eq!(found(&db, &gone), None);
    assert_eq!(staged(&db), []);
    assert_eq!(found(&db, &kept), Some(kept));
    // Its id is not given again.
    assert!(db.upload(9).id > id);
}

#[test]
fn what_is_staged_is_what_has_come_to_no_file() {
    let db = fresh!();
    let file = db.file().id;
    let [one, other, done, _untouched] = [(); 4].map(|()| db.upload(9));
    db.advance(&one, 4, at(100));
    db.advance(&other, 5, at(1));
    db.advance(&done, 9, at(100));
    complete(&db, done.id, file);
    assert_eq!(staged(&db), [progress(4).mark, progress(5).mark]);
}

#[test]
fn expired_uploads_are_found_the_oldest_first() {
    let db = fresh!();
    let [late, first, second] = [9, 5, 7].map(|when| {
        let mut upload = new_upload(9);
        upload.expires_at = at(when);
        db.write(move |tx| tx.insert_upload(&upload))
    });
    let expired = |before, limit| db.read(move |tx| tx.expired_uploads(at(before), limit));
    assert_eq!(expired(5, 9), []);
    assert_eq!(expired(9, 9), [first.id, second.id]);
    assert_eq!(expired(10, 2), [first.id, second.id]);
    assert_eq!(expired(10, 9), [first.id, second.id, late.id]);
    // Going on puts it off, and one that expired is found by its id still.
    db.advance(&first, 1, at(50));
    assert_eq!(expired(10, 9), [second.id, late.id]);
    assert_eq!(found(&db, &second), Some(second));
}

#[test]
fn the_uploads_of_a_user_are_found_whatever_has_become_of_them() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let begin = |uploader_id| {
        let upload = NewUpload {
            uploader_id,
            ..new_upload(9)
        };
        db.write(move |tx| tx.insert_upload(&upload)).id
    };
    let [first, of_bob, _, last] = [Some(ada), Some(bob), None, Some(ada)].map(begin);
    complete(&db, last, db.file().id);
    let of = |user| db.read(move |tx| tx.uploads_of(user));
    assert_eq!(of(ada), [first, last]);
    assert_eq!(of(bob), [of_bob]);
}

#[test]
fn what_is_undone_leaves_uploads_as_they_were() {
    let db = fresh!();
    let (upload, other) = (db.upload(9), db.upload(9));
    db.advance(&upload, 4, at(100));
    let file = db.file().id;
    let before = found(&db, &upload);
    let (id, gone) = (upload.id, other.id);
    let undone = db.try_write(move |tx| {
        let begun = tx.insert_upload(&new_upload(1))?;
        let held = tx.take_upload(id)?.unwrap().generation;
        assert_eq!(
            tx.advance_upload(id, held, &progress(9), at(200))?,
            Turn::Held
        );
        assert_eq!(tx.complete_upload(id, held, file)?, Turn::Held);
        tx.delete_upload(gone)?;
        assert!(tx.upload(begun.id)?.is_some());
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(found(&db, &upload), before);
    assert_eq!(found(&db, &other), Some(other));
    let next = UploadId::parse(gone.get() + 1).unwrap();
    assert_eq!(db.read(move |tx| tx.upload(next)), None);
}
