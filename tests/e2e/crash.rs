//! The server is killed under concurrent writes, many times. Whatever it had acknowledged is there once
//! and in order, every counter equals its recount, and the log agrees with the tables.
//!
//! `CHAT_CRASH_ROUNDS` says how many times; see the tests' README.

mod checker;
mod database;
mod load;
mod readback;
mod records;
mod recount;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use self::checker::Finding;
pub(crate) use self::load::Dice;
use self::load::{Stage, Writer};
use self::records::{Records, To};
use crate::support::{Data, EARLY_ACK, Process, Request, SERVER};

/// How many times the server is killed, unless `CHAT_CRASH_ROUNDS` says another number.
const ROUNDS: usize = 60;
/// After so many kills everything is checked, and a new folder begun.
const KILLS_OF_A_FOLDER: usize = 20;
/// In so many kills the server that acknowledges too early must be found out. A few do, but where a life is
/// over before much was acknowledged in it: on a slow machine, whose store has to connect first.
const KILLS_TO_FIND: usize = 100;
const WRITERS: i64 = 8;
const GROUPS: [i64; 2] = [1, 2];

/// Data, and those who write into it from one life of the server to the next.
struct Folder<'b> {
    binary: &'b Path,
    data: Data,
    writers: Vec<Writer>,
    stage: Stage,
    dice: Dice,
}

impl<'b> Folder<'b> {
    /// With users, and groups of all of them.
    fn begin(binary: &'b Path, seed: i64) -> Self {
        let data = Data::new();
        let process = Process::start(&data);
        let post = |path: &str, body: serde_json::Value| {
            let request = Request::new("POST", path).json(&body);
            request.send(process.address()).expect(201);
        };
        for user in 1..=WRITERS {
            let name = format!("user{user}");
            post(
                "/users",
                json!({"username": name, "email": format!("{name}@example.org")}),
            );
        }
        for group in GROUPS {
            post("/groups", json!({"name": format!("group {group}")}));
            let members = format!("/groups/{group}/members");
            (1..=WRITERS).for_each(|user| post(&members, json!({"user_id": user})));
        }
        // In peace, by the good one: what is looked for later is what comes from here on.
        assert!(process.terminate().success());
        let writer = |user: i64| {
            let next = To::User(user % WRITERS + 1);
            let targets = GROUPS.map(To::Group).into_iter().chain([next]);
            Writer::new(user, targets.collect(), seed * WRITERS + user)
        };
        Self {
            binary,
            data,
            writers: (1..=WRITERS).map(writer).collect(),
            stage: Stage::default(),
            dice: Dice::new(seed),
        }
    }

    /// One life of the server: all write until it is killed.
    fn round(&mut self) {
        let process = Process::start_at(self.binary, &self.data);
        let address = process.address();
        let life = Duration::from_millis(20) * u32::try_from(1 + self.dice.below(10)).expect("few");
        self.stage.killed.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for writer in &mut self.writers {
                let stage = &self.stage;
                scope.spawn(move || writer.work(address, stage));
            }
            std::thread::sleep(life);
            self.stage.killed.store(true, Ordering::SeqCst);
            process.kill();
        });
    }

    fn records(&self) -> Records {
        let mut all = Records::default();
        for writer in &self.writers {
            all.add(&writer.records);
        }
        all
    }

    /// What is not as it was acknowledged, once the server has come up again.
    fn findings(&self) -> Vec<Finding> {
        Process::start_at(self.binary, &self.data).kill();
        checker::check(&self.records(), &database::find(&self.data.database()))
    }

    /// What is wrong with anything: with what was acknowledged, with what is told over HTTP, with a
    /// counter or with the log.
    fn faults(&self) -> Vec<String> {
        let data = &self.data;
        let process = Process::start_at(self.binary, data);
        let (records, found) = (self.records(), database::find(&data.database()));
        let findings = checker::check(&records, &found);
        let mut faults: Vec<_> = findings.iter().map(|f| format!("{f:?}")).collect();
        let users: Vec<i64> = (1..=WRITERS).collect();
        let address = process.address();
        faults.extend(readback::differences(
            address, &users, &GROUPS, &records, &found,
        ));
        faults.extend(recount::disagreements(&data.database()));
        assert!(process.terminate().success());
        faults.extend(recount::recount_by_product(self.binary, data).err());
        faults
    }
}

/// What a run came to, in one line.
fn report(kills: usize, records: &Records, begun: Instant) -> String {
    let Records {
        sent,
        marked,
        deleted,
        unanswered,
        retried,
        replayed,
        ..
    } = records;
    format!(
        "{kills} kills in {} s: acknowledged {} ({} messages, {} marks, {} deletions), unanswered \
         {unanswered}, retried {retried}, replayed {replayed}",
        begun.elapsed().as_secs(),
        records.acknowledged(),
        sent.len(),
        marked.len(),
        deleted.len(),
    )
}

#[test]
fn what_was_acknowledged_is_there_once_and_in_order_after_every_kill() {
    let rounds = std::env::var("CHAT_CRASH_ROUNDS");
    let rounds = rounds.map_or(ROUNDS, |n| {
        n.parse().expect("CHAT_CRASH_ROUNDS is a number")
    });
    let begun = Instant::now();
    let mut all = Records::default();
    let mut kills = 0;
    while kills < rounds {
        let mut folder = Folder::begin(Path::new(SERVER), i64::try_from(kills).expect("few"));
        for _ in 0..KILLS_OF_A_FOLDER.min(rounds - kills) {
            folder.round();
            kills += 1;
        }
        all.add(&folder.records());
        let report = report(kills, &all, begun);
        let faults = folder.faults();
        assert!(faults.is_empty(), "{report}\n{}", faults.join("\n"));
        eprintln!("{report}, missing 0, doubled 0");
    }
    assert!(all.sent.len() > rounds, "next to nothing was written");
    // What was stored and not told: the first answer came after the kill, by the key alone.
    assert!(rounds < ROUNDS || all.replayed > 0, "nothing was replayed");
}

#[test]
fn a_server_that_acknowledges_before_the_commit_is_found_out() {
    let begun = Instant::now();
    let mut folder = Folder::begin(Path::new(EARLY_ACK), 1);
    for kills in 1..=KILLS_TO_FIND {
        folder.round();
        let findings = folder.findings();
        let lost = findings
            .iter()
            .filter(|finding| matches!(finding, Finding::Lost(_)));
        let lost = lost.count();
        if lost > 0 {
            eprintln!("{}, lost {lost}", report(kills, &folder.records(), begun));
            return;
        }
    }
    panic!(
        "nothing was found: {}",
        report(KILLS_TO_FIND, &folder.records(), begun)
    );
}
