//! Group commit: jobs that share a transaction do not feel one another.

use std::sync::mpsc::channel;

use chat_domain::ConversationId;
use chat_domain::ports::{Outcome, Store, StoreError, Verdict, WriteJob, WriteTx};
use chat_store::SqliteOptions;

use super::World;
use crate::harness::{Ended, begin, event, limit, new_user, undo, write};

fn names(world: &World) -> Vec<String> {
    world
        .db()
        .read(|tx| tx.users(None, limit(200)))
        .items
        .into_iter()
        .map(|user| user.username.into_string())
        .collect()
}

#[test]
fn an_undone_job_does_not_touch_its_neighbours() {
    let world = World::new();
    let store = &*world.store;
    let hold = world.hold_writer();
    let first = begin(store, |tx| tx.insert_user(&new_user("first"))).unwrap();
    let undone = begin(store, |tx| {
        tx.insert_user(&new_user("undone"))?;
        Err::<(), _>(undo())
    })
    .unwrap();
    let panicked = begin::<()>(store, |tx| {
        tx.insert_user(&new_user("panicked"))?;
        panic!("on purpose")
    })
    .unwrap();
    let last = begin(store, |tx| tx.insert_user(&new_user("last"))).unwrap();
    drop(hold);
    assert_eq!(first.ended(), Ended::Committed);
    assert_eq!(undone.ended(), Ended::Undone);
    assert_eq!(panicked.ended(), Ended::Failed(StoreError::Panicked));
    assert_eq!(last.ended(), Ended::Committed);
    assert_eq!(names(&world), ["first", "last"]);
}

#[test]
fn a_later_job_of_a_batch_sees_the_earlier_ones() {
    let world = World::new();
    let hold = world.hold_writer();
    let first = begin(&*world.store, |tx| tx.insert_user(&new_user("ada"))).unwrap();
    let second = begin(&*world.store, |tx| tx.users(None, limit(9))).unwrap();
    drop(hold);
    assert_eq!(first.ended(), Ended::Committed);
    let seen = second.wait().1.unwrap().unwrap();
    assert_eq!(seen.items.len(), 1);
}

/// Queues two writes before the writer goes on: one that adds a user, and one that looks, through a
/// reader, how many users are committed by then.
fn committed_between_two_writes(world: &World) -> usize {
    let hold = world.hold_writer();
    let (seen, sees) = channel();
    let store = world.store.clone();
    let first = begin(&*world.store, |tx| tx.insert_user(&new_user("ada"))).unwrap();
    let second = begin(&*world.store, move |_| {
        let users = crate::harness::read(&*store, |tx| tx.users(None, limit(9)))?;
        seen.send(users.items.len()).unwrap();
        Ok(())
    })
    .unwrap();
    drop(hold);
    let ends = (first.ended(), second.ended());
    assert_eq!(ends, (Ended::Committed, Ended::Committed));
    sees.recv().unwrap()
}

#[test]
fn a_batch_is_committed_at_once() {
    let world = World::new();
    assert_eq!(committed_between_two_writes(&world), 0);
    assert_eq!(names(&world), ["ada"]);
}

#[test]
fn with_a_batch_of_one_each_job_has_its_own_commit() {
    let world = World::with(|options| options.max_batch(1));
    assert_eq!(committed_between_two_writes(&world), 1);
}

#[test]
fn the_head_of_the_log_skips_what_was_undone_in_a_batch() {
    let world = World::new();
    let hold = world.hold_writer();
    let append = |number: i64, keep: bool| {
        begin(&*world.store, move |tx| {
            tx.append_event(&event(ConversationId::parse(number).unwrap(), None))?;
            if keep { Ok(()) } else { Err(undo()) }
        })
        .unwrap()
    };
    let pending = [
        append(1, true),
        append(2, false),
        append(3, true),
        append(4, false),
    ];
    drop(hold);
    for job in pending {
        job.ended();
    }
    let db = world.db();
    let log: Vec<_> = db
        .read(|tx| tx.events(0, 9))
        .iter()
        .map(|logged| (logged.position, logged.event.conversation_id.unwrap().get()))
        .collect();
    assert_eq!(log, [(1, 1), (2, 3)]);
    assert_eq!(db.read(|tx| tx.log_state()).position, 2);
}

#[test]
fn a_write_from_inside_a_write_is_refused() {
    let world = World::new();
    let store = world.store.clone();
    let inner = write(&*world.store, move |_| {
        Ok(begin(&*store, |_| Ok(())).map(drop))
    })
    .unwrap();
    let Err(StoreError::Broken(report)) = inner else {
        panic!("{inner:?}");
    };
    assert!(report.contains("wait for itself"), "{report}");
}

/// Submits another write when it is finished.
struct Chain(
    std::sync::Arc<chat_store::SqliteStore>,
    std::sync::mpsc::Sender<Ended>,
);

impl WriteJob for Chain {
    fn run(&mut self, _: &mut dyn WriteTx) -> Verdict {
        Verdict::Keep
    }

    fn finish(self: Box<Self>, _: Outcome<'_>) {
        let next = begin(&*self.0, |tx| tx.insert_user(&new_user("next"))).unwrap();
        std::thread::spawn(move || self.1.send(next.ended()));
    }
}

#[test]
fn a_write_may_follow_from_the_end_of_another() {
    let world = World::new();
    let (ended, wait) = channel();
    let job = Chain(world.store.clone(), ended);
    assert!(world.store.submit(Box::new(job)).is_ok());
    assert_eq!(wait.recv().unwrap(), Ended::Committed);
}

struct PanicsAtTheEnd;

impl WriteJob for PanicsAtTheEnd {
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        tx.insert_user(&new_user("ada")).unwrap();
        Verdict::Keep
    }

    fn finish(self: Box<Self>, _: Outcome<'_>) {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_at_the_end_of_a_job_harms_nobody() {
    let world = World::new();
    let hold = world.hold_writer();
    assert!(world.store.submit(Box::new(PanicsAtTheEnd)).is_ok());
    let neighbour = begin(&*world.store, |tx| tx.insert_user(&new_user("bob"))).unwrap();
    drop(hold);
    assert_eq!(neighbour.ended(), Ended::Committed);
    assert_eq!(names(&world), ["ada", "bob"]);
}

#[test]
fn a_full_queue_hands_the_job_back() {
    let world = World::with(|options| options.queue(2));
    let hold = world.hold_writer();
    let user = |name: &'static str| begin(&*world.store, move |tx| tx.insert_user(&new_user(name)));
    let accepted = [user("one").unwrap(), user("two").unwrap()];
    assert!(matches!(user("three"), Err(StoreError::Overloaded)));
    drop(hold);
    assert!(
        accepted
            .into_iter()
            .all(|job| job.ended() == Ended::Committed)
    );
    assert_eq!(names(&world), ["one", "two"]);
}

#[test]
fn a_long_row_of_jobs_is_done_in_order() {
    let world = World::with(|options| options.max_batch(7));
    let hold = world.hold_writer();
    let expected: Vec<_> = (0..50).map(|n| format!("user{n:02}")).collect();
    let pending: Vec<_> = expected
        .iter()
        .map(|name| {
            let user = new_user(name);
            begin(&*world.store, move |tx| tx.insert_user(&user)).unwrap()
        })
        .collect();
    drop(hold);
    assert!(
        pending
            .into_iter()
            .all(|job| job.ended() == Ended::Committed)
    );
    assert_eq!(names(&world), expected);
}

#[test]
fn jobs_beyond_the_time_of_a_batch_wait_for_the_next() {
    let world = World::with(|options| SqliteOptions::new(options.path()));
    let hold = world.hold_writer();
    let (seen, sees) = channel();
    let store = world.store.clone();
    let slow = begin(&*world.store, |tx| {
        tx.insert_user(&new_user("ada"))?;
        std::thread::sleep(std::time::Duration::from_millis(80));
        Ok(())
    })
    .unwrap();
    let next = begin(&*world.store, move |_| {
        let users = crate::harness::read(&*store, |tx| tx.users(None, limit(9)))?;
        seen.send(users.items.len()).unwrap();
        Ok(())
    })
    .unwrap();
    drop(hold);
    assert_eq!(
        (slow.ended(), next.ended()),
        (Ended::Committed, Ended::Committed)
    );
    assert_eq!(
        sees.recv().unwrap(),
        1,
        "the slow one was committed by itself"
    );
}
