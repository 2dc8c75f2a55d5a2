//! Closing a store: what was accepted is done, and nothing after.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use chat_domain::ports::{Outcome, Store, StoreError, Verdict, WriteJob, WriteTx};
use chat_store::{SqliteOptions, SqliteStore};

use super::World;
use crate::harness::{Ended, begin, limit, new_user, read, scan, write};

#[test]
fn a_closed_store_hands_jobs_back() {
    let world = World::new();
    world.store.close();
    let closed = Err(StoreError::Unavailable("closed".into()));
    assert_eq!(write(&*world.store, |_| Ok(())), closed);
    assert_eq!(read(&*world.store, |_| Ok(())), closed);
    assert_eq!(scan(&*world.store, |_| Ok(())), closed);
}

#[test]
fn closing_again_does_nothing() {
    let world = World::new();
    world.store.close();
    world.store.close();
}

#[test]
fn who_closes_at_the_same_time_waits_too() {
    let world = World::new();
    let (inside, is_inside) = channel();
    let (go_on, wait) = channel::<()>();
    let done = Arc::new(AtomicBool::new(false));
    let (store, ended) = (world.store.clone(), Arc::clone(&done));
    let scanning = std::thread::spawn(move || {
        scan(&*store, move |_| {
            inside.send(()).unwrap();
            let _ = wait.recv();
            ended.store(true, Ordering::SeqCst);
            Ok(())
        })
    });
    is_inside.recv().unwrap();
    let closing = [0; 2].map(|_| {
        let (store, done) = (world.store.clone(), Arc::clone(&done));
        std::thread::spawn(move || {
            store.close();
            done.load(Ordering::SeqCst)
        })
    });
    drop(go_on);
    assert!(
        closing
            .map(|thread| thread.join().unwrap())
            .iter()
            .all(|&done| done)
    );
    scanning.join().unwrap().unwrap();
}

/// Whoever takes the queue away must not wait for somebody who waits for the queue to end.
#[test]
fn closing_at_the_same_time_comes_to_an_end() {
    for _ in 0..60 {
        let world = World::new();
        let barrier = Arc::new(Barrier::new(4));
        let (closed, is_closed) = channel();
        for _ in 0..4 {
            let (store, barrier) = (world.store.clone(), Arc::clone(&barrier));
            let closed = closed.clone();
            std::thread::spawn(move || {
                barrier.wait();
                store.close();
                closed.send(()).unwrap();
            });
        }
        for _ in 0..4 {
            let ended = is_closed.recv_timeout(Duration::from_secs(20));
            ended.expect("every close comes to an end");
        }
    }
}

#[test]
fn queued_jobs_are_done_before_the_store_closes() {
    let world = World::new();
    let hold = world.hold_writer();
    let pending: Vec<_> = (0..20)
        .map(|n| {
            let user = new_user(&format!("user{n}"));
            begin(&*world.store, move |tx| tx.insert_user(&user)).unwrap()
        })
        .collect();
    let store = world.store.clone();
    let closing = std::thread::spawn(move || store.close());
    drop(hold);
    closing.join().unwrap();
    assert!(
        pending
            .into_iter()
            .all(|job| job.ended() == Ended::Committed)
    );

    let again = SqliteStore::open(&SqliteOptions::new(world.path())).unwrap();
    let users = read(&again, |tx| tx.users(None, limit(50))).unwrap();
    assert_eq!(users.items.len(), 20);
}

#[test]
fn a_closed_database_is_one_file_without_a_log_beside_it() {
    let world = World::new();
    world.db().user("ada");
    world.store.close();
    let wal = world.dir.path().join("chat.db-wal");
    assert!(!wal.exists() || std::fs::metadata(wal).unwrap().len() == 0);
}

/// Holds the store, perhaps as the last one.
struct Holder(Option<Arc<SqliteStore>>, std::sync::mpsc::Sender<()>);

impl WriteJob for Holder {
    fn run(&mut self, _: &mut dyn WriteTx) -> Verdict {
        Verdict::Keep
    }

    fn finish(mut self: Box<Self>, _: Outcome<'_>) {
        self.0 = None;
        self.1.send(()).unwrap();
    }
}

#[test]
fn the_last_to_hold_the_store_may_be_a_job() {
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(dir.path().join("chat.db"));
    let store = Arc::new(SqliteStore::open(&options).unwrap());
    let (dropped, wait) = channel();
    let job = Holder(Some(store.clone()), dropped);
    assert!(store.submit(Box::new(job)).is_ok());
    drop(store);
    wait.recv_timeout(Duration::from_secs(20)).unwrap();
}

#[test]
fn a_read_may_close_the_store() {
    let world = World::new();
    let store = world.store.clone();
    let (closed, wait) = channel();
    std::thread::spawn(move || {
        let inner = store.clone();
        let read = read(&*store, move |_| {
            inner.close();
            Ok(())
        });
        closed.send(read).unwrap();
    });
    let read = wait.recv_timeout(Duration::from_secs(20));
    assert_eq!(read.unwrap(), Ok(()));
}
