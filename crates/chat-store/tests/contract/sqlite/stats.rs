//! What the store counts of its own work.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use chat_domain::ports::{Cost, Figure, Histogram, Measured, StoreError};
use chat_store::{SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;

use super::World;
use super::native::{break_commit, native};
use super::threads::begin_read;
use crate::harness::{Ended, begin, new_user, scan, undo, write};

fn figure(world: &World, name: &str) -> Figure {
    let all = world.store.measure();
    let mut found = all.into_iter().filter(|one| one.name == name);
    let one = found.next().unwrap_or_else(|| panic!("there is no {name}"));
    assert!(found.next().is_none(), "{name} is told twice");
    one.figure
}

#[track_caller]
fn gauge(world: &World, name: &str) -> u64 {
    match figure(world, name) {
        Figure::Gauge(now) => now,
        other => panic!("{name} is {other:?}"),
    }
}

#[track_caller]
fn histogram(world: &World, name: &str) -> Histogram {
    match figure(world, name) {
        Figure::Histogram(values) => values,
        other => panic!("{name} is {other:?}"),
    }
}

fn batches(world: &World) -> Histogram {
    histogram(world, "chat_store_batch_jobs")
}

fn commits(world: &World) -> u64 {
    histogram(world, "chat_store_commit_duration_seconds").count()
}

fn failed(world: &World) -> Figure {
    figure(world, "chat_store_batches_failed_total")
}

fn waiting(world: &World) -> u64 {
    gauge(world, "chat_store_writes_waiting")
}

#[test]
fn writes_wait_while_the_writer_is_held() {
    let world = World::with(|options| options.queue(3));
    assert_eq!(gauge(&world, "chat_store_queue_capacity"), 3);
    let hold = world.hold_writer();
    assert_eq!(waiting(&world), 0, "what runs waits no more");
    let user = |name: &'static str| begin(&*world.store, move |tx| tx.insert_user(&new_user(name)));
    let pending = ["ada", "bob", "eve"].map(|name| user(name).unwrap());
    assert_eq!(waiting(&world), 3);
    assert!(matches!(user("late"), Err(StoreError::Overloaded)));
    assert_eq!(waiting(&world), 3, "what is refused does not wait");
    drop(hold);
    for job in pending {
        assert_eq!(job.ended(), Ended::Committed);
    }
    assert_eq!(waiting(&world), 0);
}

#[test]
fn writes_beyond_a_batch_go_on_waiting() {
    let world = World::with(|options| options.max_batch(2));
    let hold = world.hold_writer();
    let (inside, is_inside) = channel();
    let (go_on, wait) = channel::<()>();
    let next = begin(&*world.store, move |_| {
        inside.send(()).unwrap();
        // Ends when the other side is dropped.
        let _ = wait.recv();
        Ok(())
    })
    .unwrap();
    let behind = ["ada", "bob"]
        .map(|name| begin(&*world.store, move |tx| tx.insert_user(&new_user(name))).unwrap());
    drop(hold);
    is_inside.recv().unwrap();
    assert_eq!(
        waiting(&world),
        1,
        "one of the two is in the batch that runs"
    );
    drop(go_on);
    assert_eq!(next.ended(), Ended::Committed);
    for job in behind {
        assert_eq!(job.ended(), Ended::Committed);
    }
    assert_eq!(waiting(&world), 0);
}

#[test]
fn what_a_slow_batch_leaves_to_the_next_is_taken_once() {
    let world = World::with(|options| SqliteOptions::new(options.path()));
    let hold = world.hold_writer();
    let slow = begin(&*world.store, |_| {
        thread::sleep(Duration::from_millis(80));
        Ok(())
    })
    .unwrap();
    let next = begin(&*world.store, |tx| tx.insert_user(&new_user("ada"))).unwrap();
    drop(hold);
    let ends = (slow.ended(), next.ended());
    assert_eq!(ends, (Ended::Committed, Ended::Committed));
    assert_eq!((batches(&world).count(), waiting(&world)), (3, 0));
}

#[test]
fn a_batch_counts_its_jobs_and_its_commit() {
    let world = World::new();
    assert_eq!((batches(&world).count(), commits(&world)), (0, 0));
    let hold = world.hold_writer();
    let pending = ["ada", "bob", "eve"]
        .map(|name| begin(&*world.store, move |tx| tx.insert_user(&new_user(name))).unwrap());
    drop(hold);
    for job in pending {
        job.ended();
    }
    // The one that held the writer, and the three behind it.
    let batches = batches(&world);
    assert_eq!((batches.count(), batches.sum), (2, 4.0));
    assert_eq!(batches.ranges[..3], [(1.0, 1), (2.0, 0), (4.0, 1)]);
    // The one wrote nothing, and so waited for no disk.
    assert_eq!(commits(&world), 1);
    assert_eq!(failed(&world), Figure::Counter(0));
}

#[test]
fn a_commit_takes_time() {
    let world = World::new();
    world.db().user("ada");
    let commits = histogram(&world, "chat_store_commit_duration_seconds");
    assert!(commits.sum > 0.0 && commits.sum < 20.0, "{commits:?}");
}

#[test]
fn what_is_undone_alone_is_no_commit_and_no_failure() {
    let world = World::new();
    let undone = write(&*world.store, |tx| {
        tx.insert_user(&new_user("ada"))?;
        Err::<(), _>(undo())
    });
    assert_eq!(undone, Err(undo()));
    assert_eq!((batches(&world).count(), commits(&world)), (1, 0));
    assert_eq!(failed(&world), Figure::Counter(0));
}

#[test]
fn a_batch_that_can_not_begin_has_failed() {
    let world = World::with(|options| options.busy_timeout(Duration::from_millis(50)));
    let mut stranger = world.stranger();
    stranger.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = world.db().try_write(|tx| tx.insert_user(&new_user("ada")));
    assert!(refused.is_err());
    assert_eq!(failed(&world), Figure::Counter(1));
    assert_eq!((batches(&world).count(), commits(&world)), (0, 0));
}

#[test]
fn a_batch_that_can_not_be_committed_has_failed() {
    let world = World::new();
    let ended = native(&world.store, break_commit);
    assert!(matches!(ended, Ended::Failed(_)), "{ended:?}");
    assert_eq!(failed(&world), Figure::Counter(1));
    assert_eq!((batches(&world).count(), commits(&world)), (1, 0));
}

fn readers(world: &World) -> [u64; 3] {
    ["open", "in_use", "most"].map(|what| gauge(world, &format!("chat_store_readers_{what}")))
}

#[test]
fn a_reader_is_in_use_while_a_read_lasts() {
    let world = World::with(|options| options.readers(3).scans(2));
    let [open, in_use, most] = readers(&world);
    // Scans have theirs besides.
    assert!(open >= 1 && (in_use, most) == (0, 5), "{open}");
    world.open_readers(5);
    let busy = [Cost::Bounded, Cost::Scan].map(|cost| begin_read(&world, cost));
    let [open, in_use, _] = readers(&world);
    assert_eq!((open, in_use), (5, 2));
    for (go_on, busy) in busy {
        drop(go_on);
        busy.join().unwrap().unwrap();
    }
    assert_eq!(readers(&world)[1], 0);
}

#[test]
fn a_scan_waits_for_a_thread() {
    let world = World::with(|options| options.scans(1));
    let waiting = || gauge(&world, "chat_store_scans_waiting");
    let (go_on, busy) = begin_read(&world, Cost::Scan);
    assert_eq!(waiting(), 0);
    let store = world.store.clone();
    let second = thread::spawn(move || scan(&*store, |_| Ok(())));
    let begun = Instant::now();
    while waiting() == 0 && begun.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(waiting(), 1);
    drop(go_on);
    busy.join().unwrap().unwrap();
    second.join().unwrap().unwrap();
    assert_eq!(waiting(), 0);
}

#[test]
fn the_log_has_the_size_of_its_file() {
    let world = World::new();
    world.db().user("ada");
    let wal = std::fs::metadata(world.dir.path().join("chat.db-wal")).unwrap();
    assert!(wal.len() > 0);
    assert_eq!(gauge(&world, "chat_store_wal_bytes"), wal.len());
}

#[cfg(unix)]
#[test]
fn the_log_lies_beside_the_file_and_not_beside_a_link_to_it() {
    let real = World::new();
    real.store.close();
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link.db");
    std::os::unix::fs::symlink(real.path(), &link).unwrap();
    let store = SqliteStore::open(&SqliteOptions::new(&link)).unwrap();
    let world = World {
        store: Arc::new(store),
        dir,
    };
    world.db().user("ada");
    assert!(gauge(&world, "chat_store_wal_bytes") > 0);
}

#[test]
fn a_closed_store_tells_the_same_figures() {
    let world = World::new();
    world.db().user("ada");
    let names = || {
        let all = world.store.measure().into_iter();
        all.map(|one| one.name).collect::<Vec<_>>()
    };
    let open = names();
    world.store.close();
    assert_eq!(names(), open);
    assert_eq!(readers(&world), [0, 0, 0]);
    assert_eq!(gauge(&world, "chat_store_wal_bytes"), 0);
    assert_eq!(commits(&world), 1);
}
