//! Readers that stop reading: they cost bounded memory, hold up nobody, and are told everything all the same.

use std::fs;
use std::thread::scope;
use std::time::{Duration, Instant};

use super::checker::summary;
use super::logged::first_cursor;
use super::readers::{Line, Reader, Reading, THE_END, Way};
use super::truth::Truth;
use super::writers::{World, Writer};
use super::{all_findings, everything, now, start_at};
use crate::support::{Data, EventStream, Request, Socket};

/// The words of a message, which is as large as one may be.
const WORDS: usize = 16_000;

/// How many of them are sent: 60 MB in all.
const MESSAGES: usize = 3_750;

/// How many readers stop reading.
const STALLED: usize = 20;

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
    let (live, most) = scope(|scope| {
        let (reading, from) = (&reading, &from);
        let live = scope.spawn(move || {
            let reader = Reader::new(reading, 0, Some(reader), Way::Socket, from);
            let record = reader.read();
            (record, Instant::now())
        });
        let mut writer = Writer::new(address, "writer");
        let mut most = 0;
        for number in 0..MESSAGES {
            writer.send(sender, "group_id", world.lobby, &words);
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
        (record, most)
    });
    let more = most.saturating_sub(before);
    println!(
        "{STALLED} stalled readers behind 60 MB: {} KiB more",
        more / 1_024
    );
    assert!(more < MOST, "{more} bytes more");
    // Two of those who stalled read on, over the very same connections as long as those last, and then over others.
    let mut records = vec![live];
    let socket = sockets.into_iter().next().map(Line::Socket);
    let stream = streams.into_iter().next().map(Line::Stream);
    *reading.deadline.lock().expect("a deadline") = Instant::now() + Duration::from_secs(120);
    for (number, way, line) in [(1, Way::Socket, socket), (2, Way::Stream, stream)] {
        let reader = Reader::new(&reading, number, Some(other), way, &from);
        records.push(reader.read_on(line.expect("an open connection")));
    }
    let history = first_cursor(&from);
    let truth = Truth::of(&history, &everything(address, &history));
    let found = all_findings(&truth, &records);
    assert!(found.is_empty(), "{}", summary(&found));
}
