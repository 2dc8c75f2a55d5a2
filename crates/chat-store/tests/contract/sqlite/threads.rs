//! Which thread a job runs on, and what a reader is kept from.

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use chat_domain::ports::{Cost, StoreError, StoreResult};

use super::World;
use crate::harness::{new_user, read, read_at, scan};

#[test]
fn a_bounded_read_runs_on_the_callers_thread() {
    let world = World::new();
    let ran = read(&*world.store, |_| Ok(thread::current().id()));
    assert_eq!(ran, Ok(thread::current().id()));
}

#[test]
fn a_scan_runs_on_another_thread() {
    let world = World::new();
    let ran = scan(&*world.store, |_| Ok(thread::current().id())).unwrap();
    assert_ne!(ran, thread::current().id());
}

/// A read that has begun, and lasts until the sender is dropped.
pub(super) fn begin_read(world: &World, cost: Cost) -> (Sender<()>, JoinHandle<StoreResult<()>>) {
    let (inside, is_inside) = channel();
    let (go_on, wait) = channel::<()>();
    let store = world.store.clone();
    let busy = thread::spawn(move || {
        read_at(&*store, cost, move |_| {
            inside.send(()).unwrap();
            let _ = wait.recv();
            Ok(())
        })
    });
    is_inside.recv().unwrap();
    (go_on, busy)
}

#[test]
fn without_a_free_reader_a_read_is_handed_back() {
    let world = World::with(|options| options.readers(1).scans(1));
    world.open_readers(2);
    let busy = [Cost::Bounded; 2].map(|cost| begin_read(&world, cost));
    assert_eq!(read(&*world.store, |_| Ok(())), Err(StoreError::Overloaded));
    for (go_on, busy) in busy {
        drop(go_on);
        busy.join().unwrap().unwrap();
    }
    assert_eq!(read(&*world.store, |_| Ok(())), Ok(()));
}

#[test]
fn scans_leave_bounded_reads_their_connections() {
    let world = World::with(|options| options.readers(1).scans(2));
    world.open_readers(3);
    let busy = [Cost::Scan; 2].map(|cost| begin_read(&world, cost));
    assert_eq!(read(&*world.store, |_| Ok(())), Ok(()));
    for (go_on, busy) in busy {
        drop(go_on);
        busy.join().unwrap().unwrap();
    }
}

#[test]
fn a_read_may_use_the_store_itself() {
    let world = World::new();
    let store = world.store.clone();
    let user = read(&*world.store, move |_| -> StoreResult<_> {
        crate::harness::write(&*store, |tx| tx.insert_user(&new_user("ada")))
    })
    .unwrap();
    assert_eq!(world.db().read(move |tx| tx.user(user.id)), Some(user));
}
