//! A server that is asked for ten times what it can do: it refuses what is too much, its memory stays what
//! it is, and afterwards all is as before.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{Client, Connection, Data, Process, Request, SLOW};

/// What the slow server does in a second, at the most.
const CAPACITY: usize = 125;

/// How long it is asked for more.
const WHILE: Duration = Duration::from_secs(6);

/// How many ask at once: more than can wait in its queue, so that some are always refused and ask again.
const CALLERS: usize = 2_600;

/// What a body is blown up with.
const BLANKS: usize = 2 * 1024;

/// How much memory may come to the server while it is overloaded: what all callers could make it hold
/// is about 40 MiB, of which nothing is needed twice.
const MORE_MEMORY: u64 = 160 << 20;

/// What became of one caller's requests.
#[derive(Default)]
struct Told {
    stored: Vec<i64>,
    refused: usize,
}

/// Asks again and again for another user, until the time is over.
async fn call(address: std::net::SocketAddr, caller: usize, until: Instant) -> Told {
    let mut told = Told::default();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut attempt = 0;
    while Instant::now() < until {
        attempt += 1;
        let name = format!("c{caller}-{attempt}");
        let user = json!({"username": name, "email": format!("{name}@example.org")});
        let body = format!("{user}{}", " ".repeat(BLANKS));
        let request = format!(
            "POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it takes the request");
        let (head, body) = answer(&mut stream).await;
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        if head.starts_with("HTTP/1.1 201 ") {
            told.stored.push(body["id"].as_i64().expect("an id"));
        } else {
            assert!(head.starts_with("HTTP/1.1 503 "), "{head}{body}");
            assert_eq!(body["code"], "overloaded");
            assert!(head.contains("\r\nretry-after: 1\r\n"), "{head}");
            told.refused += 1;
        }
    }
    told
}

/// The head and the body of an answer.
async fn answer(stream: &mut TcpStream) -> (String, String) {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.expect("a length").parse().expect("a number");
            if body.len() >= length {
                return (format!("{head}\r\n"), body.to_owned());
            }
        }
        let got = stream.read_buf(&mut read).await.expect("an answer");
        assert!(got > 0, "the server has hung up");
    }
}

/// How much memory of the machine a process has.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok())
        .expect("a number")
        * 1024
}

#[test]
#[cfg(target_os = "linux")]
fn ten_times_too_much_is_refused_and_leaves_no_trace() {
    let data = Data::new();
    let server = Process::start_at(Path::new(SLOW), &data);
    let (address, pid) = (server.address(), server.pid());
    let before = memory(pid);
    let until = Instant::now() + WHILE;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (told, most) = runtime.block_on(async {
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            callers.spawn(call(address, caller, until));
        }
        let watch = tokio::spawn(async move {
            let mut most = 0;
            while Instant::now() < until {
                most = memory(pid).max(most);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            most
        });
        (callers.join_all().await, watch.await.expect("it watches"))
    });
    let stored: Vec<i64> = told
        .iter()
        .flat_map(|told| told.stored.iter().copied())
        .collect();
    let refused: usize = told.iter().map(|told| told.refused).sum();
    let asked = stored.len() + refused;
    let (seconds, took) = (WHILE.as_secs() as usize, stored.len());
    assert!(took >= CAPACITY * seconds / 4, "{took} were stored");
    assert!(asked >= 10 * CAPACITY * seconds, "{asked} were asked for");
    let grown = most.saturating_sub(before);
    assert!(grown < MORE_MEMORY, "{} MiB more", grown >> 20);

    // At once it does again what it is asked, each in the time that it takes.
    let client = Client::system_at(address);
    for name in ["after", "then"] {
        let begun = Instant::now();
        let user = json!({"username": name, "email": format!("{name}@example.org")});
        client.post("/users", &user).expect(201);
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
    }
    // What was acknowledged is there, and what was refused is not.
    let mut there = HashSet::new();
    let mut connection = Connection::open(address).expect("a connection");
    let mut next = Some("/users?limit=200".to_owned());
    while let Some(target) = next {
        let page = connection
            .send(&Request::new("GET", &target))
            .expect("a page");
        next = page.link("next");
        there.extend(
            page.expect(200)
                .as_array()
                .expect("a list")
                .iter()
                .map(crate::support::id),
        );
    }
    assert_eq!(there.len(), took + 2);
    assert!(stored.iter().all(|id| there.contains(id)));
    assert!(server.terminate().success());
}
