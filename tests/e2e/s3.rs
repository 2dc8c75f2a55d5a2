//! The same server with its files in S3: what goes in comes out, and what S3 can't do now is 503.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{
    Answer, Data, Part, Process, Request, SERVER, output, server_command, server_command_at,
};

#[path = "../../crates/chat-files/tests/contract/s3_server.rs"]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod s3_server;

use s3_server::{BUCKET, S3Server};

/// Says to a command where database and files lie.
fn place<'c>(command: &'c mut Command, data: &Data, bucket: &str) -> &'c mut Command {
    let url = format!("s3://{bucket}/chat");
    data.of(command.args(["--files-url", &url]))
}

fn start(s3: &S3Server, data: &Data, more: &[&str]) -> Process {
    let mut command = server_command_at(Path::new(SERVER));
    command.args(["--listen", "127.0.0.1:0"]).args(more);
    place(&mut command, data, BUCKET).envs(s3.environment());
    Process::spawn(&mut command)
}

fn post_file(process: &Process, bytes: &[u8]) -> Answer {
    Request::new("POST", "/files")
        .form(&[Part::File("a.bin", bytes)])
        .send(process.address())
}

fn get(process: &Process, path: &str) -> Answer {
    Request::new("GET", path).send(process.address())
}

#[test]
fn files_in_s3_come_back_and_outlive_the_process() {
    let s3 = S3Server::start();
    let data = Data::new();
    let process = start(&s3, &data, &[]);
    let small = b"hello".to_vec();
    // More than one part of S3.
    let large: Vec<u8> = (0..9_000_000_u32).map(|n| (n / 13) as u8).collect();
    post_file(&process, &small).expect(201);
    post_file(&process, &large).expect(201);
    post_file(&process, &large).expect(201);
    drop(process);
    let process = start(&s3, &data, &[]);
    assert_eq!(get(&process, "/files/1/content").body, small);
    let part = Request::new("GET", "/files/3/content").header("Range", "bytes=8388600-8388619");
    let part = part.send(process.address());
    assert_eq!(
        (part.status, &part.body[..]),
        (206, &large[8_388_600..8_388_620])
    );
    let mut check = server_command();
    place(check.args(["files", "check"]), &data, BUCKET);
    let checked = output(check.envs(s3.environment()));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}");
    assert_eq!(
        said.trim(),
        "2 blobs, 9000005 bytes, 0 known to be lost: all agree"
    );
    assert_eq!((s3.open_uploads(), s3.open_parts()), (0, 0));
}

#[test]
fn without_s3_files_are_503_and_messages_go_on() {
    let mut s3 = S3Server::start();
    let data = Data::new();
    let process = start(&s3, &data, &[]);
    for name in ["ada", "bob"] {
        let user = json!({"username": name, "email": format!("{name}@example.org")});
        Request::new("POST", "/users")
            .json(&user)
            .send(process.address())
            .expect(201);
    }
    post_file(&process, b"hello").expect(201);
    s3.stop();
    let refused = post_file(&process, b"other");
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    get(&process, "/files/1/content").problem(503, "unavailable");
    let with_a_message = Request::new("POST", "/messages").form(&[
        Part::Text("sender_id", "1"),
        Part::Text("receiver_id", "2"),
        Part::Text("type", "file"),
        Part::File("a.bin", b"other"),
    ]);
    with_a_message
        .send(process.address())
        .problem(503, "unavailable");
    let text = json!({"sender_id": 1, "receiver_id": 2, "type": "text", "content": "hi"});
    let sent = Request::new("POST", "/messages")
        .json(&text)
        .send(process.address());
    assert_eq!(sent.expect(201)["seq"], 1, "nothing was half-done");
    get(&process, "/files/2").problem(404, "file_not_found");
    s3.start_again();
    assert_eq!(get(&process, "/files/1/content").body, b"hello");
    let stored = post_file(&process, b"other").expect(201);
    assert_eq!(
        get(&process, stored["url"].as_str().expect("a url")).body,
        b"other"
    );
}

#[test]
fn an_upload_whose_stage_was_cleared_half_way_becomes_a_file() {
    let s3 = S3Server::start();
    let data = Data::new();
    let process = start(&s3, &data, &[]);
    let whole: Vec<u8> = (0..9_000_000_u32).map(|n| (n / 13) as u8).collect();
    let create = Request::new("POST", "/uploads").tus();
    let create = create.header("Upload-Length", &whole.len().to_string());
    create.send(process.address()).expect(201);
    // Nothing can be copied to where a directory is.
    let hash: String = Sha256::digest(&whole)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let bucket = s3.bucket().join("chat");
    let blob = bucket.join(format!("blobs/{}/{hash}-1", &hash[..2]));
    fs::create_dir_all(&blob).expect("made");
    let part = Request::new("PATCH", "/uploads/1").part(0, whole.as_slice());
    part.send(process.address()).problem(503, "unavailable");
    // As if it had been copied, and of its stage no more had been removed than the object.
    let staging = bucket.join("staging");
    let staged = names(&names(&staging)[0]);
    let object = staged.iter().find(|path| has(path, "/object-"));
    fs::remove_dir(&blob).expect("removed");
    fs::rename(object.expect("an object"), &blob).expect("moved");
    assert!(staged.iter().any(|path| has(path, "/tail-")));

    let head = Request::new("HEAD", "/uploads/1")
        .tus()
        .send(process.address());
    assert_eq!(head.status, 200);
    assert_eq!(head.header("upload-file-id"), Some("1"));
    assert!(get(&process, "/files/1/content").body == whole);
    let left = names(&staging).into_iter().flat_map(|stage| names(&stage));
    assert_eq!(left.count(), 0);
}

/// What is in a folder.
fn names(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.collect()
}

fn has(path: &Path, part: &str) -> bool {
    path.to_string_lossy().contains(part)
}

#[test]
fn clients_are_led_to_s3_when_it_is_told_to() {
    let s3 = S3Server::start();
    let data = Data::new();
    let process = start(&s3, &data, &["--files-links"]);
    post_file(&process, b"hello").expect(201);
    let led = get(&process, "/files/1/content");
    assert_eq!(led.status, 307);
    assert_eq!(led.header("cache-control"), Some("no-store"));
    let url = led.header("location").expect("a location");
    let rest = url.strip_prefix(&s3.endpoint()).expect("a URL of S3");
    assert!(
        rest.contains("response-content-disposition=attachment"),
        "{rest}"
    );
    let address = s3
        .endpoint()
        .replace("http://", "")
        .parse()
        .expect("an address");
    let fetched = Request::new("GET", rest).send_elsewhere(address);
    assert_eq!((fetched.status, &fetched.body[..]), (200, &b"hello"[..]));
    // What a browser might run is no thumbnail, and HEAD is answered here.
    let head = Request::new("HEAD", "/files/1/content").send(process.address());
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("5"))
    );
}

#[test]
fn a_bucket_that_is_not_there_is_not_taken_for_an_empty_one() {
    let s3 = S3Server::start();
    let data = Data::new();
    let process = start(&s3, &data, &[]);
    post_file(&process, b"hello").expect(201);
    drop(process);
    let mut check = server_command();
    let bucket = "another-bucket";
    place(check.args(["files", "check", "--repair"]), &data, bucket);
    let checked = output(check.envs(s3.environment()));
    assert_eq!(checked.status.code(), Some(2));
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(
        said.contains("can't reach s3://another-bucket/chat"),
        "{said}"
    );
    let process = start(&s3, &data, &[]);
    assert_eq!(get(&process, "/files/1/content").body, b"hello");
}

/// Something that takes connections and answers none.
fn silent() -> (TcpListener, Command) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut command = server_command();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("AWS_ACCESS_KEY_ID", "id")
        .env("AWS_SECRET_ACCESS_KEY", "key")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ALLOW_HTTP", "true")
        .env(
            "AWS_ENDPOINT",
            format!("http://{}", silent.local_addr().expect("its address")),
        );
    (silent, command)
}

#[test]
fn an_s3_that_does_not_answer_holds_up_a_start_for_a_while() {
    let (_silent, mut command) = silent();
    let data = Data::new();
    place(&mut command, &data, BUCKET).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let said = BufReader::new(child.stderr.take().expect("its log")).lines();
    let said: Vec<String> = said
        .map(|line| line.expect("its log"))
        .take_while(|line| !line.contains("serves http://"))
        .collect();
    child.kill().expect("it serves");
    child.wait().expect("it ends");
    // Who asks S3 without a limit of its own hears of it from the connection, much later.
    let given_up = "files are not available now: no answer in time";
    assert!(said.iter().any(|line| line.contains(given_up)), "{said:?}");
}

#[test]
fn a_signal_during_the_start_ends_it() {
    let (silent, mut command) = silent();
    let data = Data::new();
    place(&mut command, &data, BUCKET).stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    // It looks for its files, and so listens for signals already.
    silent.accept().expect("it looks");
    let killed = Command::new("kill").arg(child.id().to_string()).status();
    assert!(killed.expect("kill runs").success());
    assert!(child.wait().expect("its status").success());
}
