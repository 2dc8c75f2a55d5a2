//! The port of what is known about blobs.

use chat_domain::ports::StoreError;
use chat_domain::{Blob, BlobId};

use crate::harness::{Db, at, hash, size, stored, undo};

fn blob(db: &Db, blob: &Blob) -> Option<Blob> {
    let id = blob.id;
    db.read(move |tx| tx.blob(id))
}

#[test]
fn a_claimed_blob_is_new_unused_and_not_stored() {
    let db = fresh!();
    let claimed = db.claim(1, 3);
    assert_eq!((claimed.hash, claimed.size), (hash(1), size(5_120)));
    assert!(!claimed.stored);
    assert_eq!(blob(&db, &claimed), Some(claimed));
    assert_eq!(db.unused_blobs(3), []);
    assert_eq!(db.unused_blobs(4), [claimed.id]);
}

#[test]
fn the_same_bytes_are_one_blob() {
    let db = fresh!();
    let (one, other) = (db.claim(1, 3), db.claim(2, 3));
    assert_ne!(one.id, other.id);
    assert_eq!(db.claim(1, 5), one);
    db.write(move |tx| tx.insert_file(&stored(one.id)));
    let again = db.claim(1, 6);
    assert!(again.stored && again.id == one.id);
}

#[test]
fn bytes_of_one_hash_have_one_size() {
    let db = fresh!();
    db.claim(1, 3);
    let refused = db.try_write(|tx| tx.claim_blob(hash(1), size(1), at(4)));
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
}

#[test]
fn a_claim_protects_a_blob_that_is_unused() {
    let db = fresh!();
    let claimed = db.claim(1, 3);
    db.claim(1, 7);
    assert_eq!(db.unused_blobs(7), []);
    assert!(!db.doom(&claimed, 7));
    // A claim by a clock that is behind takes nothing of that.
    db.claim(1, 5);
    assert_eq!(db.unused_blobs(7), []);
    assert!(!db.doom(&claimed, 7));
    assert_eq!(db.unused_blobs(8), [claimed.id]);
    assert!(db.doom(&claimed, 8));
}

#[test]
fn a_blob_that_a_living_file_has_is_in_use() {
    let db = fresh!();
    let file = db.stored_file(1);
    let claimed = db.claim(1, 4);
    assert_eq!(file.blob_id, Some(claimed.id));
    assert_eq!(db.unused_blobs(99), []);
    assert!(!db.doom(&claimed, 99));
    assert!(blob(&db, &claimed).is_some());
}

#[test]
fn a_blob_is_unused_when_the_last_living_file_is_deleted() {
    let db = fresh!();
    let (one, other) = (db.stored_file(1), db.stored_file(1));
    let claimed = db.claim(1, 3);
    db.delete_file(&one, 8);
    assert_eq!(db.unused_blobs(99), []);
    assert!(!db.doom(&claimed, 99));
    db.write(move |tx| tx.delete_file(&other, at(20), at(11)));
    assert_eq!(db.unused_blobs(11), []);
    assert_eq!(db.unused_blobs(12), [claimed.id]);
    // A file that is new has it again.
    db.stored_file(1);
    assert_eq!(db.unused_blobs(99), []);
    assert!(!db.doom(&claimed, 99));
}

#[test]
fn a_file_that_lies_elsewhere_has_no_blob() {
    let db = fresh!();
    db.claim(1, 3);
    let file = db.file();
    db.delete_file(&file, 50);
    assert_eq!(db.unused_blobs(4).len(), 1);
}

#[test]
fn a_doomed_blob_is_absent_and_its_hash_is_free() {
    let db = fresh!();
    let doomed = db.claim(1, 3);
    assert!(db.doom(&doomed, 4));
    assert_eq!(blob(&db, &doomed), None);
    assert_eq!(db.write(move |tx| tx.hold_blob(doomed.id)), None);
    assert_eq!(db.unused_blobs(99), []);
    assert_eq!(db.read(|tx| tx.blobs_after(None, 9)), []);
    assert_eq!(db.read(|tx| tx.doomed_blobs(None, 9)), [doomed]);
    assert!(!db.doom(&doomed, 99), "it is doomed once");

    let next = db.claim(1, 5);
    assert_ne!(next.id, doomed.id);
    assert!(!next.stored);
    assert_eq!(blob(&db, &next), Some(next));
    // Both may be on their way out.
    assert!(db.doom(&next, 6));
    assert_eq!(db.read(|tx| tx.doomed_blobs(None, 9)), [doomed, next]);
    assert_eq!(db.read(|tx| tx.doomed_blobs(None, 1)), [doomed]);
    let after = |blob: Blob| db.read(move |tx| tx.doomed_blobs(Some(blob.id), 9));
    assert_eq!((after(doomed), after(next)), (vec![next], vec![]));
}

#[test]
fn a_missing_blob_is_not_doomed() {
    let db = fresh!();
    let missing = Blob {
        id: BlobId::parse(99).unwrap(),
        ..db.claim(1, 3)
    };
    assert!(!db.doom(&missing, 99));
    assert_eq!(blob(&db, &missing), None);
}

#[test]
fn only_a_doomed_blob_is_forgotten() {
    let db = fresh!();
    let (kept, doomed) = (db.claim(1, 3), db.claim(2, 3));
    assert!(db.doom(&doomed, 9));
    for id in [kept.id, doomed.id, doomed.id, BlobId::parse(99).unwrap()] {
        db.write(move |tx| tx.forget_blob(id));
    }
    assert_eq!(db.read(|tx| tx.doomed_blobs(None, 9)), []);
    assert_eq!(blob(&db, &kept), Some(kept));
    // Its id is not given again, so that its key is not either.
    assert!(db.claim(3, 4).id > doomed.id);
}

#[test]
fn a_held_blob_is_the_one_that_is_there() {
    let db = fresh!();
    let claimed = db.claim(1, 3);
    assert_eq!(db.write(move |tx| tx.hold_blob(claimed.id)), Some(claimed));
    let missing = BlobId::parse(99).unwrap();
    assert_eq!(db.write(move |tx| tx.hold_blob(missing)), None);
}

#[test]
fn a_lost_blob_is_not_stored_until_it_is_brought_again() {
    let db = fresh!();
    let file = db.stored_file(1);
    let id = file.blob_id.unwrap();
    db.write(move |tx| tx.blob_is_lost(id));
    let found = db.read(move |tx| tx.blob(id)).unwrap();
    assert!(!found.stored);
    assert!(!db.claim(1, 5).stored);
    // The file has it still.
    assert_eq!(db.unused_blobs(99), []);
    db.write(move |tx| tx.insert_file(&stored(id)));
    assert!(db.claim(1, 6).stored);
    db.write(move |tx| tx.blob_is_lost(id));
    db.write(move |tx| tx.blob_is_found(id));
    assert!(db.claim(1, 7).stored);
    let missing = BlobId::parse(99).unwrap();
    let lost = db.try_write(move |tx| tx.blob_is_lost(missing));
    let found = db.try_write(move |tx| tx.blob_is_found(missing));
    for refused in [lost, found] {
        assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    }
}

#[test]
fn all_blobs_are_walked_by_id_with_whether_a_file_has_them() {
    let db = fresh!();
    let used = db.stored_file(1).blob_id.unwrap();
    let doomed = db.claim(2, 3);
    let unused = db.claim(3, 3).id;
    let gone = db.stored_file(4);
    let left = gone.blob_id.unwrap();
    db.delete_file(&gone, 8);
    assert!(db.doom(&doomed, 9));
    let walk = |after, limit| {
        let found = db.read(move |tx| tx.blobs_after(after, limit));
        found
            .into_iter()
            .map(|(blob, in_use)| (blob.id, in_use))
            .collect::<Vec<_>>()
    };
    let all = [(used, true), (unused, false), (left, false)];
    assert_eq!(walk(None, 9), all);
    assert_eq!(walk(None, 2), all[..2]);
    assert_eq!(walk(Some(used), 9), all[1..]);
    assert_eq!(walk(Some(left), 9), []);
}

#[test]
fn no_more_unused_blobs_are_listed_than_asked_for() {
    let db = fresh!();
    let ids = [3, 1, 2].map(|when| db.claim(when, i64::from(when)).id);
    let found = |limit| db.read(move |tx| tx.unused_blobs(at(99), limit));
    assert_eq!(found(2), [ids[1], ids[2]]);
    assert_eq!(found(9), [ids[1], ids[2], ids[0]]);
}

#[test]
fn what_is_undone_leaves_blobs_as_they_were() {
    let db = fresh!();
    let (doomed, kept) = (db.claim(1, 3), db.claim(2, 3));
    assert!(db.doom(&doomed, 4));
    let undone = db.try_write(move |tx| {
        tx.claim_blob(hash(3), size(1), at(4))?;
        tx.claim_blob(hash(2), size(5_120), at(50))?;
        tx.insert_file(&stored(kept.id))?;
        tx.blob_is_lost(kept.id)?;
        tx.forget_blob(doomed.id)?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    let undone = db.try_write(move |tx| {
        assert!(tx.doom_blob(kept.id, at(9))?);
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(db.read(|tx| tx.doomed_blobs(None, 9)), [doomed]);
    assert_eq!(db.read(|tx| tx.blobs_after(None, 9)), [(kept, false)]);
    assert_eq!(db.unused_blobs(4), [kept.id]);
}
