//! The server is killed at each step of what it does with files. What was acknowledged is there, what was
//! under way can be done again, and collection leaves neither a record without bytes nor bytes without a
//! record.
//!
//! `CHAT_FAULT_STEPS=all` kills at every step; see the tests' README.

mod life;
mod place;
mod story;
mod teller;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use self::life::{Life, Lives, Outcome};

/// Unless all are asked for, the server is killed at one of so many steps of each kind.
const ONE_OF: usize = 5;
/// In so many kills a server that is wrong must be found out.
const KILLS_TO_FIND: usize = 20;
/// How many lives go on at the same time: most of one is waiting.
const AT_ONCE: usize = 8;
/// Steps by number within their kind: `3 keep answered` is the third of these. Their places among all
/// differ from life to life, as what goes on at the same time comes in any order.
fn numbered(steps: &[String]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let number = |kind| {
        let number = kinds.entry(kind).or_default();
        *number += 1;
        format!("{number} {kind}")
    };
    let kinds = steps.iter().filter_map(|step| step.split_once(' '));
    kinds.map(|(_, kind)| kind).map(number).collect()
}

/// At which of these steps the server is killed.
fn chosen(steps: &[String]) -> Vec<String> {
    let all = std::env::var("CHAT_FAULT_STEPS").is_ok_and(|which| which == "all");
    let number = |step: &str| {
        let number = step
            .split_once(' ')
            .and_then(|(number, _)| number.parse().ok());
        number.unwrap_or(0_usize)
    };
    let mut steps = numbered(steps);
    steps.retain(|step| all || number(step) % ONE_OF == 1);
    steps
}

/// Kills at each of these steps, several at a time; those that were come to. What is done at the same time
/// decides whether some are: bytes may be wanted again before or after they go.
fn kill_at(life: &Life, steps: &[String]) -> BTreeSet<String> {
    let (next, killed) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(last) = steps.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = life.live(Some(last), None);
                    let faults = outcome.faults.join("\n");
                    assert!(faults.is_empty(), "killed at {last}:\n{faults}");
                    if numbered(&outcome.steps).last() == Some(last) {
                        killed.lock().expect("steps").insert(last.clone());
                    }
                }
            });
        }
    });
    killed.into_inner().expect("steps")
}

/// Kills at the steps of a life; of each of these kinds there must have been some.
fn every_kill_is_survived(life: &Life, name: &str, kinds: &[&str]) {
    let begun = Instant::now();
    let Outcome { steps, faults } = life.live(None, None);
    assert!(faults.is_empty(), "without a kill:\n{}", faults.join("\n"));
    let chosen = chosen(&steps);
    let killed = kill_at(life, &chosen);
    eprintln!(
        "{name}: {} steps, killed at {} of them, in {} s",
        steps.len(),
        killed.len(),
        begun.elapsed().as_secs(),
    );
    for kind in kinds {
        for when in ["asked", "answered"] {
            let first = format!("1 {kind} {when}");
            assert!(killed.contains(&first), "not killed at {first}");
        }
    }
}

#[test]
fn a_kill_while_files_come_and_go_loses_nothing_and_leaves_nothing() {
    let kinds = [
        "commit", "stage", "write", "settle", "mark", "resume", "keep", "size", "discard", "read",
    ];
    every_kill_is_survived(&Lives::get().keeping, "files kept", &kinds);
}

#[test]
fn a_kill_while_files_are_collected_loses_nothing_and_leaves_nothing() {
    let kinds = ["commit", "delete", "discard by mark", "sweep", "stage"];
    every_kill_is_survived(&Lives::get().collecting, "files collected", &kinds);
}

/// Kills a server that is wrong in this way at one step of this kind after the other, until what should
/// be found is.
fn is_found_out(life: &Life, wrong: &str, kind: &str, fault: &str) {
    for number in 1..=KILLS_TO_FIND {
        let last = format!("{number} {kind}");
        let Outcome { faults, .. } = life.live(Some(&last), Some(wrong));
        if let Some(found) = faults.iter().find(|found| found.contains(fault)) {
            eprintln!("{wrong}, killed at {last}: {found}");
            return;
        }
    }
    panic!("a server with {wrong} was not found out");
}

#[test]
fn bytes_that_come_after_their_record_are_found_out() {
    let missing = "is missing: nothing is kept under";
    is_found_out(
        &Lives::get().keeping,
        "late_keep",
        "commit answered",
        missing,
    );
}

#[test]
fn bytes_that_go_after_their_record_are_found_out() {
    let orphaned = "is orphaned: no record has it";
    is_found_out(
        &Lives::get().collecting,
        "late_delete",
        "commit answered",
        orphaned,
    );
}

#[test]
fn bytes_that_go_before_it_is_written_that_they_may_are_found_out() {
    let missing = "is missing: nothing is kept under";
    is_found_out(
        &Lives::get().collecting,
        "early_delete",
        "delete answered",
        missing,
    );
}
