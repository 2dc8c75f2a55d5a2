//! What tests count on in a server of their own.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chat_testing::{Options, Postgres, Template};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};

static NOTES: Template = Template::new("notes", create_notes);

fn create_notes(url: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    connection
        .batch_execute("CREATE TABLE notes (body text NOT NULL)")
        .unwrap();
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn add_note(connection: &mut PgConnection) {
    connection
        .batch_execute("INSERT INTO notes VALUES ('Ada was here')")
        .unwrap();
}

fn notes(connection: &mut PgConnection) -> i64 {
    let query = sql_query("SELECT count(*) FROM notes");
    query.get_result::<Count>(connection).unwrap().count
}

#[test]
fn a_server_answers() {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Text)]
        version: String,
    }

    let Some(server) = Postgres::shared() else {
        return;
    };
    let answer: Version = sql_query("SELECT version()")
        .get_result(&mut server.connect("postgres"))
        .unwrap();
    assert!(
        answer.version.starts_with("PostgreSQL "),
        "{}",
        answer.version
    );
}

#[test]
fn databases_of_one_template_are_separate() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let (one, other) = (server.database(&NOTES), server.database(&NOTES));
    add_note(&mut one.connect());
    assert_eq!(notes(&mut one.connect()), 1);
    assert_eq!(notes(&mut other.connect()), 0);
}

#[test]
fn tests_ask_for_their_databases_at_the_same_time() {
    static SLOW: Template = Template::new("slow", |url| {
        // Some come while it is made, and its connection is not closed at once.
        let connection = PgConnection::establish(url).unwrap();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            drop(connection);
        });
    });

    let Some(server) = Postgres::shared() else {
        return;
    };
    let names: HashSet<String> = thread::scope(|scope| {
        let tests: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    let database = server.database(&SLOW);
                    drop(database.connect());
                    database.name().to_owned()
                })
            })
            .collect();
        tests.into_iter().map(|test| test.join().unwrap()).collect()
    });
    assert_eq!(names.len(), 16);
    // Each was dropped.
    assert!(PgConnection::establish(&server.url(names.iter().next().unwrap())).is_err());
}

#[test]
fn a_template_that_failed_is_made_again() {
    static FAILS_ONCE: Template = Template::new("fails_once", |url| {
        static FAILED: AtomicBool = AtomicBool::new(false);
        create_notes(url);
        assert!(FAILED.swap(true, Ordering::Relaxed), "not this time");
    });

    let Some(server) = Postgres::shared() else {
        return;
    };
    let failed = thread::spawn(|| server.database(&FAILS_ONCE)).join();
    assert!(failed.is_err());
    let database = server.database(&FAILS_ONCE);
    assert_eq!(notes(&mut database.connect()), 0);
}

#[test]
fn a_server_starts_with_settings_and_files() {
    let options = Options::new()
        .setting("work_mem", "5MB")
        .file("before", "for nobody else");
    let Some(server) = Postgres::start(&options) else {
        return;
    };
    server.execute(
        "DO $$ BEGIN ASSERT current_setting('work_mem') = '5MB'; \
         ASSERT current_setting('fsync') = 'off'; END $$",
    );
    server.put("later", b"for nobody else");
    for name in ["before", "later"] {
        let metadata = std::fs::metadata(server.dir().join("data").join(name)).unwrap();
        let data = std::fs::metadata(server.dir().join("data")).unwrap();
        assert_eq!(metadata.uid(), data.uid(), "{name}");
        assert_eq!(metadata.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_killed_server_starts_again_with_what_was_committed() {
    let Some(mut server) = Postgres::start(&Options::new()) else {
        return;
    };
    let database = server.database(&NOTES);
    let mut connection = database.connect();
    add_note(&mut connection);

    server.kill();
    assert!(sql_query("SELECT 1").execute(&mut connection).is_err());
    server.start_again();
    assert!(
        server.log().contains("was not properly shut down"),
        "{}",
        server.log()
    );
    assert_eq!(notes(&mut database.connect()), 1);

    server.restart_immediately();
    add_note(&mut database.connect());
    server.stop();
    assert!(PgConnection::establish(database.url()).is_err());
    server.start_again();
    assert_eq!(notes(&mut database.connect()), 2);
}

#[test]
fn a_start_waits_until_its_port_is_free_again() {
    let Some(mut server) = Postgres::start(&Options::new()) else {
        return;
    };
    server.stop();
    let other = TcpListener::bind(("127.0.0.1", server.port())).unwrap();
    let taken = thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        drop(other);
    });
    server.start_again();
    taken.join().unwrap();
    server.execute("SELECT 1");
}

#[test]
fn of_a_dropped_server_nothing_is_left() {
    for killed in [false, true] {
        let Some(mut server) = Postgres::start(&Options::new()) else {
            return;
        };
        let dir = server.dir().to_owned();
        let memory = shared_memory(&dir);
        if killed {
            server.kill();
        }
        drop(server);
        assert!(!dir.exists(), "{dir:?}");
        let left = std::fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
        let mut ids = left
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1));
        assert!(!ids.any(|id| id == memory), "{memory} in\n{left}");
    }
}

/// The id of the shared memory that keeps two servers off one directory.
fn shared_memory(dir: &Path) -> String {
    let file = std::fs::read_to_string(dir.join("data/postmaster.pid")).unwrap();
    let line = file.lines().nth(6).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn a_server_ends_when_its_process_is_killed() {
    const HOLDS: &str = "CHAT_TESTING_HOLDS_A_SERVER";

    let Some(server) = Postgres::shared() else {
        return;
    };
    if std::env::var_os(HOLDS).is_some() {
        // This is the process to be killed. It ends by itself should the other one be gone.
        println!("\nholds {} {}", server.port(), server.dir().display());
        std::io::stdin().lines().for_each(drop);
        return;
    }

    let mut process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_server_ends_when_its_process_is_killed",
            "--nocapture",
        ])
        .env(HOLDS, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let held = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("holds ").map(str::to_owned))
        .expect("it holds a server");
    let (port, dir) = held.split_once(' ').unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    // Somebody who is connected, and in the midst of something, keeps no server.
    let mut connection = PgConnection::establish(&url).unwrap();
    connection.batch_execute("BEGIN").unwrap();

    process.kill().unwrap();
    process.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while Path::new(dir).exists() {
        assert!(Instant::now() < deadline, "{dir} is still there");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(PgConnection::establish(&url).is_err());
}
