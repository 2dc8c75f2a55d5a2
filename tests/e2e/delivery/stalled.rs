//! Readers that stop reading: they cost bounded memory, hold up nobody, and are told everything all the same.

use std::fs;
use std::thread::scope;
use std::time::{Duration, Instant};

use super::checker::summary;
use super::logged::first_cursor;
use super::readers::{Line, Reader, Reading, THE_END, Way};
use super::truth::Truth;
use super::writers::{World, Writer};
use super::{PATIENCE, all_findings, everything, now, start_at};
use crate::support::{Data, EventStream, Request, Socket};

/// The words of a message, which is as large as one may be.
const WORDS: usize = 16_000;

/// How many of them are sent: 60 MB in all.
const MESSAGES: usize = 3_750;

/// How many readers stop reading.
const STALLED: usize = 20;

/// How many of them read on, unless `CHAT_SOAK_SECONDS` is given: then all do, which is more than a gigabyte.
const READ_ON: usize = 6;

/// How much more memory the server may take meanwhile: its budget for what waits, what its connections hold, and
/// what the store's own caches grow to. Were it all kept for each, it would be a hundred times as much.
const MOST: u64 = 96 * 1024 * 1024;

/// How much memory the process has.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let digits = line.and_then(|line| line.split_whitespace().nth(1));
    digits
        .and_then(|digits| digits.parse::<u64>().ok())
        .expect("kilobytes")
        * 1_024
}

#[test]
#[cfg(target_os = "linux")]
fn readers_that_stop_cost_little_and_hold_up_nobody() {
    let data = Data::new();
    let process = start_at(&data, "127.0.0.1:0");
    let address = process.address();
    let world = World::make(address, 4, 0);
    let from = now(address);
    let reading = Reading::of(address);
    reading
        .calm
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let [sender, reader, other, _] = world.users[..] else {
        panic!("four users");
    };
    let sockets: Vec<_> = (0..STALLED / 2)
        .map(|_| Socket::connect(address, &format!("/ws?user_id={other}"), &[]).expect("a socket"))
        .collect();
    let streams: Vec<_> = (0..STALLED / 2)
        .map(|_| {
            let request = Request::new("GET", &format!("/events?user_id={other}"));
            EventStream::open(address, request).expect("a stream")
        })
        .collect();
    let before = resident(process.pid());
    let words = "x".repeat(WORDS);
    let (live, most, longest) = scope(|scope| {
        let (reading, from) = (&reading, &from);
        let live = scope.spawn(move || {
            let reader = Reader::new(reading, 0, Some(reader), Way::Socket, from);
            let record = reader.read();
            (record, Instant::now())
        });
        let mut writer = Writer::new(address, "writer");
        let (mut most, mut longest) = (0, Duration::ZERO);
        for number in 0..MESSAGES {
            let start = Instant::now();
            writer.send(sender, "group_id", world.lobby, &words);
            longest = longest.max(start.elapsed());
            if number % 50 == 0 {
                most = most.max(resident(process.pid()));
            }
        }
        writer.send(sender, "group_id", world.lobby, THE_END);
        let sent = Instant::now();
        most = most.max(resident(process.pid()));
        let (record, read) = live.join().expect("the live reader");
        // It was told with the last message, give or take; it was not held up by those who stalled.
        let behind = read.saturating_duration_since(sent);
        assert!(behind < Duration::from_secs(10), "{behind:?} behind");
        // Nor was any of the sends, and none was refused.
        assert!(longest < Duration::from_secs(10), "a send took {longest:?}");
        assert_eq!(
            (writer.acknowledged.len(), writer.retries),
            (MESSAGES + 1, 0)
        );
        (record, most, longest)
    });
    // Whoever comes only now, and has missed all of it, is not held up either.
    reading.give_up_after(PATIENCE);
    let late = Reader::new(&reading, 1, Some(reader), Way::Stream, &from).read();
    let most = most.max(resident(process.pid()));
    let more = most.saturating_sub(before);
    println!(
        "{STALLED} stalled readers behind 60 MB: {} KiB more, no send took more than {longest:?}",
        more / 1_024
    );
    assert!(more < MOST, "{more} bytes more");
    // Those who stalled read on, over the very same connections as long as those last, and then over others.
    let read_on = match std::env::var_os("CHAT_SOAK_SECONDS") {
        Some(_) => STALLED,
        None => READ_ON,
    };
    let sockets = sockets
        .into_iter()
        .map(|line| (Way::Socket, Line::Socket(line)));
    let streams = streams
        .into_iter()
        .map(|line| (Way::Stream, Line::Stream(line)));
    let lines = sockets.take(read_on / 2).chain(streams.take(read_on / 2));
    let mut records = vec![live, late];
    records.extend(scope(|scope| {
        let reading: Vec<_> = lines
            .zip(2..)
            .map(|((way, line), number)| {
                let reader = Reader::new(&reading, number, Some(other), way, &from);
                scope.spawn(move || reader.read_on(line))
            })
            .collect();
        let records = reading
            .into_iter()
            .map(|reader| reader.join().expect("a record"));
        records.collect::<Vec<_>>()
    }));
    assert_eq!(records.len(), 2 + read_on);
    let history = first_cursor(&from);
    let truth = Truth::of(&history, &everything(address, &history));
    let found = all_findings(&truth, &records);
    assert!(found.is_empty(), "{}", summary(&found));
}
