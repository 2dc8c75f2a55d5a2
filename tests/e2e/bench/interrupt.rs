//! A run that is interrupted ends what it has started and removes what it has written.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::BENCH;
use crate::support::SERVER;

/// While it sends, and while it uploads to a second server.
#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    interrupt("w1", "W1", 2);
    interrupt("w5", "W5u", 3);
}

fn interrupt(workload: &str, said_then: &str, processes: usize) {
    let dir = tempfile::tempdir().expect("a directory");
    let scratch = dir.path().join("scratch");
    fs::create_dir(&scratch).expect("a directory");
    let out = dir.path().join("out");
    let mut bench = Command::new(BENCH)
        .args(["--groups", "40", "--messages", "1000", "--seconds", "600"])
        .args(["--workloads", workload, "--connections", "4"])
        .args(["--server", SERVER, "--out"])
        .arg(out)
        .env("TMPDIR", &scratch)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut said = BufReader::new(bench.stderr.take().expect("a pipe")).lines();
    let measuring =
        |line: &std::io::Result<String>| line.as_ref().is_ok_and(|it| it.starts_with(said_then));
    said.find(measuring).expect("it measures").expect("a line");
    let servers = children(bench.id());
    let expected = if cfg!(target_os = "linux") {
        processes
    } else {
        0
    };
    assert_eq!(servers.len(), expected);
    let told = Command::new("kill")
        .args(["-INT", &bench.id().to_string()])
        .status();
    assert!(told.expect("kill runs").success());
    assert_eq!(bench.wait().expect("it ends").code(), Some(130));
    let last = said.last().expect("a line").expect("a line");
    assert_eq!(last, "chat-bench: interrupted");
    assert_eq!(fs::read_dir(&scratch).expect("a directory").count(), 0);
    for server in servers {
        assert!(
            !Path::new("/proc").join(&server).exists(),
            "{server} is left"
        );
    }
}

/// The processes that a process has started, where the system tells them.
fn children(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten();
    let children =
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    let children: Vec<String> = children.collect();
    children
        .iter()
        .flat_map(|of| of.split_whitespace())
        .map(str::to_owned)
        .collect()
}
