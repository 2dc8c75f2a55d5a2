//! What a store promises about jobs, whatever they do.

use std::sync::mpsc::channel;
use std::thread;

use chat_domain::ports::StoreError;

use crate::harness::{Ended, begin, limit, new_user, read, scan, undo};

#[test]
fn an_error_leaves_nothing_behind() {
    let db = fresh!();
    let pending = begin(&*db.store, |tx| {
        tx.insert_user(&new_user("ada"))?;
        Err::<(), _>(undo())
    })
    .unwrap();
    assert_eq!(pending.ended(), Ended::Undone);
    assert!(db.read(|tx| tx.users(None, limit(9))).items.is_empty());
    db.user("ada");
}

#[test]
fn a_write_that_broke_off_is_never_kept() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let group = db.group("team", &[]);
    let pending = begin(&*db.store, move |tx| {
        tx.insert_user(&new_user("eve"))?;
        assert!(tx.delete_member(group.id, ada).is_err());
        Ok(())
    })
    .unwrap();
    let ended = pending.ended();
    assert!(
        matches!(ended, Ended::Failed(StoreError::Broken(_))),
        "{ended:?}"
    );
    assert_eq!(db.read(|tx| tx.users(None, limit(9))).items.len(), 1);
}

#[test]
fn a_panic_leaves_nothing_behind_and_the_store_goes_on() {
    let db = fresh!();
    let pending = begin::<()>(&*db.store, |tx| {
        tx.insert_user(&new_user("ada"))?;
        panic!("on purpose")
    })
    .unwrap();
    assert_eq!(pending.ended(), Ended::Failed(StoreError::Panicked));
    db.user("ada");
}

#[test]
fn a_panic_of_a_read_is_told_and_the_store_goes_on() {
    let db = fresh!();
    for _ in 0..3 {
        let ended = read::<()>(&*db.store, |_| panic!("on purpose"));
        assert_eq!(ended, Err(StoreError::Panicked));
        let ended = scan::<()>(&*db.store, |_| panic!("on purpose"));
        assert_eq!(ended, Err(StoreError::Panicked));
    }
    assert!(db.read(|tx| tx.users(None, limit(9))).items.is_empty());
}

#[test]
fn a_read_after_the_answer_sees_the_change() {
    let db = fresh!();
    for round in 0..50 {
        let user = db.user(&format!("user{round}"));
        assert_eq!(db.read(move |tx| tx.user(user.id)), Some(user));
    }
}

#[test]
fn a_read_sees_one_moment_from_its_first_query_on() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let (begun, wait_begun) = channel();
    let (go_on, wait_go_on) = channel();
    let store = db.store.clone();
    let reader = thread::spawn(move || {
        read(&*store, move |tx| {
            let before = tx.users(None, limit(9))?;
            begun.send(()).unwrap();
            wait_go_on.recv().unwrap();
            Ok((before, tx.users(None, limit(9))?))
        })
    });
    wait_begun.recv().unwrap();
    db.user("bob");
    go_on.send(()).unwrap();
    let (before, after) = reader.join().unwrap().unwrap();
    assert_eq!(before, after);
    assert_eq!(after.items[0].id, ada);
    assert_eq!(db.read(|tx| tx.users(None, limit(9))).items.len(), 2);
}

#[test]
fn a_scan_reads_what_a_bounded_read_does() {
    let db = fresh!();
    let user = db.user("ada");
    let found = scan(&*db.store, move |tx| tx.user(user.id)).unwrap();
    assert_eq!(found, Some(user));
}

#[test]
fn many_writers_at_once_all_get_their_answer() {
    let db = fresh!();
    let group = db.group("team", &[]);
    let threads: Vec<_> = (0..4)
        .map(|writer| {
            let store = db.store.clone();
            thread::spawn(move || {
                for round in 0..25 {
                    let user = new_user(&format!("user{writer}x{round}"));
                    crate::harness::write(&*store, move |tx| tx.insert_user(&user)).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(db.read(|tx| tx.users(None, limit(200))).items.len(), 100);
    assert!(db.read(move |tx| tx.group(group.id)).is_some());
}
