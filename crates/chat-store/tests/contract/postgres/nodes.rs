//! Many nodes over one database.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use chat_domain::ports::{Figure, Measured, StoreError};
use chat_domain::{Actor, Fingerprint, IdempotencyKey, KeptAnswer, NewMessage, Recipient, Seq};
use chat_store::PostgresStore;

use super::{World, db, hold};
use crate::harness::{Ended, at, begin, read, words, write};

fn counter(store: &PostgresStore, name: &str) -> u64 {
    let found = store.measure().into_iter().find(|found| found.name == name);
    match found.unwrap().figure {
        Figure::Counter(count) | Figure::Gauge(count) => count,
        Figure::Histogram(_) => panic!("{name} is a histogram"),
    }
}

#[test]
fn sends_from_many_nodes_leave_no_gap() {
    const NODES: i64 = 4;
    const EACH: i64 = 3;
    const SENDS: i64 = 12;
    let world = some!(World::new());
    let nodes: Vec<_> = (0..NODES).map(|_| world.node()).collect();
    let one = db(&nodes[0]);
    let [ada] = one.users(["ada"]);
    let group = one.group("team", &[ada]);
    let message = move || -> NewMessage {
        let to = Recipient::Group(group.id);
        words(group.conversation_id, ada, to, "hello")
    };
    let mut places: Vec<i64> = thread::scope(|scope| {
        let threads: Vec<_> = nodes
            .iter()
            .flat_map(|node| (0..EACH).map(move |_| node))
            .map(|node| {
                let message = &message;
                scope.spawn(move || {
                    let send = || {
                        let message = message();
                        write(&**node, move |tx| {
                            tx.lock_conversation(message.conversation_id)?;
                            tx.append_message(&message)
                        })
                    };
                    let sent = (0..SENDS).map(|_| send().unwrap().seq.get());
                    sent.collect::<Vec<_>>()
                })
            })
            .collect();
        let sent = threads.into_iter().map(|thread| thread.join().unwrap());
        sent.flatten().collect()
    });
    places.sort_unstable();
    let all: Vec<i64> = (1..=NODES * EACH * SENDS).collect();
    assert_eq!(places, all);
    let last = one.read(move |tx| tx.conversation(group.conversation_id));
    assert_eq!(
        last.unwrap().last_seq,
        Seq::parse(NODES * EACH * SENDS).unwrap()
    );
    assert_eq!(one.unseen(ada), 0);
}

/// Each locks one conversation, and then the other's.
#[test]
fn a_deadlock_is_run_again() {
    let world = some!(World::new());
    let nodes = [world.node(), world.node()];
    let one = db(&nodes[0]);
    let [ada] = one.users(["ada"]);
    let groups = [one.group("one", &[ada]), one.group("two", &[ada])].map(|g| g.conversation_id);
    let met = Arc::new(Barrier::new(2));
    let writes: Vec<_> = [(0, 1), (1, 0)]
        .into_iter()
        .zip(&nodes)
        .map(|((first, second), node)| {
            let (met, mut runs) = (Arc::clone(&met), 0);
            begin(&**node, move |tx| {
                runs += 1;
                tx.lock_conversation(groups[first])?;
                if runs == 1 {
                    met.wait();
                }
                tx.lock_conversation(groups[second])?;
                Ok(())
            })
            .unwrap()
        })
        .collect();
    for write in writes {
        assert_eq!(write.ended(), Ended::Committed);
    }
    let reruns = nodes
        .iter()
        .map(|node| counter(node, "chat_store_reruns_total"));
    // They may meet again: who comes back can be faster than who has waited.
    let reruns = reruns.sum::<u64>();
    assert!((1..10).contains(&reruns), "{reruns}");
}

#[test]
fn what_deadlocks_for_ever_ends_too() {
    let world = some!(World::new());
    let node = world.node();
    let mut runs = 0;
    let ended = super::native(&node, move |tx| {
        use diesel::connection::SimpleConnection;
        runs += 1;
        assert!(runs < 50, "it is run without end");
        let raise =
            "DO $$ BEGIN RAISE SQLSTATE '40P01' USING MESSAGE = 'deadlock detected'; END $$";
        assert!(tx.connection().unwrap().batch_execute(raise).is_err());
        chat_domain::ports::Verdict::Keep
    });
    assert!(
        matches!(ended, Ended::Failed(StoreError::Unavailable(_))),
        "{ended:?}"
    );
}

fn key() -> IdempotencyKey {
    IdempotencyKey::parse("once").unwrap()
}

fn answer() -> KeptAnswer {
    KeptAnswer {
        actor: Actor::System,
        key: key(),
        fingerprint: Fingerprint::from_bytes([7; 32]),
        answer: b"done".to_vec(),
        at: at(3),
    }
}

#[test]
fn a_twin_on_another_node_waits_and_finds_the_answer() {
    let world = some!(World::new());
    let (one, other) = (world.node(), world.node());
    let first = hold(&one, |tx| {
        assert_eq!(tx.lock_key(Actor::System, &key())?, None);
        tx.keep_answer(&answer())
    });
    let twin = begin(&*other, |tx| tx.lock_key(Actor::System, &key())).unwrap();
    // Another key has nothing to wait for.
    let free = write(&*other, |tx| {
        tx.lock_key(Actor::System, &IdempotencyKey::parse("other").unwrap())
    });
    assert_eq!(free, Ok(None));
    assert_eq!(first.end(), Ended::Committed);
    assert_eq!(twin.wait(), (Ended::Committed, Some(Ok(Some(answer())))));
}

#[test]
fn a_twin_whose_first_came_to_nothing_does_the_work() {
    let world = some!(World::new());
    let (one, other) = (world.node(), world.node());
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (inside, is_inside) = std::sync::mpsc::channel();
    let first = begin(&*one, move |tx| {
        tx.lock_key(Actor::System, &key())?;
        tx.keep_answer(&answer())?;
        inside.send(()).unwrap();
        let _ = wait.recv();
        Err::<(), _>(crate::harness::undo())
    })
    .unwrap();
    is_inside.recv().unwrap();
    let twin = begin(&*other, |tx| tx.lock_key(Actor::System, &key())).unwrap();
    drop(go_on);
    assert_eq!(first.ended(), Ended::Undone);
    assert_eq!(twin.wait(), (Ended::Committed, Some(Ok(None))));
}

#[test]
fn a_twin_does_not_wait_for_ever() {
    let world = some!(World::new());
    let one = world.node();
    let other = world.node_with(|options| options.lock_timeout(Duration::from_millis(100)));
    let first = hold(&one, |tx| tx.lock_key(Actor::System, &key()));
    let twin = write(&*other, |tx| tx.lock_key(Actor::System, &key()));
    assert_eq!(twin, Err(StoreError::KeyInFlight));
    assert_eq!(first.end(), Ended::Committed);
}

#[test]
fn a_lock_is_not_waited_for_for_ever() {
    let world = some!(World::new());
    let one = world.node_with(|options| options.lock_timeout(Duration::from_millis(100)));
    let [ada] = db(&one).users(["ada"]);
    let id = db(&one).group("team", &[ada]).conversation_id;
    let first = hold(&one, move |tx| tx.lock_conversation(id));
    let second = write(&*one, move |tx| tx.lock_conversation(id));
    assert!(
        matches!(second, Err(StoreError::Unavailable(_))),
        "{second:?}"
    );
    // A reader waits for no lock.
    assert!(
        read(&*one, move |tx| tx.conversation(id))
            .unwrap()
            .is_some()
    );
    assert_eq!(first.end(), Ended::Committed);
}

#[test]
fn without_a_free_connection_a_job_is_refused_and_never_hangs() {
    let world = some!(World::new());
    let one = world.node_with(|options| {
        options
            .pool_size(2)
            .queue(1)
            .queue_timeout(Duration::from_millis(300))
    });
    let users = |tx: &mut dyn chat_domain::ports::ReadTx| tx.users(None, crate::harness::limit(9));
    let held = hold(&one, |_| Ok(()));
    // The one connection that writes may have is taken: this one waits, and not for ever.
    let waits = begin(&*one, |tx| tx.insert_user(&crate::harness::new_user("ada"))).unwrap();
    let full = begin(&*one, |tx| tx.insert_user(&crate::harness::new_user("bob")));
    assert_eq!(full.err(), Some(StoreError::Overloaded));
    // A read has a connection that no write can take.
    assert!(read(&*one, users).is_ok());
    assert_eq!(waits.ended(), Ended::Failed(StoreError::Overloaded));
    assert_eq!(held.end(), Ended::Committed);
    db(&one).user("ada");
    assert_eq!(counter(&one, "chat_store_writes_waiting"), 0);
    assert_eq!(counter(&one, "chat_store_connections_in_use"), 0);
}

#[test]
fn a_write_inside_a_write_is_refused() {
    let world = some!(World::new());
    let one = world.node();
    let inner = one.clone();
    let said = write(&*one, move |_| {
        let refused = write(&*inner, |tx| {
            tx.insert_user(&crate::harness::new_user("ada"))
        });
        assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
        Ok(())
    });
    assert_eq!(said, Ok(()));
}

#[test]
fn a_closed_store_has_done_what_it_accepted_and_accepts_no_more() {
    let world = some!(World::new());
    let one = world.node();
    let accepted: Vec<_> = (0..20)
        .map(|number| {
            let user = crate::harness::new_user(&format!("user{number}"));
            begin(&*one, move |tx| tx.insert_user(&user)).unwrap()
        })
        .collect();
    one.close();
    for write in accepted {
        assert_eq!(write.ended(), Ended::Committed);
    }
    let late = write(&*one, |tx| {
        tx.insert_user(&crate::harness::new_user("late"))
    });
    assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    let late = read(&*one, |tx| tx.log_state());
    assert!(late.is_err());
    assert_eq!(world.number("SELECT count(*) FROM users"), 20);
    assert_eq!(world.number("SELECT count(*) FROM event_outbox"), 0);
}
