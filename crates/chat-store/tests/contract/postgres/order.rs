//! The log: what many write at once, and slowly, is in it once, without a gap, and in the order of every
//! conversation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chat_domain::ports::{Store, StoreError, WriteTx};
use chat_domain::{ConversationId, EventKind, Group, LoggedEvent, NewEvent, Recipient, UserId};
use chat_store::PostgresStore;
use chat_testing::{Options, Postgres};
use diesel::connection::SimpleConnection;

use super::{World, db};
use crate::harness::{at, event, read, undo, words, write};

/// All events of the log, read in pages.
fn all(store: &dyn Store) -> Vec<LoggedEvent> {
    let mut log = Vec::new();
    loop {
        let after = log.last().map_or(0, |event: &LoggedEvent| event.position);
        let page = read(store, move |tx| tx.events(after, 500)).unwrap();
        if page.is_empty() {
            return log;
        }
        log.extend(page);
    }
}

fn conversation(number: i64) -> ConversationId {
    ConversationId::parse(number).unwrap()
}

/// Which messages of a conversation the log tells of, in its order.
fn messages_of(log: &[LoggedEvent], of: ConversationId) -> Vec<i64> {
    let of_it = log
        .iter()
        .filter(|event| event.event.conversation_id == Some(of));
    of_it
        .filter_map(|event| event.event.message_id)
        .map(chat_domain::MessageId::get)
        .collect()
}

/// However many ids are drawn meanwhile: if the outbox were searched only so far below what was moved
/// last, the second event would come before the first.
#[test]
fn a_slow_transaction_is_not_passed_by_the_next_of_its_conversation() {
    let world = some!(World::new());
    let node = world.node();
    let add = |conn: &mut diesel::PgConnection, conversation: i64, message: i64, times: i64| {
        conn.batch_execute(&format!(
            "INSERT INTO event_outbox (kind, conversation_id, message_id, at) \
             SELECT 1, {conversation}, {message}, 0 FROM generate_series(1, {times})"
        ))
        .unwrap();
    };
    let (mut slow, mut quick) = (world.stranger(), world.stranger());
    slow.batch_execute("BEGIN").unwrap();
    add(&mut slow, 1, 1, 1);
    let mut moved = 0;
    // Rounds between which others come and go, so that whatever may be known of the outbox is.
    for more in [15_000, 1, 10_000, 1, 1, 1] {
        add(&mut quick, 2, 9, more);
        moved += more;
        let begun = Instant::now();
        while read(&*node, |tx| tx.log_state()).unwrap().position < moved {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "nothing is moved"
            );
        }
    }
    slow.batch_execute("COMMIT").unwrap();
    add(&mut quick, 1, 2, 1);
    let begun = Instant::now();
    let told = loop {
        let told = messages_of(&all(&*node), conversation(1));
        if told.len() == 2 || begun.elapsed() > Duration::from_secs(30) {
            break told;
        }
    };
    assert_eq!(told, [1, 2]);
}

#[test]
fn what_a_node_has_said_to_be_stored_is_in_its_log_and_soon_in_the_others() {
    let world = some!(World::new());
    let (one, other) = (world.node(), world.node());
    for position in 1..=50 {
        write(&*one, move |tx| {
            tx.append_event(&event(conversation(position), None))
        })
        .unwrap();
        assert_eq!(read(&*one, |tx| tx.log_state()).unwrap().position, position);
    }
    let begun = Instant::now();
    while read(&*other, |tx| tx.log_state()).unwrap().position < 50 {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn what_an_ended_node_has_left_is_found_by_the_next() {
    let world = some!(World::new());
    // As one that was killed after its commit leaves it.
    world.execute("INSERT INTO event_outbox (kind, at) VALUES (1, 0), (1, 0)");
    let node = world.node();
    assert_eq!(read(&*node, |tx| tx.log_state()).unwrap().position, 2);
}

/// What became of the messages that were sent.
#[derive(Default)]
struct Told {
    /// By conversation and place.
    stored: BTreeSet<(i64, i64)>,
    unknown: usize,
    failed: usize,
}

/// Sends a message, with its event.
fn say(tx: &mut dyn WriteTx, group: &Group, sender: UserId) -> Result<(i64, i64), StoreError> {
    let id = group.conversation_id;
    tx.lock_conversation(id)?;
    let message = words(id, sender, Recipient::Group(group.id), "hello");
    let message = tx.append_message(&message)?;
    tx.append_event(&NewEvent {
        kind: EventKind::MessageCreated,
        conversation_id: Some(id),
        message_id: Some(message.id),
        user_id: Some(sender),
        role: None,
        actor_id: Some(sender),
        at: at(5),
    })?;
    Ok((id.get(), message.seq.get()))
}

/// One transaction: in one conversation or in two, in any order, slow or not, kept or not.
fn act(node: &PostgresStore, groups: &Arc<Vec<Group>>, sender: UserId, dice: u64, told: &mut Told) {
    let groups = Arc::clone(groups);
    let done = write(node, move |tx| {
        let pick = |n: u64| &groups[usize::try_from(n).unwrap() % groups.len()];
        let mut said = vec![say(tx, pick(dice), sender)?];
        if dice.is_multiple_of(5) {
            // Slow, with an id that was drawn early.
            thread::sleep(Duration::from_millis(dice % 29));
        }
        let (first, second) = (pick(dice), pick(dice / 7));
        if dice.is_multiple_of(3) && first.id != second.id {
            said.push(say(tx, second, sender)?);
        }
        if dice.is_multiple_of(11) {
            return Err(undo());
        }
        Ok(said)
    });
    match done {
        Ok(said) => told.stored.extend(said),
        Err(error) if error == undo() => {}
        Err(StoreError::OutcomeUnknown(_)) => told.unknown += 1,
        Err(StoreError::Unavailable(_) | StoreError::Overloaded) => told.failed += 1,
        Err(error) => panic!("{error}"),
    }
}

/// Follows the log, as a client does that reads on from where it is; its server may be gone for a while.
fn follow(node: &PostgresStore, over: &AtomicBool) -> Vec<LoggedEvent> {
    let mut seen: Vec<LoggedEvent> = Vec::new();
    loop {
        let last = over.load(Ordering::SeqCst);
        let after = seen.last().map_or(0, |event| event.position);
        match read(node, move |tx| tx.events(after, 100)) {
            Ok(page) if page.is_empty() && last => return seen,
            Ok(page) => seen.extend(page),
            Err(StoreError::Unavailable(_) | StoreError::Overloaded) => {}
            Err(error) => panic!("{error}"),
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// A number that looks like chance.
fn dice(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    })
}

/// Three nodes, each with its sequencer, writers and readers; and a server that crashes meanwhile.
#[test]
fn nothing_is_missing_nothing_comes_twice_and_every_conversation_is_in_order() {
    let mut server = some!(Postgres::start(&Options::new()));
    let world = World::on(&server);
    let nodes: Vec<_> = (0..3)
        .map(|_| {
            world.node_with(|options| options.pool_size(8).lock_timeout(Duration::from_secs(2)))
        })
        .collect();
    let one = db(&nodes[0]);
    let [ada] = one.users(["ada"]);
    let groups: Vec<Group> = (0..5)
        .map(|n| one.group(&format!("g{n}"), &[ada]))
        .collect();
    let groups = Arc::new(groups);
    let (stop, over) = (AtomicBool::new(false), AtomicBool::new(false));

    let (told, seen) = thread::scope(|scope| {
        let readers: Vec<_> = nodes
            .iter()
            .map(|node| {
                let over = &over;
                scope.spawn(move || follow(node, over))
            })
            .collect();
        let writers: Vec<_> = (0..9_usize)
            .map(|number| {
                let (node, groups, stop) = (&nodes[number % 3], &groups, &stop);
                scope.spawn(move || {
                    let mut told = Told::default();
                    let dice = dice(u64::try_from(number).unwrap() + 1);
                    for throw in dice.take_while(|_| !stop.load(Ordering::SeqCst)) {
                        act(node, groups, ada, throw, &mut told);
                    }
                    told
                })
            })
            .collect();
        for pause in [1_500, 1_500, 1_500] {
            thread::sleep(Duration::from_millis(pause));
            server.restart_immediately();
        }
        thread::sleep(Duration::from_millis(1_500));
        stop.store(true, Ordering::SeqCst);
        let told: Vec<Told> = writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect();
        // What was left behind by a node is moved by any within a second.
        let begun = Instant::now();
        while world.number("SELECT count(*) FROM event_outbox") > 0 {
            assert!(begun.elapsed() < Duration::from_secs(20));
            thread::sleep(Duration::from_millis(20));
        }
        over.store(true, Ordering::SeqCst);
        let seen: Vec<_> = readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .collect();
        (told, seen)
    });

    let log = all(&*nodes[0]);
    assert!(log.len() > 100, "only {} events", log.len());
    for (place, event) in log.iter().enumerate() {
        assert_eq!(event.position, i64::try_from(place).unwrap() + 1, "a gap");
    }
    for (reader, seen) in seen.iter().enumerate() {
        assert!(*seen == log, "reader {reader} has seen another log");
    }
    // The messages that are there are those that the log tells of, in the order of their places.
    let mut stored = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for group in groups.iter() {
        let id = group.conversation_id;
        let timeline = chat_domain::Timeline::Conversation(id);
        let there = read(&*nodes[1], move |tx| {
            tx.messages_newer(timeline, None, 100_000)
        })
        .unwrap();
        let places: Vec<i64> = there.iter().map(|message| message.seq.get()).collect();
        let gapless: Vec<i64> = (1..=i64::try_from(there.len()).unwrap()).collect();
        assert_eq!(places, gapless, "conversation {id}");
        stored.extend(places.iter().map(|place| (id.get(), *place)));
        ids.insert(
            id,
            there
                .iter()
                .map(|message| message.id.get())
                .collect::<Vec<_>>(),
        );
    }
    for (id, ids) in &ids {
        assert_eq!(messages_of(&log, *id), *ids, "conversation {id}");
    }
    assert_eq!(log.len(), stored.len());
    // Nothing that was said to be stored is missing, and nothing is there that nobody was told of, but for
    // what was left open.
    let acknowledged: BTreeSet<_> = told.iter().flat_map(|told| told.stored.clone()).collect();
    let unknown: usize = told.iter().map(|told| told.unknown).sum();
    assert!(acknowledged.is_subset(&stored));
    let untold = stored.difference(&acknowledged).count();
    assert!(
        untold <= unknown * 2,
        "{untold} messages, {unknown} left open"
    );
    let failed: usize = told.iter().map(|told| told.failed).sum();
    assert!(failed > 0, "the server was never away");
}
