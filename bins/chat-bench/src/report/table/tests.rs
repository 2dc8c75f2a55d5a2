//! What a report looks like.

use rstest::rstest;

use super::*;
use crate::report::{Machine, Point};

fn report() -> Report {
    Report {
        version: "1.2.3",
        machine: Machine::known(),
        command: "chat-bench --messages 1000000".to_owned(),
        messages: 1_000_000,
        rows: Vec::new(),
        start: None,
        memory: None,
        growth: Vec::new(),
        checks: Vec::new(),
    }
}

fn floor() -> Row {
    Row {
        name: "echo",
        what: String::new(),
        connections: 32,
        fixed_rate: None,
        per_second: 61_234.4,
        rounds: vec![61_234.4],
        p50_ms: 0.4567,
        p99_ms: 1.2,
        p999_ms: 2.0,
        floor: None,
        ratio: None,
        cpu_us: Some(14.26),
        peak_bytes: None,
        disk_bytes: None,
    }
}

fn send() -> Row {
    Row {
        name: "W1",
        what: "POST /messages".to_owned(),
        per_second: 18_980.0,
        floor: Some("echo"),
        ratio: Some(Ratio {
            value: 0.31,
            wanted: Wanted::AtLeast(0.25),
        }),
        cpu_us: Some(41.0),
        peak_bytes: Some(45 << 19),
        disk_bytes: Some(412.3),
        ..floor()
    }
}

fn alone() -> Row {
    Row {
        connections: 1,
        fixed_rate: Some(1_000.0),
        per_second: 1_000.2,
        p999_ms: 1_234.567,
        floor: Some("fsync"),
        ratio: Some(Ratio {
            value: 1.62,
            wanted: Wanted::AtMost(1.5),
        }),
        ..send()
    }
}

fn upload() -> Row {
    Row {
        name: "W5u",
        what: "POST /files, 50 MiB".to_owned(),
        connections: 1,
        per_second: 7.346,
        floor: Some("copy"),
        disk_bytes: None,
        ..send()
    }
}

fn point(size: u64, cpu_us: f64) -> Point {
    Point { size, cpu_us }
}

fn curve(name: &'static str, axis: &'static str) -> Curve {
    let line = |name, points: &[(u64, f64)]| Line {
        name,
        points: points.iter().map(|&(size, cpu)| point(size, cpu)).collect(),
    };
    Curve {
        name,
        axis,
        lines: vec![
            line(
                "W1 send",
                &[(10_000, 40.0), (100_000, 41.24), (1_000_000, 43.2)],
            ),
            line("W2 depth", &[(10_000, 60.0), (1_000_000, 81.0)]),
            line("W3 unseen", &[(100_000, 20.0)]),
        ],
    }
}

#[test]
fn a_whole_report() {
    let report = Report {
        rows: vec![floor(), send(), alone(), upload()],
        start: Some(Start {
            first_answer_ms: 41.37,
            resident_bytes: Some(29 << 19),
            binary_bytes: 12 << 20,
        }),
        memory: Some(Memory {
            uploads: 64,
            file_bytes: 50 << 20,
            resident_bytes: 10 << 20,
            peak_bytes: 85 << 19,
        }),
        growth: vec![
            curve("messages", "messages stored"),
            curve("members", "members of the group"),
        ],
        checks: vec!["All agree.".to_owned(), "Nothing was lost.".to_owned()],
        ..report()
    };
    assert_eq!(report.markdown(), WHOLE);
}

const WHOLE: &str = "\
chat-bench 1.2.3 on 2 cores of A 7, 24 GiB, Linux 6.1.0, ext4; 1,000,000 messages stored.

    chat-bench --messages 1000000

| workload                |  connections | requests/s | p50 ms | p99 ms | p99.9 ms | × floor      | target       | CPU µs/request | peak MiB | bytes/message |
| ----------------------- | -----------: | ---------: | -----: | -----: | -------: | ------------ | ------------ | -------------: | -------: | ------------: |
| echo                    |           32 |     61,234 |   0.46 |   1.20 |     2.00 | –            |              |           14.3 |        – |             – |
| W1 POST /messages       |           32 |     18,980 |   0.46 |   1.20 |     2.00 | 0.31 × echo  | ≥ 0.25 met   |           41.0 |     22.5 |           412 |
| W1 POST /messages       | 1 at 1,000/s |      1,000 |   0.46 |   1.20 | 1,234.57 | 1.62 × fsync | ≤ 1.5 missed |           41.0 |     22.5 |           412 |
| W5u POST /files, 50 MiB |            1 |       7.35 |   0.46 |   1.20 |     2.00 | 0.31 × copy  | ≥ 0.25 met   |           41.0 |     22.5 |             – |

Start: first answer after 41.4 ms (target ≤ 150), 14.5 MiB resident (target ≤ 30.0), program 12.0 MiB (target ≤ 25.0).

Memory: 10.0 MiB resident after the start, 42.5 MiB at most during 64 uploads of 50 MiB at once.

CPU µs/request by messages stored:

| workload  | 10,000 | 100,000 | 1,000,000 | growth | target        |
| --------- | -----: | ------: | --------: | -----: | ------------- |
| W1 send   |   40.0 |    41.2 |      43.2 | 1.08 × | ≤ 1.25 met    |
| W2 depth  |   60.0 |       – |      81.0 | 1.35 × | ≤ 1.25 missed |
| W3 unseen |      – |    20.0 |         – |      – |               |

CPU µs/request by members of the group:

| workload  | 10,000 | 100,000 | 1,000,000 | growth | target        |
| --------- | -----: | ------: | --------: | -----: | ------------- |
| W1 send   |   40.0 |    41.2 |      43.2 | 1.08 × | ≤ 1.25 met    |
| W2 depth  |   60.0 |       – |      81.0 | 1.35 × | ≤ 1.25 missed |
| W3 unseen |      – |    20.0 |         – |      – |               |

Checked:

- All agree.
- Nothing was lost.
";

#[test]
fn a_report_is_kept_in_files() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("made");
    let report = Report {
        rows: vec![send()],
        growth: vec![curve("messages", "messages stored")],
        ..report()
    };
    let paths = report.write(&dir).unwrap();
    let names = ["report.md", "report.json", "growth-messages.svg"];
    assert_eq!(paths, names.map(|name| dir.join(name)));
    let json = std::fs::read_to_string(&paths[1]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["machine"]["filesystem"], "ext4");
    assert_eq!(json["rows"][0]["ratio"]["wanted"]["at_least"], 0.25);
}

#[test]
fn a_report_of_nothing() {
    assert_eq!(
        report().markdown(),
        "chat-bench 1.2.3 on 2 cores of A 7, 24 GiB, Linux 6.1.0, ext4; 1,000,000 messages stored.\n\
         \n    chat-bench --messages 1000000\n"
    );
}

#[test]
fn a_start_whose_memory_is_unknown() {
    let told = start(&Start {
        first_answer_ms: 1_041.0,
        resident_bytes: None,
        binary_bytes: 3 << 19,
    });
    assert_eq!(
        told,
        "Start: first answer after 1,041.0 ms (target ≤ 150), program 1.5 MiB (target ≤ 25.0).\n"
    );
}

#[rstest]
#[case(0.312, Wanted::AtLeast(0.25), "0.31", "≥ 0.25 met")]
#[case(0.25, Wanted::AtLeast(0.25), "0.25", "≥ 0.25 met")]
// Rounded, it would look as if it were met.
#[case(0.2496, Wanted::AtLeast(0.25), "0.2496", "≥ 0.25 missed")]
#[case(0.1, Wanted::AtLeast(0.2), "0.10", "≥ 0.2 missed")]
#[case(1.5, Wanted::AtMost(1.5), "1.50", "≤ 1.5 met")]
#[case(1.501, Wanted::AtMost(1.5), "1.501", "≤ 1.5 missed")]
#[case(1.2, Wanted::Open, "1.20", "")]
#[case(f64::NAN, Wanted::AtLeast(0.25), "–", "≥ 0.25 missed")]
fn a_ratio_agrees_with_its_target(
    #[case] figure: f64,
    #[case] wanted: Wanted,
    #[case] shown: &str,
    #[case] told: &str,
) {
    let ratio = Ratio {
        value: figure,
        wanted,
    };
    assert_eq!(value(ratio), shown);
    assert_eq!(target(ratio), told);
}

#[rstest]
#[case(&[], None)]
#[case(&[(10, 4.0)], None)]
#[case(&[(10, 4.0), (10, 8.0)], None)]
#[case(&[(10, 4.0), (20, 6.0)], Some(1.5))]
// In any order.
#[case(&[(20, 6.0), (30, 8.0), (10, 4.0)], Some(2.0))]
#[case(&[(10, 0.0), (20, 6.0)], None)]
fn growth_is_from_the_smallest_to_the_largest(
    #[case] points: &[(u64, f64)],
    #[case] growth: Option<f64>,
) {
    let points = points.iter().map(|&(size, cpu)| point(size, cpu)).collect();
    assert_eq!(Line { name: "x", points }.growth(), growth);
}

#[test]
fn a_table_is_padded_to_its_widest_cells() {
    let mut table = Table::new([Column::left("a"), Column::right("number")]);
    table.row(["ä|×".to_owned(), "1".to_owned()]);
    table.row([String::new(), "1,000.25".to_owned()]);
    assert_eq!(
        table.markdown(),
        "| a    |   number |\n\
         | ---- | -------: |\n\
         | ä\\|× |        1 |\n\
         |      | 1,000.25 |\n"
    );
}
