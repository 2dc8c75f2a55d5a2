//! Live delivery on small runs: every workload has its figures, and what was told to nobody, or twice, has none.

use std::process::Command;

use super::{BENCH, said};
use crate::support::SERVER;

fn live(args: &[&str]) -> std::process::Output {
    let small = [
        "live",
        "--server",
        SERVER,
        "--rounds",
        "1",
        "--seconds",
        "1",
    ];
    Command::new(BENCH)
        .args(small)
        .args(args)
        .output()
        .expect("it runs")
}

#[test]
fn a_small_run_has_a_figure_of_each() {
    let counts = ["--readers", "3,5", "--idle", "20", "--returning", "5"];
    let output = live(&counts);
    assert!(output.status.success(), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    for figure in ["| deliver | 3 |", "| W4 | 5 |", "| W4, 20 sends/s | 5 |"] {
        assert!(told.contains(figure), "{figure}: {told}");
    }
    assert!(told.contains("W4i: 20 idle WebSockets"), "{told}");
    assert!(
        told.contains("W6: 5 readers, each 100 events behind"),
        "{told}"
    );
}

#[test]
fn what_can_not_be_measured_is_told() {
    let output = live(&["--workloads", "w9"]);
    assert!(!output.status.success());
    assert!(
        said(&output).contains("there are w4,w4i,w6"),
        "{}",
        said(&output)
    );
}
