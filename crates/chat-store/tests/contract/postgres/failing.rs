//! A server that goes away: while nothing is asked, within a transaction, at its commit, and for a while.

use std::time::{Duration, Instant};

use chat_domain::ports::{Store, StoreError};
use chat_testing::{Options, Postgres};

use super::{World, db, hold};
use crate::harness::{Ended, begin, event, new_user, read, write};

fn is_unavailable(ended: &Ended) -> bool {
    matches!(ended, Ended::Failed(StoreError::Unavailable(_)))
}

#[test]
fn a_connection_that_was_lost_while_idle_is_replaced_unnoticed() {
    let world = some!(World::new());
    let one = db(&world.node());
    for round in 0..5 {
        one.user(&format!("user{round}"));
        world.cut_off();
    }
    assert_eq!(world.number("SELECT count(*) FROM users"), 5);
}

#[test]
fn a_connection_that_is_lost_within_a_transaction_undoes_it_and_the_next_one_goes_well() {
    let world = some!(World::new());
    let node = world.node();
    let held = hold(&node, |tx| tx.insert_user(&new_user("ada")));
    world.cut_off();
    let ended = held.end();
    // It was lost before the commit or is found to be so at it; nothing was stored either way.
    assert!(
        is_unavailable(&ended) || matches!(ended, Ended::Failed(StoreError::OutcomeUnknown(_))),
        "{ended:?}"
    );
    assert_eq!(world.number("SELECT count(*) FROM users"), 0);
    db(&node).user("ada");
}

#[test]
fn a_statement_on_a_lost_connection_is_unavailable() {
    let world = some!(World::new());
    let node = world.node();
    let (cut, is_cut) = std::sync::mpsc::channel::<()>();
    let (inside, is_inside) = std::sync::mpsc::channel();
    let pending = begin(&*node, move |tx| {
        tx.insert_user(&new_user("ada"))?;
        inside.send(()).unwrap();
        let _ = is_cut.recv();
        tx.insert_user(&new_user("bob"))
    })
    .unwrap();
    is_inside.recv().unwrap();
    world.cut_off();
    drop(cut);
    let ended = pending.ended();
    assert!(
        is_unavailable(&ended) || ended == Ended::Undone,
        "{ended:?}"
    );
    assert_eq!(world.number("SELECT count(*) FROM users"), 0);
    db(&node).user("ada");
}

/// The server ends the connection in the middle of the commit: the client can't know.
#[test]
fn a_connection_that_is_lost_at_the_commit_leaves_the_outcome_open() {
    let world = some!(World::new());
    world.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER die AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION die()",
    );
    let node = world.node();
    let told = write(&*node, |tx| tx.insert_user(&new_user("ada")));
    assert!(
        matches!(told, Err(StoreError::OutcomeUnknown(_))),
        "{told:?}"
    );
    world.execute("DROP TRIGGER die ON users");
    db(&node).user("ada");
}

/// The server says no to the commit itself: nothing is open then.
#[test]
fn a_commit_that_the_server_refuses_is_undone() {
    let world = some!(World::new());
    world.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'not today'; END $$; \
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let node = world.node();
    let told = write(&*node, |tx| tx.insert_user(&new_user("ada")));
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    assert_eq!(world.number("SELECT count(*) FROM users"), 0);
}

#[test]
fn while_the_server_is_down_jobs_fail_soon_and_when_it_is_back_all_is_well() {
    let mut server = some!(Postgres::start(&Options::new()));
    let world = World::on(&server);
    let node = world.node();
    let [ada] = db(&node).users(["ada"]);
    server.kill();
    for _ in 0..10 {
        let begun = Instant::now();
        let told = write(&*node, |tx| tx.insert_user(&new_user("bob")));
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
        let told = read(&*node, move |tx| tx.user(ada));
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
        let told = read(&*node, |tx| tx.log_state());
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    server.start_again();
    let begun = Instant::now();
    let is_back = |node: &dyn Store| write(node, |tx| tx.insert_user(&new_user("bob"))).is_ok();
    while !is_back(&*node) {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it does not heal"
        );
    }
    let conversation = chat_domain::ConversationId::parse(1).unwrap();
    let appended = write(&*node, move |tx| {
        tx.append_event(&event(conversation, None))
    });
    assert_eq!(appended, Ok(()));
    let begun = Instant::now();
    loop {
        match read(&*node, |tx| tx.log_state()) {
            Ok(log) => break assert_eq!(log.position, 1),
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
    }
}
