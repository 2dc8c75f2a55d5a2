//! Counting everything anew, also while events wait for their places.

use chat_store::postgres::{recount, repair};
use chat_store::{Difference, Recount};

use super::{World, db};
use crate::harness::Logged;

fn count(world: &World) -> Recount {
    recount(&world.options(), &mut |_, _| {}).unwrap()
}

/// A database in which something has happened, and which nobody has open.
fn told() -> Option<World> {
    let world = World::new()?;
    let node = world.node();
    let one = db(&node);
    let story = Logged::new(&one);
    let [ada, bob] = one.users(["ada", "bob"]);
    let group = story.group("team", ada);
    story.join(&group, bob);
    for _ in 0..3 {
        story.say(&group, ada);
    }
    node.close();
    Some(world)
}

/// Puts the last events back into the outbox, as if no sequencer had been there since.
fn unsequence(world: &World, events: i64) {
    world.execute(&format!(
        "INSERT INTO event_outbox (kind, conversation_id, message_id, user_id, role, actor_id, at) \
         SELECT kind, conversation_id, message_id, user_id, role, actor_id, at FROM events \
         WHERE position > (SELECT position FROM event_log) - {events} ORDER BY position; \
         DELETE FROM events WHERE position > (SELECT position FROM event_log) - {events}; \
         UPDATE event_log SET position = position - {events}"
    ));
}

#[test]
fn a_story_agrees_also_while_its_end_is_in_the_outbox() {
    let world = some!(told());
    let whole = count(&world);
    assert!(whole.agrees(), "{whole:?}");
    assert_eq!((whole.messages, whole.events), (3, 6));
    unsequence(&world, 2);
    assert_eq!(count(&world), whole);
    // It only looked.
    assert_eq!(world.number("SELECT count(*) FROM event_outbox"), 2);
    assert_eq!(world.number("SELECT count(*) FROM events"), 4);
}

#[test]
fn it_runs_beside_a_node() {
    let world = some!(told());
    let node = world.node();
    db(&node).user("eve");
    assert!(count(&world).agrees());
}

#[test]
fn what_is_wrong_is_found_and_mended() {
    let world = some!(told());
    unsequence(&world, 2);
    world.execute("UPDATE participants SET cleared = cleared + 1 WHERE user_id = 2");
    let found = count(&world);
    assert!(
        matches!(found.differences[..], [Difference::Cleared { user: 2, .. }]),
        "{found:?}"
    );
    let repair = repair(&world.options(), &mut |_, _| {}).unwrap();
    assert_eq!(repair.mended.count, 1);
    assert!(repair.after.agrees(), "{:?}", repair.after);
    assert!(count(&world).agrees());
    assert_eq!(world.number("SELECT count(*) FROM event_outbox"), 0);
    assert_eq!(world.number("SELECT position FROM event_log"), 6);
}

#[test]
fn an_event_that_is_missing_is_found() {
    let world = some!(told());
    world.execute("DELETE FROM events WHERE position = 5");
    assert!(!count(&world).agrees());
}
