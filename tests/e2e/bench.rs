//! The benchmark on small runs: it measures what it says, and a server that is wrong gets no figures.

#[cfg(unix)]
mod interrupt;
mod live;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Data, EARLY_ACK, Process, SERVER};

const BENCH: &str = env!("CARGO_BIN_EXE_chat-bench-under-test");

/// So small that a run takes a few seconds without optimisation too.
const SMALL: [&str; 6] = ["--groups", "40", "--messages", "1000", "--rounds", "1"];

fn bench(args: &[&str]) -> Output {
    Command::new(BENCH)
        .args(SMALL)
        .args(["--seconds", "0.1"])
        .args(args)
        .output()
        .expect("it runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The report that was written into `dir`.
#[track_caller]
fn report(output: &Output, dir: &Path) -> Value {
    assert!(output.status.success(), "{}", said(output));
    let json = fs::read_to_string(dir.join("report.json")).expect("a report");
    serde_json::from_str(&json).expect("JSON")
}

/// Each row as its name, its connections, and what it is compared with.
fn rows(report: &Value) -> Vec<(&str, u64, Option<&str>)> {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        assert!(row["per_second"].as_f64() > Some(0.0), "{row}");
        assert!(row["p50_ms"].as_f64() <= row["p999_ms"].as_f64(), "{row}");
        (
            row["name"].as_str().expect("a name"),
            row["connections"].as_u64().expect("connections"),
            row["floor"].as_str(),
        )
    })
    .collect()
}

#[test]
fn a_whole_run_measures_every_workload_beside_its_floor() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("out");
    let args = [
        "--server",
        SERVER,
        "--connections",
        "1,4",
        "--sizes",
        "1,1100",
        "--out",
    ];
    let output = bench(&[&args[..], &[out.to_str().expect("a path")]].concat());
    let report = report(&output, &out);
    assert_eq!(
        rows(&report),
        [
            ("fill", 256, None),
            ("W1", 1, Some("echo")),
            ("W1c", 1, Some("(fsync + echo), p50")),
            ("echo", 1, None),
            ("fsync", 1, None),
            ("W1", 4, Some("echo")),
            ("echo", 4, None),
            ("fsync", 1, None),
            ("W2h", 32, Some("page")),
            ("W2h", 32, None),
            ("page", 32, None),
            ("W2", 32, Some("echo")),
            ("W2", 32, None),
            ("echo", 32, None),
            ("W3", 32, Some("echo")),
            ("W3", 32, None),
            ("echo", 32, None),
            ("W5u", 1, Some("copy")),
            ("copy", 1, None),
            ("W5u", 8, Some("copy")),
            ("copy", 8, None),
            ("W5u", 1, Some("copy")),
            ("copy", 1, None),
            ("W5d", 1, Some("body")),
            ("body", 1, None),
            ("W5d", 1, Some("body")),
            ("body", 1, None),
        ]
    );
    assert!(report["rows"][0]["disk_bytes"].as_f64() > Some(100.0));
    assert!(report["start"]["first_answer_ms"].as_f64() > Some(0.0));
    if cfg!(target_os = "linux") {
        assert!(report["rows"][1]["cpu_us"].as_f64() > Some(0.0));
        assert!(report["rows"][1]["peak_bytes"].as_u64() > Some(1_000_000));
        let memory = &report["memory"];
        assert_eq!(memory["uploads"], 64);
        assert_eq!(memory["file_bytes"], 1100 * 1024);
        let before = memory["resident_bytes"].as_u64();
        assert!(before > Some(1_000_000) && memory["peak_bytes"].as_u64() > before);
    }

    let curves = report["growth"].as_array().expect("curves").iter();
    let points = curves.map(|curve| {
        let lines = curve["lines"].as_array().expect("lines").iter();
        let lines = lines.map(|line| line["points"].as_array().expect("points").len());
        (curve["name"].as_str().expect("a name"), lines.collect())
    });
    let points: Vec<(&str, Vec<usize>)> = points.collect();
    assert_eq!(
        points,
        [("messages", vec![1, 1, 1]), ("members", vec![4])],
        "1,000 messages are the only size"
    );
    for picture in ["growth-messages.svg", "growth-members.svg"] {
        let svg = fs::read_to_string(out.join(picture)).expect("a picture");
        assert!(svg.starts_with("<svg") && svg.contains("W1 send"), "{svg}");
    }

    let table = fs::read_to_string(out.join("report.md")).expect("a table");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), table.trim());
    for check in [
        "killed 3 times under load",
        "1000 sends were acknowledged, and as many messages are stored",
        "recount of everything agreed",
    ] {
        assert!(table.contains(check), "{check}: {table}");
    }
}

#[test]
fn a_server_that_acknowledges_too_early_gets_no_figures() {
    let run = || bench(&["--server", EARLY_ACK, "--workloads", "w3"]);
    // All kills of a run may come while what is acknowledged is being written.
    let found = (0..5)
        .map(|_| run())
        .find(|output| !output.status.success());
    let output = found.expect("it is found out");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("was acknowledged and is lost"),
        "{}",
        said(&output)
    );
    assert!(output.stdout.is_empty());
}

/// A server whose recount does not agree: of the database that is killed, and of the one that is measured.
#[cfg(unix)]
#[test]
fn a_server_whose_counters_are_wrong_gets_no_figures() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().expect("a directory");
    for data in ["killed", "data"] {
        let server = dir.path().join(data);
        let script = format!(
            "#!/bin/sh\ncase \"$1 $3\" in\n\"recount \"*/{data}) echo one is wrong; exit 1;;\nesac\n\
             exec '{SERVER}' \"$@\"\n"
        );
        fs::write(&server, script).expect("a script");
        fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).expect("it can be run");
        let server = server.to_str().expect("a path");
        let output = bench(&["--server", server, "--workloads", "w3"]);
        assert_eq!(output.status.code(), Some(1), "{data}");
        let complaint = "the recount found something: one is wrong";
        assert!(said(&output).contains(complaint), "{}", said(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_server_that_runs_already_is_measured_and_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let data = Data::new();
    let server = Process::start(&data);
    let url = format!("http://{}", server.address());
    for run in ["first", "second"] {
        let out = dir.path().join(run);
        let to = out.to_str().expect("a path");
        let output = bench(&[
            "--url",
            &url,
            "--workloads",
            "w1,w2h,w5",
            "--connections",
            "1",
            "--sizes",
            "1",
            "--out",
            to,
        ]);
        let report = report(&output, &out);
        let expected = [
            ("fill", 256, None),
            ("W1", 1, Some("echo")),
            ("echo", 1, None),
            ("W2h", 32, Some("page")),
            ("W2h", 32, None),
            ("page", 32, None),
            ("W5u", 1, None),
            ("W5u", 8, None),
            ("W5d", 1, Some("body")),
            ("body", 1, None),
        ];
        assert_eq!(rows(&report), expected);
        assert_eq!(report["rows"][1]["cpu_us"], Value::Null);
        assert_eq!(report["start"], Value::Null);
        assert_eq!(report["memory"], Value::Null);
    }
    assert!(server.terminate().success());
}

#[test]
fn a_fixed_rate_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().to_str().expect("a path");
    let args = [
        "--server",
        SERVER,
        "--workloads",
        "w1,w3",
        "--rate",
        "200",
        "--connections",
        "8",
    ];
    let output = bench(&[&args[..], &["--out", out]].concat());
    let report = report(&output, dir.path());
    let expected = [("fill", 256, None), ("W1", 8, None), ("W3", 32, None)];
    assert_eq!(rows(&report), expected);
    for row in &report["rows"].as_array().expect("rows")[1..] {
        assert_eq!(row["fixed_rate"].as_f64(), Some(200.0));
        // The last of 20 requests is due 5 ms before the end.
        assert!(row["per_second"].as_f64() < Some(211.0), "{row}");
    }
}

/// 48 groups have 12 users, so that every third or fourth of them is the same after four steps.
#[test]
fn every_number_of_groups_has_members() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().to_str().expect("a path");
    let output = Command::new(BENCH)
        .args(["--groups", "48", "--messages", "1000", "--rounds", "1"])
        .args(["--seconds", "0.1", "--workloads", "w3"])
        .args(["--server", SERVER, "--out", out])
        .output()
        .expect("it runs");
    report(&output, dir.path());
}

#[test]
fn who_stops_reading_ends_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut bench = Command::new(BENCH)
        .args(SMALL)
        .args([
            "--seconds",
            "0.1",
            "--workloads",
            "w3",
            "--server",
            SERVER,
            "--out",
        ])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop((bench.stdout.take(), bench.stderr.take()));
    assert!(bench.wait().expect("it ends").success());
    assert!(dir.path().join("report.json").exists());
}

#[test]
fn what_is_no_chat_server_gets_no_figures() {
    for (answer, complaint) in [
        (
            "HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{\"id\":7}\n",
            "no message",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "answered 200 instead of 201",
        ),
        (
            "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\n<no>",
            "no thing was made",
        ),
        ("SSH-2.0-OpenSSH\r\n\r\n", "no HTTP answer"),
    ] {
        let url = format!("http://{}", always(answer));
        let output = bench(&["--url", &url]);
        assert_eq!(output.status.code(), Some(1), "{answer}");
        assert!(
            said(&output).contains(complaint),
            "{answer}: {}",
            said(&output)
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let output = bench(&["--url", &format!("http://{address}")]);
    assert!(
        said(&output).contains("can't connect to"),
        "{}",
        said(&output)
    );
    let output = bench(&["--server", "/nowhere/chat-server"]);
    assert!(
        said(&output).contains("there is no server /nowhere/"),
        "{}",
        said(&output)
    );
}

/// A server that answers this to whatever comes.
fn always(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let (mut stream, mut request) = (stream, [0; 4096]);
                while stream.read(&mut request).is_ok_and(|bytes| bytes > 0) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}
