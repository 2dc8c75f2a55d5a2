//! The process: what it stores survives its death, and what keeps it from starting is one sentence.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::support::{
    Data, Process, Request, SERVER, execute, output, server_command, server_command_at,
};

fn post(process: &Process, path: &str, body: &serde_json::Value) -> serde_json::Value {
    Request::new("POST", path)
        .json(body)
        .send(process.address())
        .expect(201)
}

/// Runs the server where it can't start, and gives what it said.
fn refused(args: &[&str], data: &Data) -> String {
    let mut command = server_command();
    command.args(["--listen", "127.0.0.1:0"]).args(args);
    sentence(data.of(&mut command))
}

fn sentence(command: &mut Command) -> String {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
    said
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let data = Data::new();
    let process = Process::start(&data);
    for name in ["ada", "bob"] {
        let user = json!({"username": name, "email": format!("{name}@example.org")});
        post(&process, "/users", &user);
    }
    let text = json!({"sender_id": 1, "receiver_id": 2, "type": "text", "content": "hi"});
    let sent: Vec<_> = (0..20)
        .map(|_| post(&process, "/messages", &text))
        .collect();
    process.kill();

    let process = Process::start(&data);
    let get = |path: &str| {
        Request::new("GET", path)
            .send(process.address())
            .expect(200)
    };
    assert_eq!(get("/messages?sender_id=1&receiver_id=2"), json!(sent));
    assert_eq!(get("/messages/unseen/2")["total"], 20);
    let next = post(&process, "/messages", &text);
    assert_eq!(next["seq"], 21);
    assert!(process.terminate().success());
}

#[test]
fn a_signal_ends_it_with_code_0() {
    let data = Data::new();
    let process = Process::start(&data);
    post(
        &process,
        "/users",
        &json!({"username": "ada", "email": "ada@example.org"}),
    );
    assert!(process.terminate().success());
    let process = Process::start(&data);
    Request::new("GET", "/users/1")
        .send(process.address())
        .expect(200);
}

#[test]
fn a_second_signal_waits_for_no_request() {
    let data = Data::new();
    let process = Process::start(&data);
    let mut half = std::net::TcpStream::connect(process.address()).unwrap();
    let head = "POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\n\r\n{";
    half.write_all(head.as_bytes()).unwrap();
    // Answered only after the half request was read by a worker, which then waits for its rest.
    Request::new("GET", "/health")
        .send(process.address())
        .expect(200);
    let first = std::time::Instant::now();
    process.signal();
    process.logged("stopping");
    process.signal();
    assert!(process.wait().success());
    // One signal alone would have waited ten seconds for the rest.
    assert!(first.elapsed().as_secs() < 10, "{:?}", first.elapsed());
}

#[test]
fn a_taken_port_is_one_sentence() {
    let data = Data::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = server_command();
    command.args(["--listen", &address]);
    let said = sentence(data.of(&mut command));
    assert!(
        said.contains(&address) && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn a_second_process_on_the_same_file_is_one_sentence() {
    let data = Data::new();
    let _first = Process::start(&data);
    let said = refused(&[], &data);
    assert!(
        said.contains("chat.db") && said.contains("another process"),
        "{said}"
    );
}

#[test]
fn a_folder_that_can_not_be_made_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    let said = refused(&[], &Data::at(&dir.path().join("file/data")));
    assert!(said.contains("--data-dir"), "{said}");
}

#[test]
fn a_database_that_is_none_is_one_sentence() {
    let data = Data::new();
    std::fs::write(
        data.path().join("chat.db"),
        "this is no database, ".repeat(100),
    )
    .unwrap();
    let said = refused(&[], &data);
    assert!(said.contains("chat.db"), "{said}");
}

#[test]
fn a_database_from_a_newer_version_is_one_sentence() {
    let data = Data::new();
    assert!(Process::start(&data).terminate().success());
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')";
    execute(&data.database(), newer);
    let said = refused(&[], &data);
    assert!(
        said.contains("newer") && said.contains("29990101000000"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_database_that_can_not_be_written_is_one_sentence() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let dir = Data::new();
    assert!(Process::start(&dir).terminate().success());
    let database = dir.path().join("chat.db");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o444)).unwrap();
    // A copy, because the other user may not reach where the binary was built.
    let binary = dir.path().join("server");
    // By another process: one that other tests start here would hold it open for writing for a moment.
    let copied = Command::new("cp").arg(SERVER).arg(&binary).status();
    assert!(copied.unwrap().success());
    let mut command = server_command_at(&binary);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(dir.path());
    // Nothing is read-only to root: where the test runs as root, the server does not. The folder
    // and the lock are the server's, the database is not.
    let lock = dir.path().join("chat.db.lock");
    if [dir.path(), &lock]
        .iter()
        .all(|path| chown(path, Some(NOBODY), Some(NOBODY)).is_ok())
    {
        command.uid(NOBODY).gid(NOBODY);
    }
    let said = sentence(&mut command);
    assert!(said.contains("chat.db can't be written"), "{said}");
}

#[test]
fn a_missing_folder_is_one_sentence() {
    let data = Data::new();
    let url = format!("sqlite://{}/missing/chat.db", data.path().display());
    let said = refused(&["--database-url", &url], &data);
    assert!(said.contains("does not exist"), "{said}");
}

/// By the URL or by a variable of libpq; no server need be there.
#[cfg(not(feature = "postgres-tls"))]
#[test]
fn tls_that_this_build_does_not_have_is_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let said = |mode: &str, variable: &str| {
        let mut command = server_command();
        command
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir.path())
            .args([
                "--database-url",
                &format!("postgres://ada@127.0.0.1:1/chat{mode}"),
            ])
            .env("PGSSLMODE", variable);
        sentence(&mut command)
    };
    for said in [said("?sslmode=require", "disable"), said("", "verify-full")] {
        assert!(said.contains("feature postgres-tls"), "{said}");
    }
    // The URL goes first.
    let said = said("?sslmode=disable", "require");
    assert!(said.contains("can't be reached"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_setting_that_is_no_text_is_one_sentence() {
    use std::os::unix::ffi::OsStrExt;

    let value = std::ffi::OsStr::from_bytes(b"\xff");
    let said = sentence(server_command().env("CHAT_POOL_SIZE", value));
    assert!(
        said.contains("--pool-size") && said.contains("UTF-8"),
        "{said}"
    );
}

#[test]
fn settings_come_from_flag_variable_and_file_in_this_order() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("chat.toml");
    std::fs::write(&file, "pool_size = 0\n").unwrap();
    let said = |variable: Option<&str>, args: &[&str]| {
        let mut command = server_command();
        command
            .args(["--listen", "127.0.0.1:0", "--config"])
            .arg(&file)
            .arg("--data-dir");
        command.arg(dir.path()).args(args);
        if let Some(value) = variable {
            command.env("CHAT_POOL_SIZE", value);
        }
        sentence(&mut command)
    };
    assert!(said(None, &[]).contains("--pool-size is \"0\""));
    assert!(said(Some("2000"), &[]).contains("--pool-size is \"2000\""));
    assert!(said(Some("2000"), &["migrate", "--pool-size", "x"]).contains("--pool-size is \"x\""));
}

#[test]
fn open_mode_leaves_loopback_when_told_so_in_any_way() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("chat.toml");
    std::fs::write(&file, "insecure_open = true\n").unwrap();
    let data = Data::at(&dir.path().join("data"));
    let anywhere = || {
        let mut command = server_command();
        data.of(command.args(["--listen", "0.0.0.0:0"]));
        command
    };
    assert!(sentence(&mut anywhere()).contains("--insecure-open"));
    for command in [
        anywhere().arg("--insecure-open"),
        anywhere().arg("--insecure-open=on"),
        anywhere().env("CHAT_INSECURE_OPEN", "true"),
        anywhere().env("CHAT_CONFIG", &file),
    ] {
        assert!(Process::spawn(command).terminate().success());
    }
}

#[test]
fn the_cause_of_a_failure_is_in_the_log_under_the_request_id() {
    let data = Data::new();
    let process = Process::start(&data);
    let file = json!({"url": "https://example.org", "size": 1});
    post(&process, "/files", &file);
    // Somebody has been at the database.
    execute(&data.database(), "UPDATE files SET size = -1");
    let answer = Request::new("GET", "/files/1").send(process.address());
    let problem = answer.problem(500, "internal");
    let id = problem["request_id"].as_str().unwrap();
    let line = process.logged(id);
    assert!(line.contains("files.size of row 1"), "{line}");
    assert!(!answer.text().contains("files.size"), "{}", answer.text());
}

#[test]
fn unknown_settings_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("chat.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:80\"\n").unwrap();
    let data = Data::at(&dir.path().join("data"));
    let said = refused(&["--config", &file.display().to_string()], &data);
    assert!(said.contains("lisen"), "{said}");
    std::fs::write(&file, "listen = \n").unwrap();
    let said = refused(&["--config", &file.display().to_string()], &data);
    assert!(said.contains("no TOML"), "{said}");
    let flag = output(server_command().arg("--lisen"));
    assert_eq!(flag.status.code(), Some(2));
    let mut migrate = server_command();
    let migrate = output(data.of(migrate.arg("migrate")).env("CHAT_LISEN", "x"));
    assert!(migrate.status.success());
    let said = String::from_utf8_lossy(&migrate.stderr).into_owned();
    assert_eq!(said.matches("CHAT_LISEN").count(), 1, "{said}");
}

#[test]
fn migrate_brings_up_to_date_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = Data::unmade(&dir.path().join("data"));
    let migrate = || {
        let output = output(data.of(server_command().arg("migrate")));
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(migrate().contains("applied"));
    assert_eq!(migrate(), "the database is up to date\n");
}

/// `chat-server health` for a server that listens there.
fn health(listen: &str) -> Command {
    let mut command = server_command();
    command.args(["health", "--insecure-open", "--listen", listen]);
    command
}

#[test]
fn health_finds_the_server_where_it_listens() {
    for args in [
        &["--listen", "127.0.0.1:0"][..],
        &["--listen", "0.0.0.0:0", "--insecure-open"],
    ] {
        let data = Data::new();
        let process = Process::spawn(data.of(server_command().args(args)));
        let address = process.address().to_string();
        let ready = output(&mut health(&address));
        let said = String::from_utf8_lossy(&ready.stdout).into_owned();
        let expected = format!("127.0.0.1:{} is ready", process.address().port());
        assert!(ready.status.success() && said.contains(&expected), "{said}");
    }
}

#[test]
fn a_server_that_is_not_ready_is_one_sentence() {
    // A port that nobody listens on, and that nobody else gets.
    let nobody = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    nobody.bind(&any.into()).unwrap();
    let address = nobody.local_addr().unwrap().as_socket().unwrap();
    let said = sentence(&mut health(&address.to_string()));
    assert!(said.contains("can't connect"), "{said}");

    let refuses = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    for (answer, expected) in [(refuses, "503"), ("", "does not answer")] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.push(byte[0].into());
            }
            client.write_all(answer.as_bytes()).unwrap();
            head
        });
        let said = sentence(&mut health(&address));
        assert!(said.contains(expected), "{said}");
        let head = server.join().unwrap();
        assert!(head.starts_with("GET /health/ready HTTP/1.1\r\n"), "{head}");
    }
}

#[test]
fn help_names_every_setting() {
    let output = output(server_command().arg("help"));
    assert!(output.status.success());
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for setting in [
        "--listen",
        "CHAT_DATA_DIR",
        "--database-url",
        "--pool-size",
        "migrate",
        "health",
        "recount",
        "backup",
    ] {
        assert!(help.contains(setting), "{setting} is missing in {help}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut command = server_command();
    let mut child = command
        .arg("openapi")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody reads: what it writes finds a closed pipe.
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_can_not_be_written_is_one_sentence() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = server_command();
    let output = command.arg("openapi").stdout(full.unwrap()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert!(said.contains("can't write"), "{said}");
}
