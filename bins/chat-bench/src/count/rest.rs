//! Waiting until a process is at rest: every thread of it asleep.
//!
//! A server goes on working after it has answered: its writer wakes the checkpointer, and whether
//! that is done before the next commit decides how the log of the database is used from then on. Asked
//! only when it is at rest, it always does the same.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::interrupt;

/// How long it may work after an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks.
const BREATH: Duration = Duration::from_micros(100);

/// Waits until no thread of the process has anything to do.
pub(super) fn wait(pid: u32) -> Result<()> {
    let since = Instant::now();
    while !is_at_rest(pid)? {
        interrupt::check()?;
        ensure!(
            since.elapsed() < PATIENCE,
            "the server does not come to rest"
        );
        thread::sleep(BREATH);
    }
    Ok(())
}

fn is_at_rest(pid: u32) -> Result<bool> {
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread that has ended meanwhile rests.
        let stat = fs::read_to_string(task?.path().join("stat")).unwrap_or_default();
        if works(&stat) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a thread runs, wants to, or waits for a disk, by its `/proc/PID/task/TID/stat`: the third
/// field, behind a name that may hold anything.
fn works(stat: &str) -> bool {
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('R' | 'D'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_read_behind_any_name() {
        for (stat, expected) in [
            ("7 (chat-writer) R 1 2", true),
            ("7 (chat-writer) D 1 2", true),
            ("7 (chat-writer) S 1 2", false),
            ("7 (a) R b) S 1 2", false),
            ("7 (a) S b) R 1 2", true),
            ("", false),
        ] {
            assert_eq!(works(stat), expected, "{stat}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_looks_at_itself_is_not_at_rest() {
        assert!(!is_at_rest(std::process::id()).unwrap());
    }
}
