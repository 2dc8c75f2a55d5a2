//! `recount` and `backup` as an operator runs them: beside the server that writes, and after it.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{
    Data, Database, Process, Request, execute, execute_unchecked, lines, output, server_command,
};

/// Somebody who acts on a server process; 0 is the system.
struct Client<'p>(&'p Process, i64);

impl Client<'_> {
    fn post(&self, path: &str, body: &Value) -> i64 {
        let answer = self.request("POST", path).json(body).send(self.0.address());
        assert!(answer.status < 300, "{path}: {}", answer.text());
        serde_json::from_slice::<Value>(&answer.body).expect("a body of JSON")["id"]
            .as_i64()
            .unwrap_or_default()
    }

    fn delete(&self, path: &str) {
        let answer = self.request("DELETE", path).send(self.0.address());
        assert_eq!(answer.status, 204, "{path}: {}", answer.text());
    }

    fn request(&self, method: &str, path: &str) -> Request {
        match self.1 {
            0 => Request::new(method, path),
            user => Request::new(method, path).header("X-User-Id", &user.to_string()),
        }
    }

    /// Sends to a group (or with `receiver_id` to a user); the message's id.
    fn send(&self, to: &str, id: i64) -> i64 {
        self.post(
            "/messages",
            &json!({to: id, "type": "text", "content": "hi"}),
        )
    }

    fn see(&self, message: i64, up_to: bool) {
        let body = json!({"user_id": self.1, "up_to": up_to});
        self.post(&format!("/messages/{message}/seen"), &body);
    }

    fn put(&self, group: i64, user: i64, role: Option<&str>) {
        let mut body = json!({"user_id": user});
        if let Some(role) = role {
            body["role"] = json!(role);
        }
        self.post(&format!("/groups/{group}/members"), &body);
    }
}

/// Whatever moves a counter, through HTTP, in every order that matters.
fn story(server: &Process) {
    let system = Client(server, 0);
    let [ada, bob, cyd, dan] = ["ada", "bob", "cyd", "dan"].map(|name| {
        let id = system.post(
            "/users",
            &json!({"username": name, "email": format!("{name}@example.org")}),
        );
        Client(server, id)
    });

    // A pair: by name, up to a later one, own messages between, one deleted unseen and one seen.
    let direct: Vec<i64> = (0..6)
        .map(|n| match n % 3 {
            2 => bob.send("receiver_id", ada.1),
            _ => ada.send("receiver_id", bob.1),
        })
        .collect();
    bob.see(direct[0], false);
    bob.see(direct[3], true);
    bob.see(direct[3], true);
    bob.see(direct[1], true);
    ada.delete(&format!("/messages/{}", direct[4]));
    ada.delete(&format!("/messages/{}", direct[0]));
    ada.see(direct[5], true);

    // A group: who joins late, leaves, comes back and marks what came before, in each of its ways.
    let team = ada.post("/groups", &json!({"name": "team"}));
    ada.put(team, bob.1, None);
    let early: Vec<i64> = (0..3).map(|_| ada.send("group_id", team)).collect();
    ada.put(team, cyd.1, None);
    let late: Vec<i64> = (0..5).map(|_| bob.send("group_id", team)).collect();
    cyd.see(early[1], false);
    cyd.see(late[2], true);
    cyd.see(late[3], false);
    cyd.see(late[4], true);
    bob.see(early[2], true);
    bob.delete(&format!("/messages/{}", late[0]));
    cyd.delete(&format!("/groups/{team}/members/{}", cyd.1));
    let away = ada.send("group_id", team);
    ada.put(team, cyd.1, Some("admin"));
    cyd.see(away, true);
    let back: Vec<i64> = (0..4).map(|_| ada.send("group_id", team)).collect();
    cyd.delete(&format!("/messages/{}", back[1]));
    cyd.see(back[2], true);
    ada.put(team, bob.1, Some("owner"));
    bob.put(team, dan.1, None);
    bob.delete(&format!("/groups/{team}/members/{}", dan.1));

    // One group that is deleted with all in it, one that ends with its last member, one without any.
    let gone = ada.post("/groups", &json!({"name": "gone"}));
    ada.put(gone, dan.1, None);
    let said = ada.send("group_id", gone);
    dan.see(said, true);
    ada.delete(&format!("/groups/{gone}"));
    let last = dan.post("/groups", &json!({"name": "last"}));
    dan.send("group_id", last);
    dan.delete(&format!("/groups/{last}/members/{}", dan.1));
    system.post("/groups", &json!({"name": "empty"}));
}

/// Runs a subcommand on some data: its exit code, what it printed, and what it complained of.
fn run(command: &[&str], data: &Data) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = output(data.of(server_command().args(command)));
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    (status.code().expect("a code"), out, err)
}

fn log_id(path: &Path) -> String {
    let database = Database::Sqlite(path.to_owned());
    lines(&database, "SELECT log_id AS line FROM event_log").concat()
}

#[test]
fn a_story_is_proven_beside_the_server_and_mended_after_it() {
    let data = Data::new();
    let server = Process::start(&data);
    story(&server);
    let (code, out, err) = run(&["recount"], &data);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let all = "5 conversations, 21 messages, 5 participants, 55 events: all agree\n";
    assert_eq!(out, all);

    // Somebody has been at the database.
    execute(
        &data.database(),
        "UPDATE participants SET cleared = cleared - 1 WHERE conversation_id = 2 AND user_id = 3;
         UPDATE groups SET member_count = 9 WHERE id = 1;",
    );
    let damage = [
        "group 1: member_count is 9, must be 3",
        "conversation 2, user 3: cleared is 11, must be 12",
    ];
    let (code, out, _) = run(&["recount"], &data);
    assert_eq!(code, 1, "{out}");
    let found: Vec<&str> = out.lines().collect();
    assert_eq!(found[..2], damage);
    assert!(found[2].ends_with(": 2 differences"), "{out}");

    let (code, out, err) = run(&["recount", "--repair"], &data);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err.lines().count(), 1, "one sentence: {err}");
    assert!(err.contains("is in use by a"), "{err}");

    assert!(server.terminate().success());
    let (code, out, err) = run(&["recount", "--repair"], &data);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let mended = damage.map(|line| format!("mended: {line}\n")).concat();
    assert_eq!(out, mended + all);
    assert_eq!(run(&["recount"], &data).0, 0);
    assert!(Process::start(&data).terminate().success());
}

#[test]
fn what_can_not_be_mended_is_named_and_code_1() {
    let data = Data::new();
    let server = Process::start(&data);
    story(&server);
    assert!(server.terminate().success());
    execute(&data.database(), "DELETE FROM events WHERE position = 1");
    let (code, out, _) = run(&["recount", "--repair"], &data);
    assert_eq!(code, 1, "{out}");
    assert!(!out.contains("mended"), "{out}");
    let gap = "the log: positions 1 to 1 have no event\n";
    assert!(
        out.starts_with(gap) && out.contains(": 2 differences"),
        "{out}"
    );
}

#[test]
fn what_is_said_to_be_mended_is_what_was_mended() {
    let data = Data::new();
    let server = Process::start(&data);
    story(&server);
    assert!(server.terminate().success());
    // The log knows the last message of the team, whose row is lost: its counter is in doubt.
    execute_unchecked(
        &data.database(),
        "DELETE FROM messages WHERE conversation_id = 2 AND seq = 13;
         UPDATE groups SET member_count = 9 WHERE id = 1;",
    );
    let (code, out, err) = run(&["recount", "--repair"], &data);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let (mended, left): (Vec<&str>, Vec<&str>) =
        out.lines().partition(|line| line.starts_with("mended: "));
    assert_eq!(mended, ["mended: group 1: member_count is 9, must be 3"]);
    let in_doubt = "conversation 2: last_seq is 13, must be 12";
    assert!(left.contains(&in_doubt), "{out}");
    let (code, again, _) = run(&["recount"], &data);
    assert_eq!((code, again.lines().collect()), (1, left));
}

#[test]
fn a_recount_after_kill_9_reads_what_was_acknowledged() {
    let data = Data::new();
    let server = Process::start(&data);
    story(&server);
    server.kill();
    let (code, out, err) = run(&["recount"], &data);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("21 messages"), "{out}");
    assert!(Process::start(&data).terminate().success());
}

#[test]
fn what_can_not_be_counted_is_one_sentence_and_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let data = Data::unmade(&dir.path().join("data"));
    let missing = match data.database() {
        Database::Sqlite(_) => "there is no database",
        Database::Postgres(_) => "the database lacks migration",
    };
    for command in [&["recount"][..], &["recount", "--repair"]] {
        let (code, out, err) = run(command, &data);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err.lines().count(), 1, "one sentence: {err}");
        assert!(err.contains(missing), "{err}");
        assert!(!data.path().exists(), "nothing is made");
    }
    let (code, _, err) = run(&["recount", "--pool-size", "x"], &data);
    assert!(code == 2 && err.contains("--pool-size"), "{code}: {err}");
}

#[test]
fn a_backup_is_whole_while_writes_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let [data, restored] = ["data", "restored"].map(|name| Data::at(&dir.path().join(name)));
    std::fs::create_dir(restored.path()).unwrap();
    let copies = [restored.path().join("chat.db"), dir.path().join("other.db")];
    let server = Process::start(&data);
    story(&server);

    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers = [1, 2].map(|user| {
            let (client, peer, enough) = (Client(&server, user), 3 - user, &enough);
            scope.spawn(move || {
                let mut sent = 0;
                while !enough.load(Ordering::Relaxed) {
                    let message = client.send("receiver_id", peer);
                    Client(client.0, peer).see(message, sent % 2 == 0);
                    sent += 1;
                }
                sent
            })
        });
        for copy in &copies {
            let (code, out, err) = run(&["backup", &copy.display().to_string()], &data);
            assert_eq!((code, err.as_str()), (0, ""), "{out}");
        }
        let (code, out, _) = run(&["recount"], &data);
        assert_eq!(code, 0, "{out}");
        enough.store(true, Ordering::Relaxed);
        for writer in writers {
            assert!(writer.join().unwrap() > 0);
        }
    });

    let ids = [&data.path().join("chat.db"), &copies[0], &copies[1]].map(|path| log_id(path));
    assert!(
        ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2],
        "{ids:?}"
    );
    let (code, out, _) = run(&["recount"], &restored);
    assert_eq!(code, 0, "{out}");
    let again = Process::start(&restored);
    Client(&again, 1).send("receiver_id", 2);
    assert!(again.terminate().success());
    assert_eq!(run(&["recount"], &restored).0, 0);

    let taken = copies[1].display().to_string();
    let (code, out, err) = run(&["backup", &taken], &data);
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(err.lines().count(), 1, "one sentence: {err}");
    assert!(err.contains("other.db exists"), "{err}");
}

/// As the README says it: everything of the old database is moved away first.
#[test]
fn a_backup_is_restored_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let data = Data::at(&dir.path().join("data"));
    let (folder, copy) = (data.path(), dir.path().join("copy.db"));
    let server = Process::start(&data);
    story(&server);
    let (code, _, err) = run(&["backup", &copy.display().to_string()], &data);
    assert_eq!(code, 0, "{err}");
    let late = Client(&server, 1).send("receiver_id", 2);
    server.kill();

    let old = dir.path().join("old");
    std::fs::create_dir(&old).unwrap();
    for name in ["chat.db", "chat.db-wal", "chat.db-shm"] {
        if folder.join(name).exists() {
            std::fs::rename(folder.join(name), old.join(name)).unwrap();
        }
    }
    std::fs::copy(&copy, folder.join("chat.db")).unwrap();
    let server = Process::start(&data);
    let missing = Request::new("GET", &format!("/messages/{late}")).send(server.address());
    missing.problem(404, "message_not_found");
    // Its place is free again, in another log.
    assert_eq!(Client(&server, 1).send("receiver_id", 2), late);
    assert!(server.terminate().success());
    assert_eq!(run(&["recount"], &data).0, 0);
    assert_eq!(log_id(&folder.join("chat.db")), log_id(&copy));
    assert_ne!(
        log_id(&folder.join("chat.db")),
        log_id(&old.join("chat.db"))
    );
}
