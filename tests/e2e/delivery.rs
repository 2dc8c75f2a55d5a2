//! Live delivery under fire: hundreds of readers that drop and come back by every way, writers at full speed, and
//! the server killed in between. What each reader was told is compared with the log.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, scope, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{App, Client, Connection, Data, Process, Request, server_command};

mod checker;
mod faulty;
mod logged;
mod movers;
mod readers;
mod stalled;
mod told;
mod truth;
mod writers;

use checker::{Finding, Record, check, summary};
use faulty::Fault;
use logged::{first_cursor, unlike_the_answers, unlike_the_table};
use readers::{Reader, Reading, Way};
use truth::Truth;
use writers::{World, Writer};

/// How long writers write, unless `CHAT_SOAK_SECONDS` says otherwise.
const SECONDS: u64 = 8;

/// How long the server lives between two kills.
const LIFE: Duration = Duration::from_millis(1_600);

/// How long nobody may be told anything new, after the last message and before all have come to the end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the log is now.
fn now(address: SocketAddr) -> String {
    let sync = Client::system_at(address).get("/sync").expect(200);
    sync["cursor"].as_str().expect("a cursor").to_owned()
}

/// All events after this cursor, as the system is told them at once.
fn everything(address: SocketAddr, from: &str) -> Vec<Value> {
    let mut connection = Connection::open(address).expect("a connection");
    let (mut events, mut cursor) = (Vec::new(), from.to_owned());
    loop {
        let target = format!("/events?after={cursor}&limit=200");
        let answer = connection.send(&Request::new("GET", &target));
        let page = answer.expect("an answer").expect(200);
        events.extend(page["events"].as_array().expect("events").iter().cloned());
        page["cursor"]
            .as_str()
            .expect("a cursor")
            .clone_into(&mut cursor);
        if page["more"] == false {
            return events;
        }
    }
}

/// What the readers were told that must not be so, and what they were not told.
fn all_findings(truth: &Truth, records: &[Record]) -> Vec<Finding> {
    records
        .iter()
        .flat_map(|record| check(truth, record))
        .collect()
}

/// Has readers of these ways read for each of these users, and of the system, while `work` is done.
fn read_while<T: Send>(
    reading: &Reading,
    users: &[i64],
    ways: &[Way],
    from: &str,
    work: impl FnOnce() -> T + Send,
) -> (Vec<Record>, T) {
    scope(|scope| {
        let everybody = users.iter().copied().map(Some).chain([None]);
        let readers = everybody.flat_map(|user| ways.iter().map(move |way| (user, *way)));
        let readers: Vec<_> = readers
            .zip(0..)
            .map(|((user, way), number)| {
                let reader = Reader::new(reading, number, user, way, from);
                Builder::new()
                    // There are hundreds.
                    .stack_size(512 * 1024)
                    .spawn_scoped(scope, move || reader.read())
                    .expect("a thread")
            })
            .collect();
        let done = work();
        let records = readers
            .into_iter()
            .map(|reader| reader.join().expect("a record"));
        (records.collect(), done)
    })
}

/// The server on this data at this address, once nobody else has it.
fn start_at(data: &Data, address: &str) -> Process {
    loop {
        let mut command = server_command();
        command.env("RUST_LOG", "info,chat_http::access=off");
        match Process::try_spawn(data.of(command.args(["--listen", address]))) {
            Ok(process) => return process,
            // The port of the one before may not be free yet.
            Err(said) if said.contains("listen") => sleep(Duration::from_millis(50)),
            Err(said) => panic!("{said}"),
        }
    }
}

#[test]
fn nothing_is_missed_or_doubled_whatever_is_killed_or_dropped() {
    let seconds = std::env::var("CHAT_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |text| text.parse().expect("a number of seconds"));
    let data = Data::new();
    let mut process = start_at(&data, "127.0.0.1:0");
    let address = process.address();
    let world = World::make(address, 36, 8);
    let from = now(address);
    let history = first_cursor(&from);
    let reading = Reading::of(address);
    let ways = [
        Way::Poll,
        Way::Stream,
        Way::Stream,
        Way::Socket,
        Way::Socket,
        Way::Any,
    ];
    let stop = AtomicBool::new(false);
    let (records, (writers, kills, process)) =
        read_while(&reading, &world.users, &ways, &from, || {
            let (writers, kills) = scope(|scope| {
                let mut writing: Vec<_> = (0..6)
                    .map(|number| {
                        let (world, stop) = (&world, &stop);
                        scope.spawn(move || world.write(address, number, stop))
                    })
                    .collect();
                writing.push(scope.spawn(|| world.change(address, &stop)));
                let (start, mut kills) = (Instant::now(), 0);
                while start.elapsed() < Duration::from_secs(seconds) {
                    sleep(LIFE);
                    process.kill_now();
                    kills += 1;
                    process = start_at(&data, &address.to_string());
                    if kills % 20 == 0 {
                        let (told, made) = (&reading.told, &reading.connections);
                        eprintln!(
                            "{kills} kills in {} s, {} events told over {} connections",
                            start.elapsed().as_secs(),
                            told.load(Ordering::Relaxed),
                            made.load(Ordering::Relaxed),
                        );
                    }
                }
                stop.store(true, Ordering::Relaxed);
                let writers: Vec<Writer> = writing
                    .into_iter()
                    .map(|writer| writer.join().expect("a writer"))
                    .collect();
                (writers, kills)
            });
            reading.calm.store(true, Ordering::Relaxed);
            reading.give_up_after(PATIENCE);
            let mut writers = writers;
            writers.push(world.end(address));
            (writers, kills, process)
        });
    let events = everything(address, &history);
    let mut acknowledged = BTreeMap::new();
    acknowledged.extend(
        writers
            .iter()
            .flat_map(|writer| writer.acknowledged.clone()),
    );
    let mut findings = unlike_the_table(&data.database(), &events);
    findings.extend(unlike_the_answers(&acknowledged, &events));
    findings.extend(all_findings(&Truth::of(&history, &events), &records));
    let told: usize = records.iter().map(|record| record.told.len()).sum();
    let retries: u64 = writers.iter().map(|writer| writer.retries).sum();
    println!(
        "{kills} kills, {} readers over {} connections, {} acknowledged ({retries} sent again), {} events, {told} told: {}",
        records.len(),
        reading.connections.load(Ordering::Relaxed),
        acknowledged.len(),
        events.len(),
        summary(&findings),
    );
    for finding in findings.iter().take(40) {
        eprintln!("{finding}");
    }
    assert!(findings.is_empty(), "{}", summary(&findings));
    // The test would prove nothing if little had happened, or not everything that can.
    let kinds: BTreeSet<_> = events
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .collect();
    assert_eq!(kinds, logged::KINDS.map(|(kind, _)| kind).into());
    assert!(
        kills >= 3 && told > 10_000 && retries > 0,
        "it was too quiet"
    );
    drop(process);
}

/// What is found of readers of a server with this fault, or with none.
fn findings_with(fault: Option<Fault>) -> Vec<Finding> {
    let app = match fault {
        Some(fault) => App::start_over(&[], faulty::seams(fault)),
        None => App::start(),
    };
    let address = app.address();
    let world = World::make(address, 6, 2);
    let from = now(address);
    let history = first_cursor(&from);
    let reading = Reading::of(address);
    let ways = [Way::Poll, Way::Stream, Way::Socket];
    let (records, writer) = read_while(&reading, &world.users, &ways, &from, || {
        let mut writer = Writer::new(address, "writer");
        let (group, owner) = world.groups[0];
        let moved = world.users.iter().copied().find(|user| *user != owner);
        let moved = moved.expect("another user");
        let members = format!("/groups/{group}/members");
        for round in 0..12 {
            let body = serde_json::json!({"user_id": moved});
            writer.ask(Some(owner), "POST", &members, &body);
            for _ in 0..3 {
                writer.send(owner, "group_id", group, &format!("round {round}"));
                sleep(Duration::from_millis(10));
            }
            let path = format!("{members}/{moved}");
            writer.ask(Some(owner), "DELETE", &path, &Value::Null);
            writer.send(owner, "group_id", group, "among ourselves");
            writer.send(owner, "group_id", world.lobby, "to all");
        }
        reading.give_up_after(Duration::from_secs(5));
        world.end(address);
        writer
    });
    let mut events = everything(address, &history);
    let mut findings = unlike_the_table(&app.database(), &events);
    findings.extend(unlike_the_answers(&writer.acknowledged, &events));
    // Where one page ends and the next begins, the system may have been told twice.
    events.dedup_by(|one, other| one["cursor"] == other["cursor"]);
    findings.extend(all_findings(&Truth::of(&history, &events), &records));
    findings
}

#[test]
fn a_good_server_gives_nothing_to_find() {
    let found = findings_with(None);
    assert!(found.is_empty(), "{}", summary(&found));
}

#[test]
fn a_server_that_skips_an_event_is_found_out() {
    let found = findings_with(Some(Fault::Skips));
    let missing = |one: &Finding| matches!(one, Finding::Missing { .. });
    assert!(found.iter().any(missing), "{}", summary(&found));
}

#[test]
fn a_server_that_tells_an_event_twice_is_found_out() {
    let found = findings_with(Some(Fault::Repeats));
    let twice = |one: &Finding| matches!(one, Finding::Twice { .. });
    assert!(found.iter().any(twice), "{}", summary(&found));
}

#[test]
fn a_server_that_tells_a_removed_member_is_found_out() {
    let found = findings_with(Some(Fault::KeepsShowing));
    let shown = |one: &Finding| matches!(one, Finding::NotForIt { .. });
    assert!(found.iter().any(shown), "{}", summary(&found));
}

#[test]
fn a_server_that_skips_what_was_missed_is_found_out() {
    let found = findings_with(Some(Fault::SkipsWhatWasMissed));
    let missing = |one: &Finding| matches!(one, Finding::Missing { .. });
    assert!(found.iter().any(missing), "{}", summary(&found));
}

#[test]
fn a_server_that_loses_an_event_for_everybody_is_found_out() {
    let found = findings_with(Some(Fault::Loses));
    let missing = |one: &Finding| matches!(one, Finding::Missing { .. });
    assert!(found.iter().any(missing), "{}", summary(&found));
}

#[test]
fn a_server_that_mixes_up_words_is_found_out() {
    let found = findings_with(Some(Fault::Mixes));
    let wrong = |one: &Finding| matches!(one, Finding::EndsWrong { .. });
    assert!(found.iter().any(wrong), "{}", summary(&found));
}
