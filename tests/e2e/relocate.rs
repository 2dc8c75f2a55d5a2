//! `move` as an operator runs it: to PostgreSQL and back, between servers that stop and start.

use std::path::Path;
use std::process::Output;
use std::thread::sleep;
use std::time::Duration;

use chat_testing::{Postgres, Template, TestDatabase};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::{Answer, Process, Request, output, server_command};

static EMPTY: Template = Template::new("empty", |_| {});

/// An empty database; none where there is no PostgreSQL.
fn empty() -> Option<TestDatabase> {
    Some(Postgres::shared()?.database(&EMPTY))
}

fn in_file(data: &Path) -> String {
    format!("sqlite://{}/chat.db", data.display())
}

/// Moves: its exit code, what it printed, and what it complained of.
fn run(from: &str, to: &str) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = output(server_command().args(["move", "--from", from, "--to", to]));
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    (status.code().expect("a code"), out, err)
}

/// A server on the database, with its files in `data`.
fn serve(url: &str, data: &Path) -> Process {
    Process::spawn(
        server_command()
            .args([
                "--listen",
                "127.0.0.1:0",
                "--database-url",
                url,
                "--data-dir",
            ])
            .arg(data),
    )
}

fn post(server: &Process, user: i64, path: &str, key: &str, body: &Value) -> Answer {
    let mut request = Request::new("POST", path).header("Idempotency-Key", key);
    if user > 0 {
        request = request.header("X-User-Id", &user.to_string());
    }
    request.json(body).send(server.address())
}

fn send(server: &Process, number: usize) -> Answer {
    let body = json!({"receiver_id": 2, "type": "text", "content": format!("hello {number} 🦀")});
    post(server, 1, "/messages", &format!("message-{number}"), &body)
}

/// What a client sees of an answer, and sees again.
fn told(answer: &Answer) -> (u16, Option<String>, String) {
    let etag = answer.header("etag").map(str::to_owned);
    (answer.status, etag, answer.text())
}

/// Sends the message that comes next, which has the id and the place that come next.
fn goes_on(server: &Process, number: usize) -> Answer {
    let answer = send(server, number);
    let message: Value = serde_json::from_slice(&answer.body).expect("a body of JSON");
    assert_eq!(answer.header("idempotency-replayed"), None);
    assert_eq!(message["id"], number);
    assert_eq!(message["seq"], number);
    answer
}

#[test]
fn a_server_goes_on_after_the_move_and_after_the_way_back() {
    let Some(database) = empty() else {
        return;
    };
    let [here, home] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let server = serve(&in_file(here.path()), here.path());
    for name in ["ada", "bob"] {
        let body = json!({"username": name, "email": format!("{name}@example.org")});
        assert_eq!(post(&server, 0, "/users", name, &body).status, 201);
    }
    let mut first: Vec<Answer> = (1..=5).map(|number| goes_on(&server, number)).collect();
    let seen = json!({"up_to": true});
    assert_eq!(
        post(&server, 2, "/messages/3/seen", "seen", &seen).status,
        200
    );

    // Not beside a server.
    let places = [
        in_file(here.path()),
        database.url().to_owned(),
        in_file(home.path()),
    ];
    let (code, out, err) = run(&places[0], &places[1]);
    assert_eq!(
        (code, out.as_str(), err.lines().count()),
        (1, "", 1),
        "{err}"
    );
    assert!(err.contains("in use by another process"), "{err}");

    assert!(server.terminate().success());
    for way in places.windows(2) {
        let (code, out, err) = run(&way[0], &way[1]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 17, "{out}");
        let line = |table: &str| lines.iter().find(|line| line.starts_with(table));
        let messages: Vec<&str> = line("messages")
            .expect("a line")
            .split_whitespace()
            .collect();
        let count = first.len().to_string();
        assert_eq!(messages[1..5], [count.as_str(); 4], "{out}");
        assert_eq!((messages[5], messages[5].len()), (messages[6], 16), "{out}");
        assert!(
            lines[16].starts_with("all 15 tables are equal; log "),
            "{out}"
        );
        assert!(!out.contains("DIFFERS"), "{out}");

        let server = serve(&way[1], home.path());
        for (number, before) in first.iter().enumerate() {
            let again = send(&server, number + 1);
            assert_eq!(told(&again), told(before));
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
        }
        first.push(goes_on(&server, first.len() + 1));
        assert!(server.terminate().success());
        let counted = output(server_command().args(["recount", "--database-url", &way[1]]));
        assert!(counted.status.success(), "{counted:?}");
    }
}

/// Users that nobody has made one by one.
fn fill(data: &Path, users: u32) {
    let url = in_file(data);
    let migrated = output(server_command().args(["migrate", "--database-url", &url]));
    assert!(migrated.status.success(), "{migrated:?}");
    let path = data.join("chat.db").display().to_string();
    SqliteConnection::establish(&path)
        .expect("it opens")
        .batch_execute(&format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {users})
             INSERT INTO users SELECT n, 'u' || n, 'u' || n, n || '@x', n || '@x', 1, 1, NULL, NULL, NULL, NULL FROM n;"
        ))
        .expect("it runs");
}

#[test]
fn killed_again_and_again_it_comes_to_its_end() {
    let Some(database) = empty() else {
        return;
    };
    let [here, home] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    fill(here.path(), 30_000);
    let places = [
        in_file(here.path()),
        database.url().to_owned(),
        in_file(home.path()),
    ];
    for way in places.windows(2) {
        let mut kills = 0;
        let mut wait = Duration::from_millis(60);
        loop {
            let mut child = server_command()
                .args(["move", "--from", &way[0], "--to", &way[1]])
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("it starts");
            sleep(wait);
            if let Some(ended) = child.try_wait().expect("its status") {
                assert!(ended.success());
                break;
            }
            child.kill().expect("it is killed");
            child.wait().expect("its status");
            kills += 1;
            wait = wait * 5 / 4;
        }
        assert!(kills > 0);
    }
    // What has come home is what has left.
    let [first, last] = [&places[0], &places[2]].map(|from| {
        let to = tempfile::tempdir().unwrap();
        let (code, out, err) = run(from, &in_file(to.path()));
        assert_eq!(code, 0, "{out}{err}");
        out
    });
    assert_eq!(first, last);
}

#[test]
fn a_half_moved_database_is_not_served_from() {
    let Some(database) = empty() else {
        return;
    };
    let here = tempfile::tempdir().unwrap();
    fill(here.path(), 100);
    let (code, out, _) = run(&in_file(here.path()), database.url());
    assert_eq!(code, 0, "{out}");
    database
        .connect()
        // As a move leaves it that was killed.
        .batch_execute("CREATE TABLE chat_move AS SELECT 1 AS id, 'x' AS log_id, 1 AS position")
        .expect("it is made");
    for command in ["serve", "migrate", "recount"] {
        let refused = output(server_command().args([command, "--database-url", database.url()]));
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{command}");
        assert!(
            said.contains("a move into this database was broken off: run it again"),
            "{command}: {said}"
        );
    }
}

#[test]
fn what_can_not_be_moved_is_one_sentence_and_code_1() {
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    fill(here.path(), 3);
    fill(there.path(), 3);
    let [from, to] = [&here, &there].map(|dir| in_file(dir.path()));
    let missing = in_file(&here.path().join("nowhere"));
    for (from, to, sentence) in [
        (from.as_str(), to.as_str(), "its table users has rows"),
        (&missing, &to, "there is no database"),
        (&from, &missing, "make it, or use another"),
        (&from, "mysql://ada:secret@db/chat", "the setting --to is"),
        ("chat.db", &to, "the setting --from is"),
        (&from, &from, "in use by another process"),
    ] {
        let (code, out, err) = run(from, to);
        assert_eq!((code, out.as_str()), (1, ""), "{err}");
        assert_eq!(err.lines().count(), 1, "one sentence: {err}");
        assert!(err.contains(sentence) && !err.contains("secret"), "{err}");
    }
    let usage = output(server_command().args(["move", "--from", &from]));
    assert_eq!(usage.status.code(), Some(2));
}
